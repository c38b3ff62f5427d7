// In which sections two ELF files differ: what one of two builds has that the other has not. Sections are told apart by their
// names (by their order among those of one name). Nothing here judges, and neither file need be sound beyond its headers.
import type { ByteSource } from './bytes.js';
import { SHT } from './constants.js';
import type { ElfFile } from './elf-file.js';
import type { Section } from './segments.js';

/** `one` and `other` are the two files, in the order in which they are given. Sizes are in bytes. */
export type SectionDifference =
  | { readonly kind: 'only'; readonly in: 'one' | 'other'; readonly section: string; readonly size: number }
  | { readonly kind: 'size'; readonly section: string; readonly one: number; readonly other: number }
  | ({ readonly kind: 'content'; readonly section: string; readonly size: number } & DifferingBytes);

export interface DifferingBytes {
  /** How many bytes differ. */
  readonly count: number;
  /** Where the first of them is, from the beginning of what was compared. */
  readonly first: number;
}

/** A section of each file under one name; undefined where a file has none. */
export interface SectionPair {
  readonly name: string;
  readonly one: Section | undefined;
  readonly other: Section | undefined;
}

const pieceSize = 1 << 20;

/** Those that stand in one file only come first, then other sizes, then other contents; each in the files' order. */
export function sectionDifferences(one: ElfFile, other: ElfFile): readonly SectionDifference[] {
  const found = pairSections(one, other).flatMap((pair) => differenceOf(pair, one.source, other.source) ?? []);
  return (['only', 'size', 'content'] as const).flatMap((wanted) => found.filter(({ kind }) => kind === wanted));
}

export function pairSections(one: ElfFile, other: ElfFile): readonly SectionPair[] {
  const ofOne = byName(one);
  const ofOther = byName(other);
  return [...new Set([...ofOne.keys(), ...ofOther.keys()])].map((key) => {
    const pair = { one: ofOne.get(key), other: ofOther.get(key) };
    return { name: (pair.one ?? pair.other)?.name ?? '', ...pair };
  });
}

/** Without the first one, which is none (elf(5), SHN_UNDEF). */
function byName({ sections }: ElfFile): ReadonlyMap<string, Section> {
  const seen = new Map<string, number>();
  return new Map(
    sections
      .filter(({ type }) => type !== SHT.NULL)
      .map((section) => {
        const before = seen.get(section.name) ?? 0;
        seen.set(section.name, before + 1);
        return [`${before} ${section.name}`, section];
      }),
  );
}

function differenceOf(
  { name: section, one, other }: SectionPair,
  sourceOfOne: ByteSource,
  sourceOfOther: ByteSource,
): SectionDifference | undefined {
  if (one === undefined || other === undefined) {
    return { kind: 'only', in: one === undefined ? 'other' : 'one', section, size: (one ?? other)?.size ?? 0 };
  }
  if (one.size !== other.size) return { kind: 'size', section, one: one.size, other: other.size };
  if (one.type === SHT.NOBITS || other.type === SHT.NOBITS) return undefined; // sh_size is what it takes in memory
  const bytes = differingBytes(
    { source: sourceOfOne, offset: one.offset },
    { source: sourceOfOther, offset: other.offset },
    one.size,
  );
  return bytes && { kind: 'content', section, size: one.size, ...bytes };
}

/**
 * Compares `length` bytes of two sources, piece by piece.
 * @returns undefined where they are the same
 */
export function differingBytes(
  one: { readonly source: ByteSource; readonly offset: number },
  other: { readonly source: ByteSource; readonly offset: number },
  length: number,
): DifferingBytes | undefined {
  let count = 0;
  let first: number | undefined;
  for (let at = 0; at < length; at += pieceSize) {
    const size = Math.min(pieceSize, length - at);
    const a = one.source.read(one.offset + at, size);
    const b = other.source.read(other.offset + at, size);
    if (Buffer.from(a.buffer, a.byteOffset, size).equals(b)) continue;
    for (let index = 0; index < size; index += 1) {
      if (a[index] === b[index]) continue;
      count += 1;
      first ??= at + index;
    }
  }
  return first === undefined ? undefined : { count, first };
}
