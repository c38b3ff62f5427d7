// The cache's parts: sizes, and their removal. What is in use stays.
import { chmodSync, existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import type { CacheFolders } from '../config/folders.js';
import { tryLockFolder } from '../home/lock.js';

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
  /** Mirrors and builds that a running cvtool holds, which were left. */
  readonly inUse: readonly string[];
}

export function cacheSizes({ mirrors, builds, toolchains, logs }: CacheFolders): CacheSizes {
  return { mirrors: sizeOf(mirrors), builds: sizeOf(builds), toolchains: sizeOf(toolchains), logs: sizeOf(logs) };
}

/** Removes mirrors, builds, toolchains and logs, but for mirrors and builds in use; while one is, toolchains stay too. */
export async function pruneCache(folders: CacheFolders): Promise<Pruned> {
  const before = sizeOf(folders.root);
  const inUse = [...removeUnlocked(folders.mirrors), ...removeUnlocked(folders.builds)];
  if (inUse.length === 0) {
    for (const folder of [folders.toolchains, folders.logs, folders.alias]) removeTree(folder);
  }
  return { freed: Math.max(0, before - sizeOf(folders.root)), inUse };
}

/** @returns those that are locked */
function removeUnlocked(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .map((name) => join(folder, name))
    .filter((path) => {
      const lock = lstatSync(path).isDirectory() ? tryLockFolder(path) : { release: () => undefined };
      if (lock === undefined) return true;
      removeTree(path);
      lock.release();
      return false;
    });
}

/** Go makes the folders of its module cache read-only, so that they cannot be emptied as they are. */
function removeTree(folder: string): void {
  if (!existsSync(folder)) return;
  makeWritable(folder);
  rmSync(folder, { recursive: true, force: true });
}

function makeWritable(path: string): void {
  if (!lstatSync(path).isDirectory()) return;
  chmodSync(path, 0o755);
  for (const name of readdirSync(path)) makeWritable(join(path, name));
}

function sizeOf(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 0;
  const own = stat.blocks * 512;
  return stat.isDirectory() ? readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), own) : own;
}
