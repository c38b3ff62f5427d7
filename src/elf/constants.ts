// Numbers of the format, under their names in the gABI and elf.h: DT.NEEDED is DT_NEEDED.

/** e_type */
export const ET = { REL: 1, EXEC: 2, DYN: 3, CORE: 4 } as const;

/** p_type */
export const PT = { NULL: 0, LOAD: 1, DYNAMIC: 2, INTERP: 3, NOTE: 4 } as const;

/** p_flags */
export const PF = { X: 1, W: 2, R: 4 } as const;

/** sh_type */
export const SHT = { NULL: 0, PROGBITS: 1, SYMTAB: 2, STRTAB: 3, NOTE: 7, NOBITS: 8, DYNSYM: 11 } as const;

/** sh_flags */
export const SHF = { EXECINSTR: 4, COMPRESSED: 0x800 } as const;

/** d_tag */
export const DT = {
  NULL: 0,
  NEEDED: 1,
  PLTRELSZ: 2,
  HASH: 4,
  STRTAB: 5,
  SYMTAB: 6,
  RELA: 7,
  RELASZ: 8,
  STRSZ: 10,
  SONAME: 14,
  RPATH: 15,
  REL: 17,
  RELSZ: 18,
  PLTREL: 20,
  JMPREL: 23,
  RUNPATH: 29,
  FLAGS: 30,
  GNU_HASH: 0x6fff_fef5,
  CONFIG: 0x6fff_fefa,
  DEPAUDIT: 0x6fff_fefb,
  AUDIT: 0x6fff_fefc,
  VERSYM: 0x6fff_fff0,
  FLAGS_1: 0x6fff_fffb,
  VERDEF: 0x6fff_fffc,
  VERDEFNUM: 0x6fff_fffd,
  VERNEED: 0x6fff_fffe,
  VERNEEDNUM: 0x6fff_ffff,
  MIPS_SYMTABNO: 0x7000_0011,
  AUXILIARY: 0x7fff_fffd,
  FILTER: 0x7fff_ffff,
} as const;

/** e_machine */
export const EM = {
  386: 3,
  MIPS: 8,
  PPC64: 21,
  S390: 22,
  ARM: 40,
  X86_64: 62,
  AARCH64: 183,
  RISCV: 243,
  LOONGARCH: 258,
} as const;

const machineNames: Readonly<Record<number, string>> = {
  [EM[386]]: 'i386',
  [EM.MIPS]: 'mips',
  [EM.PPC64]: 'ppc64',
  [EM.S390]: 's390',
  [EM.ARM]: 'arm',
  [EM.X86_64]: 'x86_64',
  [EM.AARCH64]: 'aarch64',
  [EM.RISCV]: 'riscv',
  [EM.LOONGARCH]: 'loongarch',
};

/** A machine as `uname -m` names it, as far as the number alone says (not the width, not the byte order). */
export function machineName(machine: number): string {
  return machineNames[machine] ?? `machine ${machine}`;
}
