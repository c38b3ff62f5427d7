// Which texts a program has among its constants, outside of what the Go linker says of its modules and source files: go.sum's
// `xxhash/v2 v2.2.0` in the build information, and `xxhash/v2@v2.2.0/xxhash.go` in the line table, are no constants of it.
// Go's strings carry their length elsewhere and stand one behind the other without NUL, so what follows says little.
import { PT } from '../elf/constants.js';
import type { ElfFile } from '../elf/elf-file.js';
import type { FileRange } from '../elf/go-build-info.js';

/** In bytes: small enough for a cache, and for malloc(3) to hand out the same memory again. */
const windowSize = 1 << 16;
/** Bytes on each side of a hit that are looked at. */
const margin = 8;
/** A hostile file may be nothing but hits. */
const mostHits = 1000;

export interface TextCount {
  readonly text: string;
  readonly sure: number;
  /** Followed by what would make a longer version of it: v2.0.7 in v2.0.7-2, or a text that begins with a digit behind it. */
  readonly doubtful: number;
}

/**
 * @param elf with a source that is open
 * @param texts ASCII; case counts
 * @param without ranges of the file that are left out
 */
export function countTexts(elf: ElfFile, texts: readonly string[], without: readonly FileRange[]): TextCount[] {
  const counts = texts.map((text) => ({ text, sure: 0, doubtful: 0 }));
  const needles = texts.map((text) => Buffer.from(text, 'latin1'));
  const common = needles.length > 1 ? commonStart(needles) : 0;
  const lead = needles[0]?.subarray(0, common) ?? Buffer.alloc(0);
  const longest = Math.max(0, ...needles.map(({ length }) => length));
  for (const { offset, length } of searched(elf, without)) {
    for (let start = offset; start < offset + length; start += windowSize) {
      const from = Math.max(offset, start - margin);
      const end = Math.min(offset + length, start + windowSize + longest + margin);
      const bytes = elf.source.read(from, end - from, 'search');
      const window = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      const limit = start + windowSize - from; // hits from there on belong to the next window
      const count = (index: number, at: number): void => {
        const entry = counts[index];
        const kind = kindOfHit(window, at, needles[index]?.length ?? 0);
        if (entry !== undefined && kind !== undefined && entry[kind] < mostHits) entry[kind] += 1;
      };
      if (common >= 2) {
        for (const at of hits(window, lead, start - from, limit)) {
          needles.forEach((needle, index) => {
            if (window.subarray(at, at + needle.length).equals(needle)) count(index, at);
          });
        }
      } else {
        needles.forEach((needle, index) => {
          for (const at of hits(window, needle, start - from, limit)) count(index, at);
        });
      }
    }
  }
  return counts;
}

function* hits(window: Buffer, needle: Buffer, from: number, limit: number): Generator<number, undefined> {
  if (needle.length === 0) return;
  for (let at = window.indexOf(needle, from); at !== -1 && at < limit; at = window.indexOf(needle, at + 1)) yield at;
}

/** @returns undefined for the version of a module, in a path (…@v2.2.0/…) or between the tabs of the module list */
function kindOfHit(window: Buffer, at: number, length: number): 'sure' | 'doubtful' | undefined {
  const before = window.toString('latin1', Math.max(0, at - 1), at);
  const after = window.toString('latin1', at + length, at + length + margin);
  if (before === '@' && /^[/+]/.test(after)) return undefined;
  if (before === '\t' && /^[\t\n]/.test(after)) return undefined;
  const endsWithDigit = /\d/.test(window.toString('latin1', at + length - 1, at + length));
  return endsWithDigit && /^(?:\d|\.\d|-\d|[-.]?(?:alpha|beta|rc))/i.test(after) ? 'doubtful' : 'sure';
}

/** What the loader maps of the file, in order, without the line table and without what is left out. */
function searched({ segments, sections }: ElfFile, without: readonly FileRange[]): FileRange[] {
  const lines = sections.filter(({ name }) => name === '.gopclntab' || name === '.data.rel.ro.gopclntab');
  const holes = [...without, ...lines.map(({ offset, size }) => ({ offset, length: size }))];
  const loaded = segments
    .filter(({ type }) => type === PT.LOAD)
    .map(({ offset, fileSize }) => ({ offset, length: fileSize }));
  return holes.reduce<FileRange[]>((ranges, hole) => ranges.flatMap((range) => minus(range, hole)), merged(loaded));
}

/** The first and last page of two neighbours may be the same one of the file. */
function merged(ranges: readonly FileRange[]): FileRange[] {
  const sorted = [...ranges].sort((one, other) => one.offset - other.offset);
  const result: FileRange[] = [];
  for (const { offset, length } of sorted) {
    const last = result.at(-1);
    if (last === undefined || offset > last.offset + last.length) result.push({ offset, length });
    else {
      const end = Math.max(last.offset + last.length, offset + length);
      result[result.length - 1] = { offset: last.offset, length: end - last.offset };
    }
  }
  return result;
}

function minus(range: FileRange, hole: FileRange): FileRange[] {
  const end = range.offset + range.length;
  const holeEnd = hole.offset + hole.length;
  if (holeEnd <= range.offset || hole.offset >= end) return [range];
  return [
    { offset: range.offset, length: hole.offset - range.offset },
    { offset: holeEnd, length: end - holeEnd },
  ].filter(({ length }) => length > 0);
}

function commonStart(needles: readonly Buffer[]): number {
  const [first = Buffer.alloc(0), ...others] = needles;
  let length = 0;
  while (length < first.length && others.every((other) => other[length] === first[length])) length += 1;
  return length;
}
