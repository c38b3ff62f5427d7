// How many dynamic symbols there are. The loader never counts them, so no field says it, and each hint has a blind spot:
// DT_HASH may be missing, DT_GNU_HASH leaves out undefined symbols where nothing is exported, section headers may be
// stripped, relocations need not name every symbol. The greatest of them is right, and is checked against the file.
import { DT, SHT } from './constants.js';
import { dynamicValue, type Dynamic } from './dynamic.js';
import { ElfError } from './elf-error.js';
import type { ElfFile } from './elf-file.js';
import { numbers, readTable, relocation, relocationWithAddend, sizeOf, symbolEntry } from './layout.js';
import { bytesMappedFrom, offsetOfAddress } from './segments.js';

/** Bytes of a hash chain that are read at once. */
const chunk = 4096;

/**
 * @param address of DT_SYMTAB
 * @throws ElfError where a table that would tell does not lie within the file
 */
export function countSymbols(elf: ElfFile, dynamic: Dynamic, address: number): number {
  const section = elf.sections.find((each) => each.type === SHT.DYNSYM && each.address === address);
  const counted = Math.max(
    section === undefined ? 0 : Math.floor(section.size / sizeOf(symbolEntry, elf.class)),
    countByHash(elf, dynamic),
    countByGnuHash(elf, dynamic),
    dynamicValue(dynamic, DT.MIPS_SYMTABNO) ?? 0,
  );
  return section === undefined ? Math.max(counted, countByRelocations(elf, dynamic)) : counted;
}

/** DT_HASH: nbucket, nchain; there is a chain word for each symbol (gABI, "Hash Table"). */
function countByHash(elf: ElfFile, dynamic: Dynamic): number {
  const address = dynamicValue(dynamic, DT.HASH);
  if (address === undefined) return 0;
  return numbers(readAddress(elf, address, 8, 'DT_HASH'), 4, elf)[1] ?? 0;
}

/**
 * DT_GNU_HASH: nbuckets, symoffset, bloom_size, bloom_shift, the bloom filter (addresses), the buckets, then a word for
 * each symbol from symoffset on. The last symbol is in the chain that begins last; that chain ends at an odd word.
 */
function countByGnuHash(elf: ElfFile, dynamic: Dynamic): number {
  const address = dynamicValue(dynamic, DT.GNU_HASH);
  if (address === undefined) return 0;
  const header = numbers(readAddress(elf, address, 16, 'DT_GNU_HASH'), 4, elf);
  const [bucketCount = 0, symbolOffset = 0, bloomSize = 0] = header;
  const buckets = address + 16 + bloomSize * (elf.class / 8);
  const bucketWords = numbers(readAddress(elf, buckets, bucketCount * 4, 'DT_GNU_HASH'), 4, elf);
  const lastChain = bucketWords.reduce((highest, word) => Math.max(highest, word), 0);
  if (lastChain < symbolOffset) return symbolOffset;
  const chain = buckets + bucketCount * 4 + (lastChain - symbolOffset) * 4;
  return lastChain + chainLength(elf, chain);
}

function chainLength(elf: ElfFile, chain: number): number {
  for (let read = 0; ; read += chunk) {
    const length = Math.min(chunk, bytesMappedFrom(elf.segments, chain + read));
    if (length < 4) throw outside(elf, chain, 4, 'DT_GNU_HASH');
    const words = numbers(readAddress(elf, chain + read, length, 'DT_GNU_HASH'), 4, elf);
    const last = words.findIndex((word) => word % 2 === 1);
    if (last !== -1) return read / 4 + last + 1;
  }
}

/** An undefined symbol matters to the loader only where a relocation names it. */
function countByRelocations(elf: ElfFile, dynamic: Dynamic): number {
  if (dynamicValue(dynamic, DT.MIPS_SYMTABNO) !== undefined) return 0; // its r_info is laid out otherwise
  const value = (tag: number) => dynamicValue(dynamic, tag);
  const tables = [
    { address: value(DT.RELA), bytes: value(DT.RELASZ), structure: relocationWithAddend },
    { address: value(DT.REL), bytes: value(DT.RELSZ), structure: relocation },
    {
      address: value(DT.JMPREL),
      bytes: value(DT.PLTRELSZ),
      structure: value(DT.PLTREL) === DT.RELA ? relocationWithAddend : relocation,
    },
  ];
  let highest = -1;
  for (const { address, bytes = 0, structure } of tables) {
    if (address === undefined || bytes === 0) continue;
    const offset = offsetOfAddress(elf.segments, address, bytes);
    if (offset === undefined) throw outside(elf, address, bytes, 'relocations');
    const table = { offset, count: Math.floor(bytes / sizeOf(structure, elf.class)), field: 'relocations' };
    for (const { r_info } of readTable(elf.source, elf, structure, table)) {
      highest = Math.max(highest, Math.floor(r_info / (elf.class === 64 ? 2 ** 32 : 2 ** 8)));
    }
  }
  return highest + 1;
}

function readAddress(elf: ElfFile, address: number, length: number, field: string): Uint8Array {
  const offset = offsetOfAddress(elf.segments, address, length);
  if (offset === undefined) throw outside(elf, address, length, field);
  return elf.source.read(offset, length, field);
}

function outside(elf: ElfFile, address: number, length: number, field: string): ElfError {
  const at = elf.dynamic?.stringTable.offset ?? 0;
  return new ElfError(elf.source.name, at, field, `${length} bytes at address ${address}, which no PT_LOAD holds`);
}
