// Symbol versions: which GLIBC_2.34 a file asks of which library, and which versions it offers.
import { DT } from './constants.js';
import { dynamicValue } from './dynamic.js';
import { ElfError } from './elf-error.js';
import type { ElfFile } from './elf-file.js';
import { numbers } from './layout.js';
import { offsetOfAddress } from './segments.js';
import { readDefinitionEntries, readNeedEntries } from './version-lists.js';

export interface VersionNeed {
  /** The library that must offer them: one of the needed names. */
  readonly file: string;
  /** A weak one may be missing: the loader only warns. */
  readonly versions: readonly { readonly name: string; readonly weak: boolean }[];
}

export interface SymbolVersion {
  readonly name: string;
  /** Not the default: reached only by who asks for this very version (one @, not two). */
  readonly hidden: boolean;
}

/** VER_FLG_BASE: the file's own name; VER_FLG_WEAK; the bit of a version index that hides it. */
const flagBase = 1;
const flagWeak = 2;
const hiddenBit = 0x8000;
/** Indexes 0 and 1 say local, and global without a version. */
const firstNamed = 2;

/** @throws ElfError where the list is damaged */
export function readVersionNeeds(elf: ElfFile): VersionNeed[] {
  return readNeedEntries(elf).map(({ file, versions }) => ({
    file: nameAt(elf, file, 'vn_file'),
    versions: versions.map(({ name, flags }) => ({
      name: nameAt(elf, name, 'vna_name'),
      weak: (flags & flagWeak) !== 0,
    })),
  }));
}

/**
 * The versions that the file offers, without the one that is its own name.
 * @throws ElfError where the list is damaged
 */
export function readVersionDefinitions(elf: ElfFile): string[] {
  return readDefinitionEntries(elf)
    .filter(({ flags }) => (flags & flagBase) === 0)
    .map(({ names }) => nameAt(elf, names[0], 'vda_name'));
}

/**
 * The least glibc that a file runs with: the greatest GLIBC_x.y[.z] that it needs. GLIBC_PRIVATE and GLIBC_ABI_* say
 * nothing of a release.
 * @returns 2.34, say; undefined where it needs none
 * @throws ElfError where the list is damaged
 */
export function glibcFloor(elf: ElfFile): string | undefined {
  const releases = readVersionNeeds(elf)
    .flatMap(({ versions }) => versions)
    .map(({ name }) => /^GLIBC_(\d{1,9}(?:\.\d{1,9}){1,2})$/.exec(name)?.[1])
    .filter((release) => release !== undefined);
  return releases.sort(compareReleases).at(-1);
}

/**
 * The version of each dynamic symbol, by the symbol's index (DT_VERSYM).
 * @param count of dynamic symbols
 * @throws ElfError where a list is damaged; the returned function, where a symbol's version is in no list
 */
export function readSymbolVersions(elf: ElfFile, count: number): (symbol: number) => SymbolVersion | undefined {
  const address = elf.dynamic && dynamicValue(elf.dynamic, DT.VERSYM);
  if (address === undefined) return () => undefined;
  const offset = offsetOfAddress(elf.segments, address, count * 2);
  if (offset === undefined) {
    throw new ElfError(
      elf.source.name,
      0,
      'DT_VERSYM',
      `${count * 2} bytes at address ${address}, which no PT_LOAD holds`,
    );
  }
  const indexes = numbers(elf.source.read(offset, count * 2, 'DT_VERSYM'), 2, elf);
  const names = new Map<number, string>();
  for (const { index, names: own } of readDefinitionEntries(elf)) {
    names.set(index & ~hiddenBit, nameAt(elf, own[0], 'vda_name'));
  }
  for (const { index, name } of readNeedEntries(elf).flatMap(({ versions }) => versions)) {
    names.set(index & ~hiddenBit, nameAt(elf, name, 'vna_name'));
  }
  return (symbol) => {
    const word = indexes[symbol] ?? 0;
    const index = word & ~hiddenBit;
    if (index < firstNamed) return undefined;
    const name = names.get(index);
    if (name === undefined) {
      throw new ElfError(elf.source.name, offset + symbol * 2, 'DT_VERSYM', `version ${index}, which is in no list`);
    }
    return { name, hidden: (word & hiddenBit) !== 0 };
  };
}

function nameAt(elf: ElfFile, offset: number | undefined, field: string): string {
  if (elf.dynamic === undefined || offset === undefined) {
    throw new ElfError(elf.source.name, 0, field, 'a version without a name');
  }
  return elf.dynamic.stringTable.at(offset, field);
}

function compareReleases(one: string, other: string): number {
  const [a, b] = [one, other].map((release) => release.split('.').map(Number));
  for (const place of [0, 1, 2]) {
    const difference = (a?.[place] ?? 0) - (b?.[place] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
