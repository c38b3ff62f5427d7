// Where what comes from outside waits until it is known to be good: a folder of its own for each download, locked while it lives. What a
// killed one left, the next download or upgrade removes.
import { chmodSync, existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { hasCode } from '../errors/cvtool-error.js';
import { tryLockFolder, type FolderLock } from './lock.js';
import { makeFolder } from './make-folder.js';
import type { HomePaths } from './paths.js';
import { removeTree } from './remove-tree.js';
import { removeEmptyFolders } from './replace-folder.js';
import { syncPath } from './sync.js';

export interface DownloadFolder {
  readonly path: string;
  /** Removes it, and what had to be made above it for its sake. */
  close(): void;
}

const prefix = 'download-';

/** On the home's file system, so that a rename suffices. @throws the system's error, HOST_NOT_READY */
export function openDownloadFolder(home: HomePaths): DownloadFolder {
  sweepDownloads(home);
  const made = makeFolder(home.state);
  for (const folder of made) {
    chmodSync(folder, 0o755); // whatever the umask is: another user may run the node
    syncPath(dirname(folder));
  }
  for (;;) {
    const path = mkdtempSync(join(home.state, prefix));
    const lock = lockIfThere(path);
    if (lock === undefined || !existsSync(path)) continue; // another sweep took it for a dead one's before it was locked
    return {
      path,
      close: () => {
        removeTree(path);
        lock.release();
        removeEmptyFolders(made);
      },
    };
  }
}

/** Removes the folders of downloads that were killed. @throws the system's error */
export function sweepDownloads(home: HomePaths): void {
  for (const path of downloadFolders(home)) {
    const lock = lockIfThere(path);
    if (lock === undefined) continue; // somebody is at work in it
    try {
      removeTree(path);
    } catch (error) {
      if (!hasCode(error, 'EACCES', 'EPERM', 'EROFS')) throw error; // another user's: in nobody's way
    } finally {
      lock.release();
    }
  }
}

function lockIfThere(path: string): FolderLock | undefined {
  try {
    return tryLockFolder(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES')) return undefined;
    throw error;
  }
}

function downloadFolders({ state }: HomePaths): string[] {
  try {
    return readdirSync(state)
      .filter((name) => name.startsWith(prefix))
      .map((name) => join(state, name));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
