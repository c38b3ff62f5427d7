// A file that is there whole or not at all: temporary name, fsync, rename, fsync of the folder. After a crash at any point the
// name holds the old bytes or the new ones.
import { closeSync, existsSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

import { makeFolder } from './make-folder.js';
import { syncPath } from './sync.js';

/** The temporary name; whoever was killed left it, and the next call writes over it. */
export function asideOf(file: string): string {
  const name = file.lastIndexOf('/') + 1;
  return `${file.slice(0, name)}.${file.slice(name)}.cvtool-new`;
}

/**
 * @param mode of the file, whatever the umask is
 * @throws the system's error, with the file's name; the name then holds what it held, and nothing temporary is left
 */
export function writeWhole(file: string, content: string, mode: number): void {
  prepareWhole(file, content, mode).commit();
}

/** A file that is written and not yet in its place: one of the two is to be called. */
export interface PreparedFile {
  /** Durable when it returns. @throws as `writeWhole` */
  commit(): void;
  abandon(): void;
}

/** The first half of `writeWhole`: what comes after it needs no more room on the disk. Parameters and errors are the same. */
export function prepareWhole(file: string, content: string, mode: number): PreparedFile {
  const folder = dirname(file);
  for (const made of makeFolder(folder)) syncPath(dirname(made));
  const aside = asideOf(file);
  try {
    writeAside(aside, content, mode);
  } catch (error) {
    removeAside(aside);
    throw named(error, file);
  }
  return {
    commit: () => {
      try {
        // A run that begins sweeps away what it takes for a killed call's.
        if (!existsSync(aside)) writeAside(aside, content, mode);
        renameSync(aside, file);
      } catch (error) {
        removeAside(aside);
        throw named(error, file);
      }
      try {
        syncPath(folder);
      } catch (error) {
        throw named(error, file);
      }
    },
    abandon: () => removeAside(aside),
  };
}

function writeAside(aside: string, content: string, mode: number): void {
  rmSync(aside, { force: true }); // of another user's call that was killed, or a link that somebody has put there
  const fd = openSync(aside, 'wx', mode);
  try {
    fchmodSync(fd, mode);
    const bytes = Buffer.from(content);
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Removes what a killed call left. What resists is told by the call that needs the name. */
export function removeAside(aside: string): void {
  try {
    rmSync(aside, { force: true });
  } catch {
    return; // the disk that refused the writing may refuse this too, and the first error tells more
  }
}

/** Calls on a descriptor fail without a name: `ENOSPC: no space left on device, write` does not tell which disk is full. */
function named(error: unknown, file: string): unknown {
  if (error instanceof Error && !('path' in error)) error.message += ` '${file}'`;
  return error;
}
