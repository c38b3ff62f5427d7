// Texts in an ELF file, as strings(1) finds them, but in the sections that hold data alone; and what compilers leave in .comment.
import { SHF, SHT } from './constants.js';
import type { ElfFile } from './elf-file.js';
import { pairSections } from './section-differences.js';
import type { Section } from './segments.js';

/** The texts that stand in one of two files only, the longest first: noise in data is short. */
export interface TextDifferences {
  readonly one: readonly string[];
  readonly other: readonly string[];
}

/** As strings(1) has it; in characters. */
const shortest = 4;
/** How many of each file are looked at and told of. */
const most = 20;
/** How much of a long one is shown, and of that what is alike before the difference: Go's strings stand end to end. */
const shownLength = 80;
const shownBefore = 24;
/** In characters: as far as two are compared. Real ones part sooner. */
const longestCompared = 1 << 20;
/** In bytes; a compiler's own words have some thirty. */
const longestComment = 1 << 16;

export function textDifferences(one: ElfFile, other: ElfFile): TextDifferences {
  const pairs = pairSections(one, other);
  const ofOne = textsOf(
    one,
    pairs.map((pair) => pair.one).filter((section) => section !== undefined),
  );
  const ofOther = textsOf(
    other,
    pairs.map((pair) => pair.other).filter((section) => section !== undefined),
  );
  const onlyOne = longest(ofOne, ofOther);
  const onlyOther = longest(ofOther, ofOne);
  return {
    one: onlyOne.map((text) => shown(text, onlyOther)),
    other: onlyOther.map((text) => shown(text, onlyOne)),
  };
}

/** What stands in .comment: `GCC: (Debian 12.2.0-14) 12.2.0`, each once. */
export function comments({ source, sections }: ElfFile): readonly string[] {
  const section = sections.find(({ name, type }) => name === '.comment' && type === SHT.PROGBITS);
  if (section === undefined) return [];
  const bytes = source.read(section.offset, Math.min(section.size, longestComment), '.comment');
  const texts = Buffer.from(bytes).toString('latin1').split('\0');
  return [...new Set(texts.filter((text) => text !== ''))].sort();
}

/** Sections of a sound file do not overlap: no more is read than the file has, however many a hostile one names. */
function textsOf({ source }: ElfFile, sections: readonly Section[]): ReadonlySet<string> {
  const texts = new Set<string>();
  let left = source.size;
  for (const { offset, size } of sections.filter(holdsTexts)) {
    if (size > left) continue;
    left -= size;
    const bytes = Buffer.from(source.read(offset, size));
    for (const [text] of bytes.toString('latin1').matchAll(printableRuns)) texts.add(text);
  }
  return texts;
}

const printableRuns = new RegExp(`[\\t\\x20-\\x7e]{${shortest},}`, 'g');

/** Neither code nor what is written for debuggers; .comment is told of by itself. */
function holdsTexts({ name, type, flags }: Section): boolean {
  const isData = type === SHT.PROGBITS || type === SHT.STRTAB;
  return isData && (flags & (SHF.EXECINSTR | SHF.COMPRESSED)) === 0 && !/^\.(?:z?debug|comment$)/.test(name);
}

function longest(texts: ReadonlySet<string>, others: ReadonlySet<string>): readonly string[] {
  return [...texts]
    .filter((text) => !others.has(text))
    .sort((a, b) => b.length - a.length)
    .slice(0, most);
}

/** A long one from a little before the place where it parts from the one that is most like it. */
function shown(text: string, others: readonly string[]): string {
  if (text.length <= shownLength) return text;
  const alike = Math.max(0, ...others.map((other) => commonLength(text, other)));
  const start = Math.max(0, Math.min(alike - shownBefore, text.length - shownLength));
  const end = start + shownLength;
  return `${start === 0 ? '' : '…'}${text.slice(start, end)}${end >= text.length ? '' : '…'}`;
}

function commonLength(a: string, b: string): number {
  const end = Math.min(a.length, b.length, longestCompared);
  let length = 0;
  while (length < end && a[length] === b[length]) length += 1;
  return length;
}
