// Who uses which string of the dynamic string table. Linkers merge tails: a symbol's name may be the end of a path.
import { DT } from './constants.js';
import type { Dynamic } from './dynamic.js';
import type { ElfFile } from './elf-file.js';
import { readTable, symbolEntry } from './layout.js';
import { findSymbolTable } from './symbols.js';
import { readDefinitionEntries, readNeedEntries } from './version-lists.js';

/** Entries whose value is a string, but for the library paths themselves. */
const stringTags: ReadonlySet<number> = new Set([
  DT.NEEDED,
  DT.SONAME,
  DT.CONFIG,
  DT.DEPAUDIT,
  DT.AUDIT,
  DT.AUXILIARY,
  DT.FILTER,
]);

/**
 * Yields the offset in the table of every string that something other than DT_RPATH and DT_RUNPATH uses; some twice.
 * @throws ElfError where a table that would tell is damaged
 */
export function* usedStrings(elf: ElfFile, dynamic: Dynamic): Generator<number, undefined> {
  for (const { tag, value } of dynamic.entries) {
    if (stringTags.has(tag)) yield value;
  }
  const symbols = findSymbolTable(elf, dynamic);
  if (symbols !== undefined) {
    for (const { st_name } of readTable(elf.source, elf, symbolEntry, symbols)) yield st_name;
  }
  for (const { file, versions } of readNeedEntries(elf)) {
    yield file;
    for (const { name } of versions) yield name;
  }
  for (const { names } of readDefinitionEntries(elf)) yield* names;
}
