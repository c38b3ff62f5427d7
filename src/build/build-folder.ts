// One folder a build under the cache: checkout, log, what was collected. It is locked by its build, so that what a killed one
// left can be told from what is in use, and goes away at the next.
import { existsSync, mkdtempSync, readdirSync, renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { CvtoolError, hasCode, messageOf } from '../errors/cvtool-error.js';
import { tryLockFolder, type FolderLock } from '../home/lock.js';
import { makeFolder } from '../home/make-folder.js';
import { removeTree } from '../home/remove-tree.js';

export interface BuildFolder {
  readonly folder: string;
  /** The full log of the build commands. */
  readonly log: string;
  /** Removes the folder, or leaves it where `keep`; lets its lock go. */
  close(keep: boolean): void;
}

/**
 * A fresh folder below `buildsFolder`; what killed builds left there is removed.
 * @throws HOME_UNWRITABLE, NO_SPACE
 */
export function openBuildFolder(buildsFolder: string, logsFolder: string): BuildFolder {
  try {
    makeFolder(buildsFolder);
    makeFolder(logsFolder);
    removeLeftBuilds(buildsFolder);
    const { folder, lock } = makeLocked(buildsFolder);
    return {
      folder,
      log: join(logsFolder, `${shortName(folder, 'build')}.log`),
      close: (keep) => {
        if (!keep) removeTree(folder);
        lock.release();
      },
    };
  } catch (error) {
    throw asCacheProblem(error, dirname(buildsFolder));
  }
}

/**
 * The length, in bytes, of each build folder's path: what a Makefile links with the path of its checkout (a RUNPATH) has this
 * length in its layout, and so should not depend on where the cache lies. As long as the module cache's alias, for the same reasons.
 */
const folderLength = 200;

/** What mkdtemp(3) puts behind it is part of the length. A longer place for builds gets no filling: its builds may differ. */
function folderStart(buildsFolder: string): string {
  const start = join(buildsFolder, 'build-');
  const filling = folderLength - Buffer.byteLength(start) - '-XXXXXX'.length;
  return filling > 0 ? `${start}${'m'.repeat(filling)}-` : start;
}

/** The folder's name for people: under another prefix, without the filling. */
function shortName(folder: string, prefix: 'build' | 'kept'): string {
  return basename(folder).replace(/^build-(?:m+-)?/, `${prefix}-`);
}

/** Another cvtool may take a new folder for one that was left, as long as it is not locked: then another one is made. */
function makeLocked(buildsFolder: string): { folder: string; lock: FolderLock } {
  for (;;) {
    const folder = mkdtempSync(folderStart(buildsFolder));
    const lock = lockIfThere(folder);
    if (lock !== undefined && existsSync(folder)) return { folder, lock };
    lock?.release();
  }
}

/** Removes the build folders that no process holds. */
function removeLeftBuilds(buildsFolder: string): void {
  for (const name of readdirSync(buildsFolder).filter((name) => name.startsWith('build-'))) {
    const folder = join(buildsFolder, name);
    const lock = lockIfThere(folder);
    if (lock === undefined) continue;
    removeTree(folder);
    lock.release();
  }
}

/** @returns undefined where another cvtool holds the folder, or has removed it meanwhile */
function lockIfThere(folder: string): FolderLock | undefined {
  try {
    return tryLockFolder(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}

/** Keeps a build's folder beyond its build, under a name that says so. @returns the new path */
export function keepBuildFolder(folder: string): string {
  const kept = join(dirname(folder), shortName(folder, 'kept'));
  renameSync(folder, kept);
  return kept;
}

function asCacheProblem(error: unknown, cache: string): unknown {
  if (hasCode(error, 'ENOSPC', 'EDQUOT')) {
    return new CvtoolError('NO_SPACE', `the disk of the cache ${cache} is full`, {
      hint: 'Make room (`cvtool cache prune`), or point XDG_CACHE_HOME elsewhere.',
      cause: error,
    });
  }
  if (hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ENOENT', 'ELOOP', 'ENAMETOOLONG')) {
    return new CvtoolError('HOME_UNWRITABLE', `the cache ${cache} cannot be written: ${messageOf(error)}`, {
      hint: 'Run it as the user that owns the cache, or point XDG_CACHE_HOME elsewhere.',
      cause: error,
    });
  }
  return error;
}
