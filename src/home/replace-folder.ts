// Puts a whole staged folder in the place of another. After a crash at any point the target is the old folder or the new
// one, or absent with the old one waiting in `.cvtool-staging/old`, whence `mendStaging` brings it back.
import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { hasCode } from '../errors/cvtool-error.js';
import { tryLockFolder } from './lock.js';
import { targetFolder, targetName, type HomePaths, type StagingTarget } from './paths.js';
import { removeTree } from './remove-tree.js';
import { syncPath, syncTree } from './sync.js';

/** Where a new folder for `target` is filled: on the same file system, under the same parent, so that a rename suffices. */
export function scratchFolder(home: HomePaths, target: StagingTarget): string {
  return join(home.staging, 'new', targetName(target));
}

function asideFolder(home: HomePaths, target: StagingTarget): string {
  return join(home.staging, 'old', targetName(target));
}

/**
 * Renames the scratch folder of `target` (filled and synced) to its place; what was there is moved aside, then removed.
 * The caller holds the lock of `home.cosmovisor`.
 * @throws the system's error, as it is; the old folder is then back in its place
 */
export function publishScratch(home: HomePaths, target: StagingTarget): void {
  const place = targetFolder(home, target);
  const aside = asideFolder(home, target);
  mkdirSync(dirname(place), { recursive: true });
  syncPath(home.cosmovisor);
  if (isThere(place)) {
    mkdirSync(dirname(aside), { recursive: true });
    removeTree(aside); // of a run that was killed after its new folder was in place
    renameSync(place, aside);
  }
  try {
    moveFolder(scratchFolder(home, target), place);
  } catch (error) {
    if (isThere(aside)) renameSync(aside, place);
    throw error;
  }
  syncPath(dirname(place));
  removeScratch(home);
}

/** One rename, or a copy and one where the two lie on two file systems: `upgrades` may be a link to another disk. */
function moveFolder(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!hasCode(error, 'EXDEV')) throw error;
    const beside = join(dirname(to), `.${basename(to)}.cvtool-new`);
    removeTree(beside); // of a run that was killed
    try {
      cpSync(from, beside, { recursive: true, verbatimSymlinks: true });
      syncTree(beside);
      renameSync(beside, to);
    } catch (problem) {
      removeTree(beside);
      throw problem;
    }
  }
}

/** Removes the scratch of a staging; whatever is worth keeping has been put in its place before. */
export function removeScratch(home: HomePaths): void {
  removeTree(home.staging);
}

/**
 * Ends what a killed staging left: an old folder whose place is empty goes back, the rest is scratch and goes away.
 * Does nothing while another staging is at work (it holds the lock).
 * @returns the names of the folders that were put back
 */
export function mendStaging(home: HomePaths): readonly string[] {
  if (!existsSync(home.staging)) return [];
  const lock = tryLockFolder(home.cosmovisor);
  if (lock === undefined) return [];
  try {
    return mendLocked(home);
  } finally {
    lock.release();
  }
}

/** As `mendStaging`, for a caller that holds the lock. */
export function mendLocked(home: HomePaths): readonly string[] {
  const old = join(home.staging, 'old');
  const waiting = [
    ...(isThere(join(old, 'genesis')) ? ['genesis'] : []),
    ...entriesOf(join(old, 'upgrades')).map((name) => `upgrades/${name}`),
  ];
  const back = waiting.filter((name) => !isThere(join(home.cosmovisor, name)));
  for (const name of back) {
    renameSync(join(old, name), join(home.cosmovisor, name));
    syncPath(dirname(join(home.cosmovisor, name)));
  }
  removeScratch(home);
  return back;
}

/** Removes folders that a failed staging made and that hold nothing: `upgrades`, `cosmovisor`, the home itself. */
export function removeEmptyFolders(folders: readonly string[]): void {
  for (const folder of folders) {
    try {
      rmdirSync(folder);
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'ENOTEMPTY', 'EEXIST')) throw error;
    }
  }
}

/** A link that leads nowhere is there too: moved aside, a relative one leads nowhere until it is back. */
function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}
