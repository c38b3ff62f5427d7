// Notes: small records with an owner and a type, such as the ids of a build (elf(5), "Notes (Nhdr)").
import { PT } from './constants.js';
import { ElfError } from './elf-error.js';
import type { ElfFile } from './elf-file.js';
import { noteHeader, readStructure, sizeOf } from './layout.js';

export interface Note {
  /** Go, GNU */
  readonly owner: string;
  readonly type: number;
  /** Where its content stands in the file; in bytes. */
  readonly offset: number;
  readonly length: number;
}

/**
 * All notes that the program headers know.
 * @throws ElfError where one does not end within its segment
 */
export function readNotes(elf: ElfFile): Note[] {
  return elf.segments
    .filter(({ type }) => type === PT.NOTE)
    .flatMap(({ offset, fileSize, alignment }) => readSegmentNotes(elf, offset, offset + fileSize, alignment));
}

function readSegmentNotes(elf: ElfFile, start: number, end: number, alignment: number): Note[] {
  const { source } = elf;
  // Words are of 4 bytes in both classes; only GNU properties are padded to 8, and their segment says so.
  const unit = alignment === 8 ? 8 : 4;
  const padded = (size: number) => Math.ceil(size / unit) * unit;
  const headerSize = sizeOf(noteHeader, elf.class);
  const notes: Note[] = [];
  for (let at = start; at + headerSize <= end;) {
    const { n_namesz, n_descsz, n_type } = readStructure(source, elf, noteHeader, at, 'note');
    const nameAt = at + headerSize;
    const offset = start + padded(nameAt + n_namesz - start);
    if (offset + n_descsz > end)
      throw new ElfError(source.name, at, 'n_descsz', `${n_descsz} bytes, beyond its segment`);
    if (n_namesz > longestOwner) throw new ElfError(source.name, at, 'n_namesz', String(n_namesz));
    const owner = Buffer.from(source.read(nameAt, n_namesz, 'note'))
      .toString('latin1')
      .replace(/\0+$/, '');
    notes.push({ owner, type: n_type, offset, length: n_descsz });
    at = start + padded(offset + n_descsz - start);
  }
  return notes;
}

/** In bytes; real ones have less than ten. */
const longestOwner = 256;
