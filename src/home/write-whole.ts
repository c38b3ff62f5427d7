// A file that is there whole or not at all: temporary name, fsync, rename, fsync of the folder. After a crash at any point the
// name holds the old bytes or the new ones.
import { closeSync, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
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
  const folder = dirname(file);
  for (const made of makeFolder(folder)) syncPath(dirname(made));
  const aside = asideOf(file);
  try {
    const fd = openSync(aside, 'w', mode);
    try {
      fchmodSync(fd, mode);
      const bytes = Buffer.from(content);
      for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
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
