// One binary into the folder of an upgrade. It is filled in scratch and renamed: after a crash at any point there is no such
// folder, or one as it was, or one with the whole new binary. What a killed call left in scratch `mendStaging` removes.
import { chmodSync, constants, copyFileSync, lstatSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { hasCode } from '../errors/cvtool-error.js';
import { copyWhole } from './copy-whole.js';
import { makeFolder } from './make-folder.js';
import { binaryIn, targetFolder, type HomePaths, type StagingTarget } from './paths.js';
import { removeEmptyFolders, scratchFolder } from './replace-folder.js';
import { syncPath, syncTree } from './sync.js';

/**
 * Copies `file` into the scratch folder of `target`, 0755. The caller holds the lock of `home.cosmovisor`, and has swept scratch.
 * @throws the system's error
 */
export function fillBinary(home: HomePaths, target: StagingTarget, file: string): void {
  const scratch = scratchFolder(home, target);
  const binary = binaryIn(home, scratch);
  mkdirSync(dirname(binary), { recursive: true });
  for (const folder of [scratch, dirname(binary)]) chmodSync(folder, 0o755); // whatever the umask is: another user may run the node
  copyFileSync(file, binary, constants.COPYFILE_FICLONE);
  chmodSync(binary, 0o755);
  syncTree(scratch);
}

/**
 * Puts what was filled in its place: a new folder whole, into one that is there the binary alone.
 * @param stale names in that folder that told of the binary before, and go away with it
 * @throws the system's error; calling `fillBinary` and this again is safe
 */
export function publishBinary(home: HomePaths, target: StagingTarget, stale: readonly string[]): void {
  const made: string[] = [];
  try {
    publish(home, target, stale, made);
  } catch (error) {
    removeEmptyFolders(made);
    throw error;
  }
}

/** @param made is told the folders that had to be made, the innermost first */
function publish(home: HomePaths, target: StagingTarget, stale: readonly string[], made: string[]): void {
  const place = targetFolder(home, target);
  const scratch = scratchFolder(home, target);
  makeReadable(dirname(place), made);
  if (lstatSync(place, { throwIfNoEntry: false }) === undefined && renamed(scratch, place)) {
    return syncPath(dirname(place));
  }
  const binary = binaryIn(home, place);
  const filled = binaryIn(home, scratch);
  makeReadable(dirname(binary), made);
  for (const name of stale) rmSync(join(place, name), { force: true });
  syncPath(place); // they are gone before what they told of is
  if (renamed(filled, binary)) syncPath(dirname(binary));
  else copyWhole(filled, binary, 0o755);
}

function makeReadable(folder: string, made: string[]): void {
  for (const each of makeFolder(folder)) {
    made.unshift(each);
    chmodSync(each, (statSync(each).mode & 0o7777) | 0o755);
    syncPath(dirname(each));
  }
}

/** @returns false where the two lie on two file systems: `upgrades` may be a link to another disk */
function renamed(from: string, to: string): boolean {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (hasCode(error, 'EXDEV')) return false;
    throw error;
  }
}
