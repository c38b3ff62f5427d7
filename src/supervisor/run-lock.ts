// One supervisor a home: a lock on an open file, which ends with its holder however that ends.
import { closeSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { spawnSync } from 'node:child_process';

import { CvtoolError, hasCode, isSystemError, messageOf } from '../errors/cvtool-error.js';
import { makeFolder } from '../home/make-folder.js';
import { syncPath } from '../home/sync.js';
import { holdersOf } from './processes.js';

/**
 * Locks `file` for the life of this process, and writes its pid there.
 * @throws HOME_LOCKED that names the holder; HOST_NOT_READY without util-linux's flock; HOME_UNWRITABLE
 */
export function lockForRun(file: string, home: string): void {
  const fd = openLock(file);
  const { status, signal, error } = spawnSync('flock', ['-n', '-x', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', fd],
  });
  if (status === 0) return notePid(fd); // the descriptor stays open: it is the lock
  closeSync(fd);
  if (error !== undefined) {
    const isMissing = hasCode(error, 'ENOENT');
    throw new CvtoolError('HOST_NOT_READY', isMissing ? 'the command flock is missing' : error.message, {
      hint: 'Install util-linux: apt-get install util-linux, or dnf install util-linux-core.',
      cause: error,
    });
  }
  if (status !== 1 && signal === null) {
    throw new CvtoolError('HOST_NOT_READY', `${file} cannot be locked: flock ended with status ${String(status)}`, {
      hint: 'Its file system must have locks (flock(2)): a network file system may be mounted without them.',
    });
  }
  throw new CvtoolError('HOME_LOCKED', `another supervisor runs in ${home}: process ${holderOf(file)}`, {
    hint: 'One home has one supervisor: stop that one first.',
  });
}

function openLock(file: string): number {
  try {
    for (const made of makeFolder(dirname(file))) syncPath(dirname(made)); // what is kept there must not be lost with it
    return openSync(file, 'a+', 0o644);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new CvtoolError('HOME_UNWRITABLE', `the home cannot be locked: ${messageOf(error)}`, {
      hint: `${dirname(file)} must be a folder that the supervisor's user may write.`,
      cause: error,
    });
  }
}

/** For those who are refused. A full disk is no reason to run nothing. */
function notePid(fd: number): void {
  try {
    ftruncateSync(fd);
    writeSync(fd, `${process.pid}\n`);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}

/** The pid in the file may be that of the holder before, for a moment: those that have it open say more. */
function holderOf(file: string): string {
  const noted = readFileSync(file, 'utf8').trim();
  const holders = holdersOf(file).map(String);
  return holders.includes(noted) ? noted : (holders[0] ?? (noted === '' ? 'unknown' : noted));
}
