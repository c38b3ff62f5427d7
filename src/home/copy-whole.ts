// As write-whole.ts, for a file that is copied: the name holds the old bytes or all of the new ones.
import { chmodSync, constants, copyFileSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { syncPath } from './sync.js';

/**
 * @param mode of the copy, whatever that of the source and the umask are
 * @throws the system's error, as it is; the name then holds what it held, and nothing temporary is left
 */
export function copyWhole(from: string, to: string, mode: number): void {
  const folder = dirname(to);
  const aside = join(folder, `.${basename(to)}.cvtool-new`);
  try {
    rmSync(aside, { force: true }); // of a call that was killed: its mode may forbid to write it
    copyFileSync(from, aside, constants.COPYFILE_FICLONE);
    chmodSync(aside, mode);
    syncPath(aside);
    renameSync(aside, to);
  } catch (error) {
    rmSync(aside, { force: true });
    throw error;
  }
  syncPath(folder);
}
