// In what a file of a new build differs from the staged one of that name: what its compiler and Go left in it, its sections, its
// strings. Each list is cut to what a person reads.
import { openByteSource, type ByteSource } from '../elf/bytes.js';
import { isElf, readElf, type ElfFile } from '../elf/elf-file.js';
import { goBuildInfoDifferences } from '../elf/go-build-info-differences.js';
import { readGoBuildInfo } from '../elf/go-build-info.js';
import { differingBytes, sectionDifferences, type SectionDifference } from '../elf/section-differences.js';
import { comments, textDifferences } from '../elf/texts.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { inFiles, type BuildDifference } from './build-difference.js';

type Kind = BuildDifference['kind'];

/** How many of one kind are told. */
const most = 12;
/** In characters: how much of a line. */
const longestLine = 300;
/** How many strings of each side. */
const mostStrings = 4;
/** They are made from all other bytes, so they differ whenever anything does. */
const derived: readonly string[] = ['.note.gnu.build-id', '.note.go.buildid'];

/**
 * @param path of the file in its folder, for the answer
 * @returns at least one, where the two have not the same bytes
 * @throws the system's error where one cannot be read
 */
export function fileDifferences(path: string, staged: string, built: string): readonly BuildDifference[] {
  return withSources([staged, built], ([one, other]) => {
    const tell = (kind: Kind, texts: readonly string[]): BuildDifference[] =>
      cut(texts).map((text) => ({ kind, file: path, text }));
    const elves = [one, other].map(elfOf);
    const [a, b] = elves;
    if (a === undefined || b === undefined || 'damaged' in a || 'damaged' in b) {
      return tell('sections', [...damages(elves), ...bytesApart(one, other)]);
    }
    const sections = sectionTexts(sectionDifferences(a, b));
    return [
      ...tell('compiler', listDifference('.comment', comments(a), comments(b))),
      ...tell('Go build info', goTexts(a, b)),
      ...tell('sections', sections.length > 0 ? sections : bytesApart(one, other)),
      ...stringTexts(a, b).map((text): BuildDifference => ({ kind: 'strings', file: path, text })),
    ];
  });
}

function withSources<Result>(
  paths: readonly [string, string],
  use: (sources: readonly [ByteSource, ByteSource]) => Result,
): Result {
  const one = openByteSource(paths[0]);
  try {
    const other = openByteSource(paths[1]);
    try {
      return use([one, other]);
    } finally {
      other.close();
    }
  } finally {
    one.close();
  }
}

/** undefined for another kind of file. */
function elfOf(source: ByteSource): ElfFile | { readonly damaged: string } | undefined {
  return isElf(source) ? orDamaged(() => readElf(source)) : undefined;
}

function orDamaged<Result>(read: () => Result): Result | { readonly damaged: string } {
  try {
    return read();
  } catch (error) {
    if (error instanceof CvtoolError && error.code === 'ELF_INVALID') return { damaged: error.message };
    throw error;
  }
}

function damages(elves: readonly ReturnType<typeof elfOf>[]): string[] {
  const state = (elf: ReturnType<typeof elfOf>): string =>
    elf === undefined ? 'no ELF file' : 'damaged' in elf ? `damaged (${elf.damaged})` : 'an ELF file';
  return elves.every((elf) => elf === undefined) ? [] : [`it is ${inFiles(state(elves[0]), state(elves[1]))}`];
}

/** Where the files as wholes part: for those without sections, and for what lies between sections. */
function bytesApart(one: ByteSource, other: ByteSource): string[] {
  const length = Math.min(one.size, other.size);
  const bytes = differingBytes({ source: one, offset: 0 }, { source: other, offset: 0 }, length);
  return [
    ...(one.size === other.size ? [] : [`its size: ${inFiles(`${one.size} bytes`, `${other.size} bytes`)}`]),
    ...(bytes === undefined
      ? []
      : [`in no section: ${differ(bytes, length)}, the first at ${hex(bytes.first)} of the file`]),
  ];
}

function sectionTexts(differences: readonly SectionDifference[]): string[] {
  const own = differences.filter(({ section }) => !derived.includes(section));
  return (own.length > 0 ? own : differences).map((difference) => {
    const { kind, section } = difference;
    switch (kind) {
      case 'only':
        return `${section} (${difference.size} bytes): ${difference.in === 'one' ? 'staged' : 'built'} only`;
      case 'size':
        return `${section}: ${inFiles(`${difference.one} bytes`, `${difference.other} bytes`)}`;
      case 'content':
        return `${section}: ${differ(difference, difference.size)}, the first at ${hex(difference.first)}`;
    }
  });
}

function goTexts(a: ElfFile, b: ElfFile): string[] {
  const infos = [a, b].map((elf) => orDamaged(() => readGoBuildInfo(elf, { copies: false })));
  const [one, other] = infos;
  if ((one !== undefined && 'damaged' in one) || (other !== undefined && 'damaged' in other)) {
    const state = (info: (typeof infos)[number]): string =>
      info === undefined ? 'no Go program' : 'damaged' in info ? info.damaged : info.goVersion;
    return [`it cannot be read: ${inFiles(state(one), state(other))}`];
  }
  return goBuildInfoDifferences(one, other).map((fact) => `${fact.what}: ${inFiles(fact.one, fact.other)}`);
}

function stringTexts(a: ElfFile, b: ElfFile): string[] {
  const { one, other } = textDifferences(a, b);
  const line =
    (side: string) =>
    (text: string): string =>
      `${side} only: ${JSON.stringify(text)}`;
  return [...one.slice(0, mostStrings).map(line('staged')), ...other.slice(0, mostStrings).map(line('built'))];
}

function listDifference(what: string, one: readonly string[], other: readonly string[]): string[] {
  const text = (list: readonly string[]): string | undefined => (list.length === 0 ? undefined : list.join('; '));
  return text(one) === text(other) ? [] : [`${what}: ${inFiles(text(one), text(other))}`];
}

function cut(texts: readonly string[]): readonly string[] {
  const lines = texts
    .slice(0, most)
    .map((text) => (text.length > longestLine ? `${text.slice(0, longestLine)}…` : text));
  return texts.length <= most ? lines : [...lines, `and ${texts.length - most} more`];
}

function differ({ count }: { readonly count: number }, length: number): string {
  return `${count} of ${length} bytes ${count === 1 ? 'differs' : 'differ'}`;
}

function hex(offset: number): string {
  return `0x${offset.toString(16)}`;
}
