// Whoever reads the list of manual plans in order to write it anew holds this lock meanwhile: the supervisor takes plans off while
// commands add some, and neither may lose what the other has done. It lies on the folder `data`, and leaves nothing behind.
import { CvtoolError } from '../errors/cvtool-error.js';
import { tryLockFolder, type FolderLock } from './lock.js';
import type { HomePaths } from './paths.js';

/** Milliseconds; who holds it needs some ten. */
const limit = 5000;
const interval = 20;

/**
 * Waits for the lock, up to 5 s, blocking: it is held for some file calls.
 * @returns undefined where it cannot be had: somebody was stopped while he held it, or the file system has no locks
 * @throws the system's error where there is no folder `data`
 */
export function lockPlanList(home: HomePaths): FolderLock | undefined {
  const deadline = performance.now() + limit;
  try {
    for (;;) {
      const lock = tryLockFolder(home.data);
      if (lock !== undefined || performance.now() > deadline) return lock;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, interval);
    }
  } catch (error) {
    if (error instanceof CvtoolError) return undefined;
    throw error;
  }
}
