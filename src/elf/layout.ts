// The structures of elf(5) as data, so that both classes and both byte orders are decoded by the same lines.
import type { ByteSource } from './bytes.js';
import { ElfError } from './elf-error.js';

export interface Encoding {
  readonly class: 32 | 64;
  readonly byteOrder: 'little' | 'big';
}

/** A field's width in bytes; `native` is an address, offset or long: 4 in a 32-bit file, 8 in a 64-bit one. */
type Width = 1 | 2 | 4 | 'native';
type Layout<Name extends string> = readonly (readonly [Name, Width])[];
export type Fields<Name extends string> = Readonly<Record<Name, number>>;

/** A structure whose fields may stand in another order in 32-bit files. */
export interface Structure<Name extends string> {
  readonly 32: Layout<Name>;
  readonly 64: Layout<Name>;
}

export const fileHeader = same([
  ['e_type', 2],
  ['e_machine', 2],
  ['e_version', 4],
  ['e_entry', 'native'],
  ['e_phoff', 'native'],
  ['e_shoff', 'native'],
  ['e_flags', 4],
  ['e_ehsize', 2],
  ['e_phentsize', 2],
  ['e_phnum', 2],
  ['e_shentsize', 2],
  ['e_shnum', 2],
  ['e_shstrndx', 2],
]);

const segmentMiddle = [
  ['p_offset', 'native'],
  ['p_vaddr', 'native'],
  ['p_paddr', 'native'],
  ['p_filesz', 'native'],
  ['p_memsz', 'native'],
] as const;
export const programHeader = {
  32: [['p_type', 4], ...segmentMiddle, ['p_flags', 4], ['p_align', 'native']],
  64: [['p_type', 4], ['p_flags', 4], ...segmentMiddle, ['p_align', 'native']],
} as const satisfies Structure<string>;

export const sectionHeader = same([
  ['sh_name', 4],
  ['sh_type', 4],
  ['sh_flags', 'native'],
  ['sh_addr', 'native'],
  ['sh_offset', 'native'],
  ['sh_size', 'native'],
  ['sh_link', 4],
  ['sh_info', 4],
  ['sh_addralign', 'native'],
  ['sh_entsize', 'native'],
]);

export const dynamicEntry = same([
  ['d_tag', 'native'],
  ['d_val', 'native'],
]);

export const symbolEntry = {
  32: [
    ['st_name', 4],
    ['st_value', 'native'],
    ['st_size', 'native'],
    ['st_info', 1],
    ['st_other', 1],
    ['st_shndx', 2],
  ],
  64: [
    ['st_name', 4],
    ['st_info', 1],
    ['st_other', 1],
    ['st_shndx', 2],
    ['st_value', 'native'],
    ['st_size', 'native'],
  ],
} as const satisfies Structure<string>;

export const relocation = same([
  ['r_offset', 'native'],
  ['r_info', 'native'],
]);

export const relocationWithAddend = same([
  ['r_offset', 'native'],
  ['r_info', 'native'],
  ['r_addend', 'native'],
]);

export const versionNeed = same([
  ['vn_version', 2],
  ['vn_cnt', 2],
  ['vn_file', 4],
  ['vn_aux', 4],
  ['vn_next', 4],
]);

export const versionNeedAux = same([
  ['vna_hash', 4],
  ['vna_flags', 2],
  ['vna_other', 2],
  ['vna_name', 4],
  ['vna_next', 4],
]);

export const versionDefinition = same([
  ['vd_version', 2],
  ['vd_flags', 2],
  ['vd_ndx', 2],
  ['vd_cnt', 2],
  ['vd_hash', 4],
  ['vd_aux', 4],
  ['vd_next', 4],
]);

export const versionDefinitionAux = same([
  ['vda_name', 4],
  ['vda_next', 4],
]);

export const noteHeader = same([
  ['n_namesz', 4],
  ['n_descsz', 4],
  ['n_type', 4],
]);

/** Not of the standard, but laid out alike: a Go pointer, and a Go string's header. */
export const goPointer = same([['value', 'native']]);

export const goString = same([
  ['data', 'native'],
  ['length', 'native'],
]);

/** A table of plain numbers: a hash table's words, a version index for each symbol. */
export function numbers(bytes: Uint8Array, width: 2 | 4, { byteOrder }: Pick<Encoding, 'byteOrder'>): number[] {
  const view = viewOf(bytes);
  const little = byteOrder === 'little';
  return Array.from({ length: Math.floor(bytes.length / width) }, (_, index) =>
    width === 2 ? view.getUint16(index * 2, little) : view.getUint32(index * 4, little),
  );
}

/** Size in bytes of a structure in a file of this class. */
export function sizeOf(structure: Structure<string>, bits: 32 | 64): number {
  return structure[bits].reduce((sum, [, width]) => sum + bytesOf(width, bits), 0);
}

/** Reads one structure at a file offset. */
export function readStructure<Name extends string>(
  source: ByteSource,
  encoding: Encoding,
  structure: Structure<Name>,
  offset: number,
  field: string,
): Fields<Name> {
  return decode(source.read(offset, sizeOf(structure, encoding.class), field), encoding, structure, 0);
}

/** Reads `count` structures that stand one behind the other, with one read; decodes each only when it is asked for. */
export function* readTable<Name extends string>(
  source: ByteSource,
  encoding: Encoding,
  structure: Structure<Name>,
  table: { readonly offset: number; readonly count: number; readonly field: string },
): Generator<Fields<Name> & { readonly fileOffset: number }, undefined> {
  const size = sizeOf(structure, encoding.class);
  const bytes = source.read(table.offset, table.count * size, table.field);
  for (let at = 0; at < bytes.length; at += size) {
    yield { ...decode(bytes, encoding, structure, at), fileOffset: table.offset + at };
  }
}

/** Writes one structure whose values are whole numbers that fit. */
export function writeStructure<Name extends string>(
  image: Uint8Array,
  encoding: Encoding,
  structure: Structure<Name>,
  offset: number,
  values: Fields<Name>,
): void {
  const view = viewOf(image);
  const little = encoding.byteOrder === 'little';
  let at = offset;
  for (const [name, width] of structure[encoding.class]) {
    const length = bytesOf(width, encoding.class);
    const value = values[name];
    if (length === 1) view.setUint8(at, value);
    else if (length === 2) view.setUint16(at, value, little);
    else if (length === 4) view.setUint32(at, value, little);
    else view.setBigUint64(at, BigInt(value), little);
    at += length;
  }
}

/**
 * A 64-bit value that a double cannot hold becomes Infinity: no file is that long and no program is linked to such an
 * address (user space ends at 2^47, or 2^56 with five-level paging), so every check against a size refuses it.
 */
function decode<Name extends string>(
  bytes: Uint8Array,
  encoding: Encoding,
  structure: Structure<Name>,
  start: number,
): Fields<Name> {
  const view = viewOf(bytes);
  const little = encoding.byteOrder === 'little';
  const fields: Partial<Record<Name, number>> = {};
  let at = start;
  for (const [name, width] of structure[encoding.class]) {
    const length = bytesOf(width, encoding.class);
    if (length === 1) fields[name] = view.getUint8(at);
    else if (length === 2) fields[name] = view.getUint16(at, little);
    else if (length === 4) fields[name] = view.getUint32(at, little);
    else
      fields[name] = safeNumber(
        view.getUint32(at + (little ? 4 : 0), little),
        view.getUint32(at + (little ? 0 : 4), little),
      );
    at += length;
  }
  return fields as Fields<Name>;
}

function safeNumber(high: number, low: number): number {
  return high < 0x20_0000 ? high * 0x1_0000_0000 + low : Number.POSITIVE_INFINITY;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function bytesOf(width: Width, bits: 32 | 64): number {
  return width === 'native' ? bits / 8 : width;
}

function same<const Name extends string>(layout: Layout<Name>): Structure<Name> {
  return { 32: layout, 64: layout };
}

/** The encoding that a file's first bytes declare. */
export function readEncoding(source: ByteSource): Encoding {
  const [elfClass, data, version] = source.read(4, 3, 'e_ident');
  if (elfClass !== 1 && elfClass !== 2) throw new ElfError(source.name, 4, 'EI_CLASS', String(elfClass));
  if (data !== 1 && data !== 2) throw new ElfError(source.name, 5, 'EI_DATA', String(data));
  if (version !== 1) throw new ElfError(source.name, 6, 'EI_VERSION', String(version));
  return { class: elfClass === 1 ? 32 : 64, byteOrder: data === 1 ? 'little' : 'big' };
}
