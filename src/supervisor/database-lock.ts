// Is a database of the node still locked? Asked of the kernel's own list of locks (proc(5), /proc/locks), which knows flock's and
// fcntl's alike, without touching a file.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { CvtoolError } from '../errors/cvtool-error.js';
import type { HomePaths } from '../home/paths.js';

export interface HeldLock {
  readonly file: string;
  readonly pid: number;
}

/** @throws TARGET_IN_USE that names the process which has a database of the home open */
export function refuseHeldDatabase(home: HomePaths): void {
  const held = heldDatabaseLock(home.data);
  if (held === undefined) return;
  throw new CvtoolError('TARGET_IN_USE', `${held.file} is locked by process ${held.pid}: a node runs on this data`, {
    hint: 'Stop that process first.',
  });
}

/** The LOCK file below `data` that a process holds, and that process; undefined where none is held. */
export function heldDatabaseLock(data: string): HeldLock | undefined {
  const files = lockFiles(data);
  if (files.length === 0 || !existsSync('/proc/locks')) return undefined;
  const held = new Map<string, number>();
  for (const line of readFileSync('/proc/locks', 'utf8').split('\n')) {
    const [, pid, place] = /^\d+: +\S+ +\S+ +\S+ +(-?\d+) +([0-9a-f]+:[0-9a-f]+:\d+) /.exec(line) ?? [];
    if (pid !== undefined && place !== undefined) held.set(place, Number(pid));
  }
  if (held.size === 0) return undefined;
  for (const file of files) {
    const place = placeOf(file);
    const pid = place === undefined ? undefined : held.get(place);
    if (pid !== undefined) return { file, pid };
  }
  return undefined;
}

/** `major:minor:inode` as /proc/locks writes it. */
function placeOf(file: string): string | undefined {
  const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return undefined; // removed meanwhile
  const { dev, ino } = stat;
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn);
  const minor = (dev & 0xffn) | ((dev >> 12n) & ~0xffn);
  const hex = (value: bigint): string => value.toString(16).padStart(2, '0');
  return `${hex(major)}:${hex(minor)}:${ino}`;
}

/** data/<name>.db/LOCK, as each database of a node has one. */
function lockFiles(data: string): string[] {
  if (!existsSync(data)) return [];
  return readdirSync(data, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(data, entry.name, 'LOCK'))
    .filter((file) => existsSync(file));
}
