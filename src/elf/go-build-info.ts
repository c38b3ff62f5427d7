// What the Go linker says of a program: its Go, its modules, its settings.
//
// The blob begins at a multiple of 16 bytes, in section .go.buildinfo or in a writable segment (debug/buildinfo's searchMagic;
// cmd/link's Link.buildinfo writes it):
//   0   "\xff Go buildinf:"
//   14  size of a pointer, 4 or 8      \ both only in the form of Go 1.12 to 1.17
//   15  bit 0: big-endian              /
//       bit 1: inline: since Go 1.18
//   16  two pointers to Go strings (address, length), or, inline, from byte 32 on two strings with a varint length before
// The strings are the Go version and the module information. The latter is text between two marks of 16 bytes; the running
// program has it a second time (runtime.modinfo), and both are in `range`.
import type { ByteSource } from './bytes.js';
import { PF, PT, SHT } from './constants.js';
import { ElfError } from './elf-error.js';
import type { ElfFile } from './elf-file.js';
import { findBytes } from './find-bytes.js';
import { parseModuleInfo, type Module } from './go-module-info.js';
import { goPointer, goString, readStructure, sizeOf, type Encoding } from './layout.js';
import { offsetOfAddress } from './segments.js';

export interface FileRange {
  /** In bytes of the file. */
  readonly offset: number;
  readonly length: number;
}

export interface GoBuildInfo {
  /** go1.19.2, say. */
  readonly goVersion: string;
  /** The main package; empty where the program was built without modules. */
  readonly path: string;
  readonly main: Module | undefined;
  readonly deps: readonly Module[];
  /** Since Go 1.18: -trimpath, CGO_ENABLED, vcs.revision and others. */
  readonly settings: Readonly<Record<string, string>>;
  /** Where these texts stand, so that a search for strings can leave them out. */
  readonly range: readonly FileRange[];
}

const magic = Buffer.from('\xff Go buildinf:', 'latin1');
const alignment = 16;
const headerSize = 32;
const bigEndianFlag = 1;
const inlineFlag = 2;
/** cmd/go/internal/modload: infoStart and infoEnd are as long as this. */
const markSize = 16;
const newline = 0x0a;
/** A chain's program has some 20 KB; in bytes. */
const longestModuleInfo = 4 << 20;
/** binary.MaxVarintLen64 */
const longestVarint = 10;

/** A program has its module information once or twice; others may be embedded in it. Bounds what a hostile file costs. */
const mostCopies = 64;

/**
 * @param copies false: `range` leaves out the module information's second copy, for which all of the file is searched
 * @returns undefined where it is no Go program
 * @throws ElfError where there is build information, but damaged
 */
export function readGoBuildInfo(elf: ElfFile, { copies = true } = {}): GoBuildInfo | undefined {
  const start = findBlob(elf);
  if (start === undefined) return undefined;
  const blob = readBlob(elf, start);
  const goVersion = textOf(elf.source, blob.version);
  if (goVersion === '') throw new ElfError(elf.source.name, start, 'Go version', 'nothing');
  const modules = withoutMarks(elf.source, blob.modules);
  if (blob.modules.length > longestModuleInfo) {
    throw new ElfError(elf.source.name, start, 'Go module information', `${blob.modules.length} bytes of it`);
  }
  const damaged = (line: number, found: string) =>
    new ElfError(elf.source.name, blob.modules.offset, `Go module information, line ${line},`, found);
  return {
    goVersion,
    ...parseModuleInfo(modules === undefined ? '' : textOf(elf.source, modules), damaged),
    range: [
      ...blob.ranges,
      ...(modules === undefined || !copies ? [] : findCopies(elf.source, blob.modules, blob.ranges)),
    ],
  };
}

interface Blob {
  readonly version: FileRange;
  readonly modules: FileRange;
  readonly ranges: readonly FileRange[];
}

/** As debug/buildinfo does: the section of that name, else what may be written. */
function findBlob({ source, sections, segments }: ElfFile): number | undefined {
  const section = sections.find(({ name, type }) => name === '.go.buildinfo' && type !== SHT.NOBITS);
  const writable = segments.filter(({ type, flags }) => type === PT.LOAD && (flags & (PF.X | PF.W)) === PF.W);
  const places =
    section === undefined ? writable.map(({ offset, fileSize }) => ({ offset, size: fileSize })) : [section];
  for (const { offset, size } of places) {
    for (const at of findBytes(source, magic, offset, size)) {
      if (at % alignment === 0) return at;
    }
  }
  if (section !== undefined)
    throw new ElfError(source.name, section.offset, '.go.buildinfo', 'no build information in it');
  return undefined;
}

function readBlob(elf: ElfFile, start: number): Blob {
  const header = elf.source.read(start, headerSize, 'Go build information');
  const pointerSize = header[14];
  const flags = header[15] ?? 0;
  if ((flags & inlineFlag) !== 0) {
    const version = readInlineString(elf.source, start + headerSize);
    const modules = readInlineString(elf.source, version.offset + version.length);
    return { version, modules, ranges: [{ offset: start, length: modules.offset + modules.length - start }] };
  }
  if (pointerSize !== 4 && pointerSize !== 8) {
    throw new ElfError(elf.source.name, start + 14, 'size of a pointer', String(pointerSize));
  }
  const encoding = {
    class: pointerSize === 4 ? 32 : 64,
    byteOrder: (flags & bigEndianFlag) === 0 ? 'little' : 'big',
  } as const;
  const version = readPointedString(elf, encoding, start + 16);
  const modules = readPointedString(elf, encoding, start + 16 + pointerSize);
  return { version, modules, ranges: [{ offset: start, length: headerSize }, version, modules] };
}

/** A length as an unsigned varint (encoding/binary.Uvarint), then the bytes. */
function readInlineString(source: ByteSource, at: number): FileRange {
  let length = 0;
  for (let place = 0; place < longestVarint; place += 1) {
    const [byte = 0] = source.read(at + place, 1, 'length of a Go string');
    length += (byte & 0x7f) * 2 ** (7 * place);
    if (byte < 0x80) {
      if (at + place + 1 + length > source.size) {
        throw new ElfError(source.name, at, 'length of a Go string', String(length));
      }
      return { offset: at + place + 1, length };
    }
  }
  throw new ElfError(source.name, at, 'length of a Go string', 'a varint without an end');
}

/** The pointer at a file offset leads to a Go string header: address and length. A null pointer is the empty string. */
function readPointedString(elf: ElfFile, encoding: Encoding, at: number): FileRange {
  const { source, segments } = elf;
  const { value: pointer } = readStructure(source, encoding, goPointer, at, 'pointer to a Go string');
  if (pointer === 0) return { offset: at, length: 0 };
  const header = offsetOfAddress(segments, pointer, sizeOf(goString, encoding.class));
  if (header === undefined) throw new ElfError(source.name, at, 'pointer to a Go string', `address ${pointer}`);
  const { data, length } = readStructure(source, encoding, goString, header, 'Go string');
  if (length === 0) return { offset: header, length };
  const offset = offsetOfAddress(segments, data, length);
  if (offset === undefined) throw new ElfError(source.name, header, 'Go string', `${length} bytes at address ${data}`);
  return { offset, length };
}

/** @returns undefined where the marks are missing: a program that was built without modules (the test of debug/buildinfo) */
function withoutMarks(source: ByteSource, { offset, length }: FileRange): FileRange | undefined {
  const framed = length > 2 * markSize && source.read(offset + length - markSize - 1, 1)[0] === newline;
  return framed ? { offset: offset + markSize, length: length - 2 * markSize } : undefined;
}

function findCopies(source: ByteSource, modules: FileRange, known: readonly FileRange[]): FileRange[] {
  const bytes = Buffer.from(source.read(modules.offset, modules.length));
  const copies: FileRange[] = [];
  let candidates = 0;
  for (const offset of findBytes(source, bytes.subarray(0, markSize))) {
    if ((candidates += 1) > mostCopies) break;
    if (offset + modules.length > source.size) break;
    if (known.some((range) => offset >= range.offset && offset < range.offset + range.length)) continue;
    if (bytes.equals(source.read(offset, modules.length))) copies.push({ offset, length: modules.length });
  }
  return copies;
}

function textOf(source: ByteSource, { offset, length }: FileRange): string {
  return Buffer.from(source.read(offset, length, 'Go string')).toString('utf8');
}
