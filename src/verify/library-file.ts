// One try to load one file as a library: what the loader would make of it, without loading anything.
import { statSync, type BigIntStats } from 'node:fs';

import { openByteSource } from '../elf/bytes.js';
import { readElf, type ElfFile } from '../elf/elf-file.js';
import { CvtoolError, hasCode, messageOf } from '../errors/cvtool-error.js';
import { realPathOr } from './hidden-folders.js';

export type Attempt =
  | { readonly kind: 'usable'; readonly file: LibraryFile }
  /** Not there, or not for us to read: the search goes on. */
  | { readonly kind: 'absent' }
  /** There, but for another kind of machine: the search goes on. */
  | { readonly kind: 'skipped'; readonly why: string }
  /** The loader gives up this list of folders and goes on with the next list (open_path in elf/dl-load.c). */
  | { readonly kind: 'list ends'; readonly why: string }
  /** The loader ends the program here. */
  | { readonly kind: 'refused'; readonly why: string };

export interface LibraryFile {
  /** As it was opened: mind that $ORIGIN of a library is taken from this, not from the real path. */
  readonly path: string;
  readonly realPath: string;
  /** Device and inode: what has the same is loaded once. */
  readonly identity: string;
  readonly elf: ElfFile;
}

/** What a library must be to go with the program. */
export interface Fit {
  readonly class: 32 | 64;
  readonly machine: number;
  readonly isHidden: (path: string) => boolean;
  /** musl opens the first file of the name and fails where it does not fit. */
  readonly skipsMisfits: boolean;
}

const headerSize = { 32: 52, 64: 64 };

/**
 * Follows open_verify in elf/dl-load.c: a file of another class or machine is passed over, one that is damaged ends it all.
 * @param path absolute
 */
export function tryLibrary(path: string, fit: Fit): Attempt {
  try {
    const status = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (status === undefined || fit.isHidden(path)) return { kind: 'absent' };
    return readLibrary(path, status, fit);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'ENOTDIR', 'EPERM')) return { kind: 'absent' };
    if (hasCode(error, 'ELOOP', 'ENAMETOOLONG')) return { kind: 'list ends', why: messageOf(error) };
    if (error instanceof CvtoolError) return { kind: 'refused', why: error.message };
    throw error;
  }
}

function readLibrary(path: string, status: BigIntStats, fit: Fit): Attempt {
  const source = openByteSource(path);
  try {
    const misfit = misfitOf(source.read(0, Math.min(source.size, headerSize[fit.class])), fit);
    if (misfit !== undefined) return { kind: fit.skipsMisfits ? 'skipped' : 'refused', why: `${path}: ${misfit}` };
    const elf = readElf(source);
    if (elf.dynamic === undefined) return { kind: 'refused', why: `${path}: no dynamic section` };
    const identity = `${status.dev}:${status.ino}`;
    return { kind: 'usable', file: { path, realPath: realPathOr(path), identity, elf } };
  } finally {
    source.close();
  }
}

/** A header that is too short, or without the magic, is left to `readElf`: it says at which byte. */
function misfitOf(header: Uint8Array, fit: Fit): string | undefined {
  const [m0, m1, m2, m3, elfClass] = header;
  if (m0 !== 0x7f || m1 !== 0x45 || m2 !== 0x4c || m3 !== 0x46) return undefined;
  if (header.length < headerSize[fit.class]) return undefined;
  if (elfClass !== fit.class / 32) return `a ${elfClass === 1 ? '32' : elfClass === 2 ? '64' : 'strange'}-bit file`;
  if (header[5] !== 1) return undefined;
  const machine = (header[18] ?? 0) + (header[19] ?? 0) * 256;
  return machine === fit.machine ? undefined : `for another machine (e_machine ${machine})`;
}
