// The cache's parts: sizes, and their removal. What is in use stays.
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import type { CacheFolders } from '../config/folders.js';
import { CvtoolError, hasCode, messageOf } from '../errors/cvtool-error.js';
import { tryLockFolder } from '../home/lock.js';
import { removeTree } from '../home/remove-tree.js';

/** In bytes, as the files take up on disk. */
export interface CacheSizes {
  readonly mirrors: number;
  readonly builds: number;
  readonly toolchains: number;
  readonly logs: number;
}

export interface Pruned {
  /** Bytes that are free again. */
  readonly freed: number;
  /** Builds or mirrors that a running cvtool holds, for which the rest was left too. */
  readonly inUse: readonly string[];
}

export function cacheSizes({ mirrors, builds, toolchains, logs }: CacheFolders): CacheSizes {
  return { mirrors: sizeOf(mirrors), builds: sizeOf(builds), toolchains: sizeOf(toolchains), logs: sizeOf(logs) };
}

/**
 * Removes builds, mirrors, toolchains and logs. While a build is at work all but the other builds stays: it may be about to
 * clone from its mirror, and its Go may be one of the toolchains.
 * @throws HOME_UNWRITABLE
 */
export function pruneCache(folders: CacheFolders): Pruned {
  try {
    const before = sizeOf(folders.root);
    let inUse = removeUnlocked(folders.builds);
    if (inUse.length === 0) inUse = removeUnlocked(folders.mirrors);
    if (inUse.length === 0) for (const folder of [folders.toolchains, folders.logs, folders.alias]) removeTree(folder);
    return { freed: Math.max(0, before - sizeOf(folders.root)), inUse };
  } catch (error) {
    if (!hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'EBUSY')) throw error;
    throw new CvtoolError('HOME_UNWRITABLE', `the cache ${folders.root} cannot be emptied: ${messageOf(error)}`, {
      hint: 'Run it as the user that owns the cache.',
      cause: error,
    });
  }
}

/** @returns those that are locked */
function removeUnlocked(folder: string): string[] {
  return entriesOf(folder)
    .map((name) => join(folder, name))
    .filter((path) => {
      const lock = isFolder(path) ? tryLockFolder(path) : { release: () => undefined };
      if (lock === undefined) return true;
      removeTree(path);
      lock.release();
      return false;
    });
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function sizeOf(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  const own = stat.blocks * 512;
  return stat.isDirectory() ? entriesOf(path).reduce((sum, name) => sum + sizeOf(join(path, name)), own) : own;
}

/** A running build may have taken the folder away since it was seen. */
function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
