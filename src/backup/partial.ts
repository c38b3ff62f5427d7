// Partial backups: folders named `….partial`, each with a mark that says whose it is. One supervisor locks a home, so a partial
// backup of this home that is there when a new one begins was left by a run that was killed; those of other homes, which may
// share the folder, are left alone.
import { lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync } from 'node:fs';

import { CvtoolError, hasCode, isSystemError, messageOf } from '../errors/cvtool-error.js';
import { below, bytePath, forSystem, shown, type BytePath } from './bytes.js';
import { reading, writing } from './failure.js';
import {
  backupName,
  parseBackupName,
  suffixesFor,
  type BackupPlan,
  type BackupSuffix,
  type TreeName,
} from './names.js';
import { startPace, type Pace } from './pace.js';
import { homeOf, markPartial, recordName } from './record.js';
import { removeFolder } from './remove.js';

/**
 * Removes what a killed run left of this home's backups. What resists is no reason to make none.
 * @returns what could not be removed, and why
 */
export async function removeLeftovers(dir: BytePath, home: string, pace: Pace): Promise<string[]> {
  const resisting: string[] = [];
  for (const name of namesIn(dir)) {
    const parsed = parseBackupName(shown(name));
    if (parsed?.partial !== true) continue;
    try {
      await removeLeftover(dir, name, home, pace);
    } catch (error) {
      if (!(error instanceof CvtoolError) && !isSystemError(error)) throw error;
      resisting.push(messageOf(error));
    }
  }
  return resisting;
}

async function removeLeftover(dir: BytePath, name: BytePath, home: string, pace: Pace): Promise<void> {
  const folder = below(dir, name);
  const owner = homeOf(folder);
  if (owner === undefined) return removeIfEmpty(folder);
  if (owner !== home) return;
  const whole = bytePath(shown(name).replace(/^data(.*)\.partial$/, 'wasm$1')); // renamed first: see publish
  if (whole !== name && homeOf(below(dir, whole)) === home) {
    const again = bytePath(`${whole}.partial`);
    renameSync(forSystem(below(dir, whole)), forSystem(below(dir, again)));
    await removeFolder(below(dir, again), recordName, pace);
  }
  await removeFolder(folder, recordName, pace);
}

/** A run that was killed before it could mark its folder. One that is at work takes another name (`makePartials`). */
function removeIfEmpty(folder: BytePath): void {
  try {
    rmdirSync(forSystem(folder));
  } catch (error) {
    if (!hasCode(error, 'ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'ENOENT')) throw error;
  }
}

/**
 * Makes a marked folder for each tree, under a suffix that nobody has taken.
 * @param made is filled with the folders as they are made, so that a failure can remove them
 */
export async function makePartials(
  dir: BytePath,
  home: string,
  trees: readonly TreeName[],
  { now, plan, made }: { now: Date; plan: BackupPlan | undefined; made: BytePath[] },
): Promise<BackupSuffix> {
  const taken = new Set(namesIn(dir));
  for (const suffix of suffixesFor(now, plan)) {
    const names = [...allTrees.map((tree) => wholeName(tree, suffix)), ...allTrees.map((t) => partialName(t, suffix))];
    if (names.some((name) => taken.has(name))) continue;
    if (trees.every((tree) => makePartial(below(dir, partialName(tree, suffix)), home, made))) return suffix;
    await removePartials(made);
  }
  throw new Error('suffixesFor has an end');
}

const allTrees = ['data', 'wasm'] as const;

/** @returns false where somebody else was quicker: has made it, or has removed it as an empty one that nobody owns */
function makePartial(folder: BytePath, home: string, made: BytePath[]): boolean {
  return writing(folder, () => {
    try {
      mkdirSync(forSystem(folder), 0o700);
      made.push(folder);
      markPartial(folder, home);
      return true;
    } catch (error) {
      const isQuicker = hasCode(error, 'EEXIST') || (hasCode(error, 'ENOENT') && made.at(-1) === folder);
      if (isQuicker) return false;
      throw error;
    }
  });
}

/** @throws the system's error @param made is emptied */
export async function removePartials(made: BytePath[]): Promise<void> {
  for (const folder of made.splice(0)) {
    if (isThere(folder)) await removeFolder(folder, recordName, startPace(undefined));
  }
}

export function partialName(tree: TreeName, suffix: BackupSuffix): BytePath {
  return bytePath(backupName({ ...suffix, tree, partial: true }));
}

export function wholeName(tree: TreeName, suffix: BackupSuffix): BytePath {
  return bytePath(backupName({ ...suffix, tree, partial: false }));
}

export function isThere(path: BytePath): boolean {
  return writing(path, () => lstatSync(forSystem(path), { throwIfNoEntry: false })) !== undefined;
}

export function namesIn(dir: BytePath): BytePath[] {
  return reading(dir, () => readdirSync(forSystem(dir), 'latin1')) as BytePath[];
}
