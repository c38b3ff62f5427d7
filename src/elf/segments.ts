// Program and section headers. The loader knows segments alone: whatever it needs is found by an address that a PT_LOAD
// maps; section headers serve debuggers and may be missing.
import type { ByteSource } from './bytes.js';
import { PT, SHT } from './constants.js';
import { ElfError } from './elf-error.js';
import {
  programHeader,
  readStructure,
  readTable,
  sectionHeader,
  sizeOf,
  type Encoding,
  type Fields,
  type Structure,
} from './layout.js';
import { StringTable } from './string-table.js';

/** Sizes and offsets are in bytes of the file, addresses as linked. */
export interface Segment {
  /** PT_* */
  readonly type: number;
  /** PF_* */
  readonly flags: number;
  readonly offset: number;
  readonly address: number;
  readonly fileSize: number;
  readonly memorySize: number;
  readonly alignment: number;
}

export interface Section {
  readonly name: string;
  /** SHT_* */
  readonly type: number;
  readonly flags: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
  readonly entrySize: number;
}

type FileHeader = Fields<'e_phoff' | 'e_phentsize' | 'e_phnum' | 'e_shoff' | 'e_shentsize' | 'e_shnum' | 'e_shstrndx'>;

/** e_phnum and e_shstrndx where the true number stands in section header 0 (elf(5)). */
const phnumElsewhere = 0xffff;
const shstrndxElsewhere = 0xffff;

/** @throws ElfError where the table or a segment of it does not lie within the file */
export function readSegments(source: ByteSource, encoding: Encoding, header: FileHeader): Segment[] {
  if (header.e_phoff === 0) return [];
  checkEntrySize(source, encoding, programHeader, 'e_phentsize', header.e_phentsize);
  const count =
    header.e_phnum === phnumElsewhere ? firstSection(source, encoding, header, 'e_phnum').sh_info : header.e_phnum;
  const table = { offset: header.e_phoff, count, field: 'program headers' };
  return Array.from(readTable(source, encoding, programHeader, table), (entry) => {
    if (entry.p_type !== PT.NULL) {
      checkEnd(source, entry.fileOffset, 'segment', entry.p_offset, entry.p_filesz);
    }
    return {
      type: entry.p_type,
      flags: entry.p_flags,
      offset: entry.p_offset,
      address: entry.p_vaddr,
      fileSize: entry.p_filesz,
      memorySize: entry.p_memsz,
      alignment: entry.p_align,
    };
  });
}

/** @throws ElfError where the table, a section or its name does not lie within the file */
export function readSections(source: ByteSource, encoding: Encoding, header: FileHeader): Section[] {
  if (header.e_shoff === 0) return [];
  const first = firstSection(source, encoding, header, 'e_shoff');
  const count = header.e_shnum === 0 ? first.sh_size : header.e_shnum;
  const table = { offset: header.e_shoff, count, field: 'section headers' };
  const entries = Array.from(readTable(source, encoding, sectionHeader, table));
  for (const entry of entries) {
    if (entry.sh_type !== SHT.NULL && entry.sh_type !== SHT.NOBITS) {
      checkEnd(source, entry.fileOffset, 'section', entry.sh_offset, entry.sh_size);
    }
  }
  const namesIndex = header.e_shstrndx === shstrndxElsewhere ? first.sh_link : header.e_shstrndx;
  const namesEntry = namesIndex === 0 ? undefined : entries[namesIndex];
  if (namesIndex !== 0 && namesEntry?.sh_type !== SHT.STRTAB) {
    throw new ElfError(source.name, header.e_shoff, 'e_shstrndx', `${namesIndex}, which is no section of names`);
  }
  const names = namesEntry && new StringTable(source, namesEntry.sh_offset, namesEntry.sh_size, 'section names');
  return entries.map((entry) => ({
    name: names?.at(entry.sh_name, 'sh_name') ?? '',
    type: entry.sh_type,
    flags: entry.sh_flags,
    address: entry.sh_addr,
    offset: entry.sh_offset,
    size: entry.sh_size,
    link: entry.sh_link,
    info: entry.sh_info,
    entrySize: entry.sh_entsize,
  }));
}

/**
 * File offset of an address that the loader maps from the file.
 * @param length bytes that must follow in the same segment
 * @returns undefined where no PT_LOAD holds it
 */
export function offsetOfAddress(segments: readonly Segment[], address: number, length = 1): number | undefined {
  const segment = loadedAt(segments, address);
  if (segment === undefined || address - segment.address + length > segment.fileSize) return undefined;
  return segment.offset + (address - segment.address);
}

/** How many bytes of the file are mapped from `address` to the end of its segment: 0 where none is. */
export function bytesMappedFrom(segments: readonly Segment[], address: number): number {
  const segment = loadedAt(segments, address);
  return segment === undefined ? 0 : segment.address + segment.fileSize - address;
}

function loadedAt(segments: readonly Segment[], address: number): Segment | undefined {
  return segments.find(
    (segment) => segment.type === PT.LOAD && address >= segment.address && address < segment.address + segment.fileSize,
  );
}

function firstSection(
  source: ByteSource,
  encoding: Encoding,
  header: FileHeader,
  field: string,
): Fields<'sh_size' | 'sh_link' | 'sh_info'> {
  if (header.e_shoff === 0) throw new ElfError(source.name, 0, field, 'a number that section header 0 would hold');
  checkEntrySize(source, encoding, sectionHeader, 'e_shentsize', header.e_shentsize);
  return readStructure(source, encoding, sectionHeader, header.e_shoff, 'section header 0');
}

/** The kernel's load_elf_phdrs and Go's debug/elf refuse any other size too. */
function checkEntrySize(
  source: ByteSource,
  encoding: Encoding,
  structure: Structure<string>,
  field: string,
  found: number,
): void {
  const wanted = sizeOf(structure, encoding.class);
  if (found !== wanted) throw new ElfError(source.name, 0, field, `${found} instead of ${wanted}`);
}

function checkEnd(source: ByteSource, at: number, what: string, offset: number, size: number): void {
  if (offset + size <= source.size) return;
  const found = `a ${what} that ends at byte ${offset + size}; the file ends at ${source.size}: it was cut off`;
  throw new ElfError(source.name, at, `${what} header`, found);
}
