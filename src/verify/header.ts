// L0: is the file a program for this kind of machine?
import { arch } from 'node:os';

import { EM, ET, machineName } from '../elf/constants.js';
import type { ElfFile } from '../elf/elf-file.js';
import type { Finding } from './finding.js';

/** Node's names of this host's machine, as ELF numbers them: class, byte order, e_machine. */
const hosts: Readonly<
  Record<string, { readonly class: 32 | 64; readonly byteOrder: 'little' | 'big'; readonly machine: number }>
> = {
  x64: { class: 64, byteOrder: 'little', machine: EM.X86_64 },
  arm64: { class: 64, byteOrder: 'little', machine: EM.AARCH64 },
  riscv64: { class: 64, byteOrder: 'little', machine: EM.RISCV },
  loong64: { class: 64, byteOrder: 'little', machine: EM.LOONGARCH },
  s390x: { class: 64, byteOrder: 'big', machine: EM.S390 },
  ppc64: { class: 64, byteOrder: 'little', machine: EM.PPC64 },
};

/** Type, class, byte order and machine of a program, against this host's. That it is not cut off `readElf` has seen. */
export function judgeHeader(elf: ElfFile): Finding[] {
  const host = hosts[arch()];
  const hint = 'Stage it on a host of the same kind as the one that runs it.';
  if (elf.type !== ET.EXEC && elf.type !== ET.DYN) {
    return [{ level: 'L0', status: 'fail', text: `it is no program: ELF type ${elf.type}`, hint }];
  }
  if (host === undefined)
    return [{ level: 'L0', status: 'unknown', text: `nothing is known of hosts of kind ${arch()}` }];
  const fits = elf.class === host.class && elf.byteOrder === host.byteOrder && elf.machine === host.machine;
  const text = `a ${elf.class}-bit ${elf.byteOrder}-endian program for ${machineName(elf.machine)}`;
  return fits
    ? [{ level: 'L0', status: 'pass', text }]
    : [
        {
          level: 'L0',
          status: 'fail',
          text: `it is ${text}, and this host is ${host.class}-bit ${machineName(host.machine)}`,
          hint,
        },
      ];
}
