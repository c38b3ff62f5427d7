// The dynamic section: what the loader reads of a file, in the order in which the linker wrote it.
import type { ByteSource } from './bytes.js';
import { DT, PT } from './constants.js';
import { ElfError } from './elf-error.js';
import { dynamicEntry, readTable, sizeOf, type Encoding } from './layout.js';
import { offsetOfAddress, type Segment } from './segments.js';
import { StringTable } from './string-table.js';

/** Real files have fewer than a hundred; this bounds what a hostile one can make us keep. */
const mostEntries = 10_000;

export interface DynamicEntry {
  /** DT_* */
  readonly tag: number;
  readonly value: number;
  /** Where the entry stands in the file, in bytes. */
  readonly fileOffset: number;
}

export interface Dynamic {
  readonly needed: readonly string[];
  readonly soname: string | undefined;
  /** DT_RPATH, as it stands: paths with ':' between, $ORIGIN not replaced. The loader ignores it beside a runpath. */
  readonly rpath: string | undefined;
  readonly runpath: string | undefined;
  /** DF_* */
  readonly flags: number;
  /** DF_1_* */
  readonly flags1: number;
  /** All up to DT_NULL, which is left out. */
  readonly entries: readonly DynamicEntry[];
  /** DT_STRTAB: file offset, size in bytes, and the names. */
  readonly stringTable: StringTable;
}

/**
 * @returns undefined where there is no PT_DYNAMIC: a static program or an object file
 * @throws ElfError where it is damaged
 */
export function readDynamic(source: ByteSource, encoding: Encoding, segments: readonly Segment[]): Dynamic | undefined {
  const segment = segments.find(({ type }) => type === PT.DYNAMIC);
  if (segment === undefined) return undefined;
  // The loader goes by the address, tools by the offset: a file that tells them different things is not for us.
  if (offsetOfAddress(segments, segment.address, segment.fileSize) !== segment.offset) {
    throw new ElfError(
      source.name,
      segment.offset,
      'PT_DYNAMIC',
      'a segment that is not loaded as it stands in the file',
    );
  }
  const entries = readEntries(source, encoding, segment);
  // Of several entries the loader keeps the last (glibc, elf_get_dynamic_info).
  const last = (tag: number) => entries.findLast((entry) => entry.tag === tag);
  const stringTable = openStringTable(source, segments, segment, last(DT.STRTAB), last(DT.STRSZ));
  const nameOf = (entry: DynamicEntry | undefined, field: string) =>
    entry === undefined ? undefined : stringTable.at(entry.value, field);
  return {
    needed: entries.filter(({ tag }) => tag === DT.NEEDED).map((entry) => stringTable.at(entry.value, 'DT_NEEDED')),
    soname: nameOf(last(DT.SONAME), 'DT_SONAME'),
    rpath: nameOf(last(DT.RPATH), 'DT_RPATH'),
    runpath: nameOf(last(DT.RUNPATH), 'DT_RUNPATH'),
    flags: last(DT.FLAGS)?.value ?? 0,
    flags1: last(DT.FLAGS_1)?.value ?? 0,
    entries,
    stringTable,
  };
}

/** The value of the entry with this tag that the loader uses: the last. */
export function dynamicValue(dynamic: Dynamic, tag: number): number | undefined {
  return dynamic.entries.findLast((entry) => entry.tag === tag)?.value;
}

function readEntries(source: ByteSource, encoding: Encoding, segment: Segment): DynamicEntry[] {
  const entries: DynamicEntry[] = [];
  const count = Math.floor(segment.fileSize / sizeOf(dynamicEntry, encoding.class));
  const table = { offset: segment.offset, count, field: 'PT_DYNAMIC' };
  for (const { d_tag, d_val, fileOffset } of readTable(source, encoding, dynamicEntry, table)) {
    if (d_tag === DT.NULL) return entries;
    if (entries.length === mostEntries)
      throw new ElfError(source.name, fileOffset, 'd_tag', `more than ${mostEntries} entries`);
    entries.push({ tag: d_tag, value: d_val, fileOffset });
  }
  throw new ElfError(source.name, segment.offset, 'PT_DYNAMIC', 'no DT_NULL at its end');
}

function openStringTable(
  source: ByteSource,
  segments: readonly Segment[],
  { offset }: Segment,
  table: DynamicEntry | undefined,
  size: DynamicEntry | undefined,
): StringTable {
  if (table === undefined) throw new ElfError(source.name, offset, 'PT_DYNAMIC', 'no DT_STRTAB');
  if (size === undefined) throw new ElfError(source.name, offset, 'PT_DYNAMIC', 'no DT_STRSZ');
  const start = offsetOfAddress(segments, table.value, size.value);
  if (start === undefined) {
    const found = `${size.value} bytes at address ${table.value}, which no PT_LOAD holds`;
    throw new ElfError(source.name, table.fileOffset, 'DT_STRTAB', found);
  }
  return new StringTable(source, start, size.value, 'DT_STRTAB');
}
