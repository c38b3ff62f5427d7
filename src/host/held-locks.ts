// Is a file or folder locked by somebody? The kernel's own list of locks tells (proc(5), /proc/locks), without a lock being tried.
import { readFileSync, statSync } from 'node:fs';

import { hasCode } from '../errors/cvtool-error.js';

/**
 * By the inode alone: of btrfs and overlayfs stat(2) tells another device than this list does. Somebody else's lock on a file of
 * another disk may be taken for one on this; both uses of the answer can live with that.
 * @returns undefined where it cannot be known: no such list, no such file
 */
export function isLocked(path: string): boolean | undefined {
  try {
    const { ino } = statSync(path, { bigint: true });
    const place = new RegExp(`^\\d+: +\\S+ .* [0-9a-f]+:[0-9a-f]+:${ino} `); // a waiter's line has `->` after the number
    return readFileSync('/proc/locks', 'utf8')
      .split('\n')
      .some((line) => !line.includes('->') && place.test(line));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return undefined;
    throw error;
  }
}
