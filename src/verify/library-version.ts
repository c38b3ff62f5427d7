// Which version a library says that it is, read without running anything of it. libwasmvm has had `version_str` since v1.0.0:
// a function that returns the address of a C string in read-only data, and does nothing else. Exactly that code is understood;
// whatever else stands there is no answer.
import { EM } from '../elf/constants.js';
import type { ElfFile } from '../elf/elf-file.js';
import { readTable, symbolEntry } from '../elf/layout.js';
import { bytesMappedFrom, offsetOfAddress } from '../elf/segments.js';
import { findSymbolTable } from '../elf/symbols.js';

const symbolName = 'version_str';
/** In bytes; Cargo's versions are short. */
const longestVersion = 64;

/**
 * @param elf with a source that is open
 * @returns `1.2.4`; undefined where it does not say
 * @throws ELF_INVALID where its symbol table is damaged
 */
export function versionSaidBy(elf: ElfFile): string | undefined {
  const address = addressOf(elf);
  const text = address && returnedAddress(elf, address);
  if (text === undefined) return undefined;
  const length = Math.min(longestVersion, bytesMappedFrom(elf.segments, text));
  const offset = offsetOfAddress(elf.segments, text, length);
  if (length === 0 || offset === undefined) return undefined;
  const bytes = Buffer.from(elf.source.read(offset, length, symbolName));
  const end = bytes.indexOf(0);
  const version = end === -1 ? '' : bytes.toString('latin1', 0, end);
  return /^\d{1,5}\.\d{1,5}\.\d{1,5}(?:[-+][0-9A-Za-z.+-]*)?$/.test(version) ? version : undefined;
}

function addressOf(elf: ElfFile): number | undefined {
  const table = elf.dynamic && findSymbolTable(elf, elf.dynamic);
  if (elf.dynamic === undefined || table === undefined) return undefined;
  for (const { st_name, st_value, st_shndx } of readTable(elf.source, elf, symbolEntry, table)) {
    if (st_shndx !== 0 && elf.dynamic.stringTable.at(st_name, 'st_name') === symbolName) return st_value;
  }
  return undefined;
}

function returnedAddress(elf: ElfFile, address: number): number | undefined {
  const offset = offsetOfAddress(elf.segments, address, 12);
  if (offset === undefined || elf.byteOrder !== 'little') return undefined;
  const code = Buffer.from(elf.source.read(offset, 12, symbolName));
  if (elf.machine === EM.X86_64) return x86Address(code, address);
  return elf.machine === EM.AARCH64 ? armAddress(code, address) : undefined;
}

/** lea rax, [rip + disp32]; ret (Intel SDM, LEA and RET) */
function x86Address(code: Buffer, address: number): number | undefined {
  const isThat = code[0] === 0x48 && code[1] === 0x8d && code[2] === 0x05 && code[7] === 0xc3;
  return isThat ? address + 7 + code.readInt32LE(3) : undefined;
}

/** adrp x0, page; add x0, x0, #offset; ret (Arm Architecture Reference Manual, ADRP and ADD immediate) */
function armAddress(code: Buffer, address: number): number | undefined {
  const [adrp, add, ret] = [code.readUInt32LE(0), code.readUInt32LE(4), code.readUInt32LE(8)];
  if ((adrp & 0x9f00001f) >>> 0 !== 0x90000000 || (add & 0xffc003ff) >>> 0 !== 0x91000000 || ret !== 0xd65f03c0) {
    return undefined;
  }
  const low = (adrp >>> 29) & 0x3;
  const high = (adrp >>> 5) & 0x7ffff;
  const pages = (((high << 2) | low) << 11) >> 11; // 21 bits, signed
  return Math.floor(address / 4096) * 4096 + pages * 4096 + ((add >>> 10) & 0xfff);
}
