// One folder a build under the cache: checkout, log, what was collected. It is locked by its build, so that what a killed one
// left can be told from what is in use, and goes away at the next.
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { tryLockFolder } from '../home/lock.js';

export interface BuildFolder {
  readonly folder: string;
  /** The full log of the build commands. */
  readonly log: string;
  /** Removes the folder, or leaves it where `keep`; lets its lock go. */
  close(keep: boolean): void;
}

/** A fresh folder below `buildsFolder`; what killed builds left there is removed. */
export function openBuildFolder(buildsFolder: string, logsFolder: string): BuildFolder {
  mkdirSync(buildsFolder, { recursive: true });
  removeLeftBuilds(buildsFolder);
  const folder = mkdtempSync(join(buildsFolder, 'build-'));
  const lock = tryLockFolder(folder);
  if (lock === undefined) throw new Error(`the new folder ${folder} is locked`);
  mkdirSync(logsFolder, { recursive: true });
  return {
    folder,
    log: join(logsFolder, `${folder.slice(folder.lastIndexOf('/') + 1)}.log`),
    close: (keep) => {
      if (!keep) removeFolder(folder);
      lock.release();
    },
  };
}

/** Removes the build folders that no process holds. */
function removeLeftBuilds(buildsFolder: string): void {
  for (const name of readdirSync(buildsFolder)) {
    const folder = join(buildsFolder, name);
    if (name.startsWith('kept-')) continue;
    const lock = tryLockFolder(folder);
    if (lock === undefined) continue;
    removeFolder(folder);
    lock.release();
  }
}

/** Keeps a build's folder beyond its build, under a name that says so. @returns the new path */
export function keepBuildFolder(folder: string): string {
  const kept = join(folder, '..', folder.slice(folder.lastIndexOf('/') + 1).replace(/^build-/, 'kept-'));
  renameSync(folder, kept);
  return kept;
}

/** Moved aside first: a folder that is half removed must not be taken for a build. */
function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
}
