// The version lists as they stand in the file: chains of structures, each of which says how far on the next one is.
// Layout: "Linux Standard Base Core Specification", chapter "Symbol Versioning". Names stay offsets into DT_STRTAB here.
import { DT } from './constants.js';
import { dynamicValue } from './dynamic.js';
import { ElfError } from './elf-error.js';
import type { ElfFile } from './elf-file.js';
import {
  readStructure,
  sizeOf,
  versionDefinition,
  versionDefinitionAux,
  versionNeed,
  versionNeedAux,
  type Fields,
  type Structure,
} from './layout.js';
import { offsetOfAddress } from './segments.js';

/** What is needed of one library. */
export interface NeedEntry {
  readonly file: number;
  readonly versions: readonly { readonly name: number; readonly index: number; readonly flags: number }[];
}

/** One version that is offered: its own name, then those of its parents. */
export interface DefinitionEntry {
  readonly index: number;
  readonly flags: number;
  readonly names: readonly number[];
}

/** @throws ElfError where the list does not lie within the file, or goes in circles */
export function readNeedEntries(elf: ElfFile): NeedEntry[] {
  const walk = new Walk(elf);
  return walk.list(versionNeed, DT.VERNEED, DT.VERNEEDNUM, 'vn_next').map(({ at, entry }) => ({
    file: entry.vn_file,
    versions: walk
      .chain(versionNeedAux, at + entry.vn_aux, entry.vn_cnt, 'vna_next')
      .map(({ entry: { vna_name, vna_other, vna_flags } }) => ({ name: vna_name, index: vna_other, flags: vna_flags })),
  }));
}

/** @throws ElfError where the list does not lie within the file, or goes in circles */
export function readDefinitionEntries(elf: ElfFile): DefinitionEntry[] {
  const walk = new Walk(elf);
  return walk.list(versionDefinition, DT.VERDEF, DT.VERDEFNUM, 'vd_next').map(({ at, entry }) => ({
    index: entry.vd_ndx,
    flags: entry.vd_flags,
    names: walk
      .chain(versionDefinitionAux, at + entry.vd_aux, entry.vd_cnt, 'vda_next')
      .map((aux) => aux.entry.vda_name),
  }));
}

/** Structures that one walk reads at most. A C library has some hundred. */
const mostStructures = 20_000;

/** Follows chains. A hostile file can let every structure point into the same long chain, so what a walk reads is bounded. */
class Walk {
  readonly #elf: ElfFile;
  #left = mostStructures;

  constructor(elf: ElfFile) {
    this.#elf = elf;
  }

  list<Name extends string>(
    structure: Structure<Name>,
    tag: number,
    countTag: number,
    next: Name,
  ): { at: number; entry: Fields<Name> }[] {
    const { dynamic, segments, source } = this.#elf;
    if (dynamic === undefined) return [];
    const address = dynamicValue(dynamic, tag);
    if (address === undefined) return [];
    const count = dynamicValue(dynamic, countTag) ?? 0;
    const start = offsetOfAddress(segments, address, sizeOf(structure, this.#elf.class));
    if (start === undefined) {
      throw new ElfError(
        source.name,
        dynamic.stringTable.offset,
        next,
        `a list at address ${address}, which no PT_LOAD holds`,
      );
    }
    return this.chain(structure, start, count, next);
  }

  /** Up to `count` structures from a file offset on; a chain may end sooner, with a `next` of 0. */
  chain<Name extends string>(
    structure: Structure<Name>,
    start: number,
    count: number,
    next: Name,
  ): { at: number; entry: Fields<Name> }[] {
    const { source } = this.#elf;
    const found: { at: number; entry: Fields<Name> }[] = [];
    for (let at = start; found.length < count;) {
      this.#left -= 1;
      if (this.#left < 0) throw new ElfError(source.name, at, next, `more than ${mostStructures} structures`);
      const entry = readStructure(source, this.#elf, structure, at, next);
      found.push({ at, entry });
      if (entry[next] === 0) break;
      at += entry[next];
    }
    return found;
  }
}
