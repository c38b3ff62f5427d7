// Dynamic symbols: what a file asks for and what it offers, each with its version.
import { DT } from './constants.js';
import { dynamicValue, type Dynamic } from './dynamic.js';
import { ElfError } from './elf-error.js';
import type { ElfFile } from './elf-file.js';
import { readTable, sizeOf, symbolEntry } from './layout.js';
import { offsetOfAddress } from './segments.js';
import { countSymbols } from './symbol-count.js';
import { readSymbolVersions, type SymbolVersion } from './versions.js';

export type SymbolBinding = 'local' | 'global' | 'weak' | 'unique' | 'other';
export type SymbolType = 'none' | 'object' | 'function' | 'section' | 'file' | 'common' | 'tls' | 'indirect' | 'other';

export interface DynamicSymbol {
  readonly name: string;
  readonly defined: boolean;
  readonly binding: SymbolBinding;
  readonly type: SymbolType;
  readonly version: SymbolVersion | undefined;
}

/** ELF32_ST_BIND, ELF32_ST_TYPE */
const bindings: Readonly<Record<number, SymbolBinding>> = { 0: 'local', 1: 'global', 2: 'weak', 10: 'unique' };
const types: Readonly<Record<number, SymbolType>> = {
  0: 'none',
  1: 'object',
  2: 'function',
  3: 'section',
  4: 'file',
  5: 'common',
  6: 'tls',
  10: 'indirect',
};

/** Large programs have some hundred thousand; this bounds what a hostile file can make us keep. */
const mostSymbols = 2_000_000;

/**
 * All dynamic symbols but the first, which is empty by definition.
 * @returns an empty list where there is no dynamic section
 * @throws ElfError where the table, a name or a version does not lie within the file
 */
export function readDynamicSymbols(elf: ElfFile): DynamicSymbol[] {
  const { dynamic } = elf;
  if (dynamic === undefined) return [];
  const table = findSymbolTable(elf, dynamic);
  if (table === undefined) return [];
  const versionOf = readSymbolVersions(elf, table.count);
  const symbols = Array.from(readTable(elf.source, elf, symbolEntry, table), (entry, index) => ({
    name: dynamic.stringTable.at(entry.st_name, 'st_name'),
    defined: entry.st_shndx !== 0,
    binding: bindings[entry.st_info >> 4] ?? 'other',
    type: types[entry.st_info & 0xf] ?? 'other',
    version: versionOf(index),
  }));
  return symbols.slice(1);
}

/**
 * Where the symbols stand (file offset) and how many there are.
 * @throws ElfError where they do not all lie within one PT_LOAD
 */
export function findSymbolTable(
  elf: ElfFile,
  dynamic: Dynamic,
): { offset: number; count: number; field: string } | undefined {
  const address = dynamicValue(dynamic, DT.SYMTAB);
  if (address === undefined) return undefined;
  const count = countSymbols(elf, dynamic, address);
  const offset = offsetOfAddress(elf.segments, address, count * sizeOf(symbolEntry, elf.class));
  if (count > mostSymbols || offset === undefined) {
    const found = `${count} symbols at address ${address}, which no PT_LOAD holds`;
    throw new ElfError(elf.source.name, dynamic.stringTable.offset, 'DT_SYMTAB', found);
  }
  return { offset, count, field: 'DT_SYMTAB' };
}
