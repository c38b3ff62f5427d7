// A lock on a folder, held by an open descriptor: it ends with its holder, however that ends, and leaves no file behind.
// flock(2) by util-linux's flock, which locks the open file that it is handed and leaves it locked to us.
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { once } from 'node:events';

import { CvtoolError, hasCode } from '../errors/cvtool-error.js';

export interface FolderLock {
  release(): void;
}

/** @returns undefined where somebody else holds the lock @throws HOST_NOT_READY without flock, or where the file system has no locks */
export function tryLockFolder(folder: string): FolderLock | undefined {
  const fd = openFolder(folder);
  const { status, signal, error } = spawnSync('flock', ['-n', '-x', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', fd],
  });
  if (status === 0) return { release: () => closeSync(fd) };
  closeSync(fd);
  if (error !== undefined) throw noFlock(error);
  if (status === 1 || signal !== null) return undefined; // flock(1): 1 is somebody else's; a signal was meant for us
  throw cannotLock(folder, status);
}

/**
 * Waits for the lock until `signal` aborts.
 * @param onWait is told once that somebody else has it, and who, where that can be seen
 * @throws HOST_NOT_READY without flock, or the signal's reason
 */
export async function lockFolder(
  folder: string,
  signal: AbortSignal,
  onWait: (holder: number | undefined) => void,
): Promise<FolderLock> {
  const free = tryLockFolder(folder);
  if (free !== undefined) return free;
  onWait(lockHolder(folder));
  const fd = openFolder(folder);
  try {
    const child = spawn('flock', ['-x', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd], signal });
    const [status] = (await once(child, 'exit')) as [number | null];
    if (status !== 0) throw cannotLock(folder, status);
    return { release: () => closeSync(fd) };
  } catch (error) {
    closeSync(fd);
    signal.throwIfAborted();
    throw error;
  }
}

/** The process that has `folder` open under a lock, as far as /proc shows it to us. */
function lockHolder(folder: string): number | undefined {
  const target = realpathSync(folder);
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    for (const fd of listOf(`/proc/${pid}/fd`)) {
      if (textOf(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) !== target) continue;
      if (textOf(() => readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8')).includes('FLOCK')) return Number(pid);
    }
  }
  return undefined;
}

function openFolder(folder: string): number {
  return openSync(folder, constants.O_RDONLY | constants.O_DIRECTORY);
}

function listOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // a process that ended meanwhile, or another user's: not shown to us
  }
}

function textOf(read: () => string): string {
  try {
    return read();
  } catch {
    return ''; // as above
  }
}

function cannotLock(folder: string, status: number | null): CvtoolError {
  return new CvtoolError('HOST_NOT_READY', `${folder} cannot be locked: flock ended with status ${String(status)}`, {
    hint: 'Its file system must have locks (flock(2)): a network file system may be mounted without them.',
  });
}

function noFlock(cause: Error): CvtoolError {
  if (!hasCode(cause, 'ENOENT'))
    return new CvtoolError('HOST_NOT_READY', `the command flock cannot be run: ${cause.message}`, { cause });
  return new CvtoolError('HOST_NOT_READY', 'the command flock is missing', {
    hint: 'Install util-linux: apt-get install util-linux, or dnf install util-linux-core.',
    cause,
  });
}
