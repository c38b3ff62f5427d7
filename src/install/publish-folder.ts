// Puts a whole folder in a target's place. It is filled beside it, synced, renamed; nothing before the rename can be seen from outside,
// and whatever fails leaves the home as it was.
import { chmodSync, existsSync, lstatSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

import fsExtra from 'fs-extra';

import { CvtoolError, hasCode, messageOf } from '../errors/cvtool-error.js';
import { systemReason } from '../errors/system-reason.js';
import { documentNames } from '../evidence/manifest.js';
import type { StagedFile } from '../evidence/staged-files.js';
import { lockFolder } from '../home/lock.js';
import { makeFolder } from '../home/make-folder.js';
import { targetFolder, type HomePaths, type StagingTarget } from '../home/paths.js';
import { mendLocked, publishScratch, removeEmptyFolders, scratchFolder } from '../home/replace-folder.js';
import { syncTree } from '../home/sync.js';
import { isWithin } from '../verify/hidden-folders.js';
import { mayReplace } from './may-replace.js';

export interface FolderToPublish {
  readonly home: HomePaths;
  readonly target: StagingTarget;
  /** What is in bin/ and lib/ of it. */
  readonly files: readonly StagedFile[];
  /** Also where other files are there. */
  readonly force: boolean;
  /** Makes the folder at this path, which is not there yet. */
  readonly fill: (scratch: string) => void;
}

export interface Published {
  readonly folder: string;
  readonly files: readonly StagedFile[];
  /** The same bytes were there already. */
  readonly unchanged: boolean;
}

/**
 * @param onWait is told once that process `holder` has the home's lock
 * @throws TARGET_DIFFERS, TARGET_IN_USE, NO_SPACE, HOME_UNWRITABLE, what `fill` throws, the signal's reason: nothing was changed
 */
export async function publishFolder(
  publishing: FolderToPublish,
  signal: AbortSignal,
  onWait: (holder: number | undefined) => void,
): Promise<Published> {
  const { home, target } = publishing;
  const made = makeFolders(home, target);
  try {
    const lock = await lockFolder(home.cosmovisor, signal, onWait);
    try {
      mendLocked(home);
      return publishLocked(publishing, signal);
    } finally {
      lock.release();
    }
  } catch (error) {
    removeEmptyFolders(made);
    throw asHomeProblem(error, home.root);
  }
}

function publishLocked({ home, target, files, force, fill }: FolderToPublish, signal: AbortSignal): Published {
  const folder = targetFolder(home, target);
  if (!mayReplace(folder, files, { force })) return { folder, files, unchanged: true };
  const scratch = scratchFolder(home, target);
  try {
    for (const each of makeFolder(dirname(scratch))) chmodSync(each, 0o755);
    fill(scratch);
    takeOver(folder, scratch);
    syncTree(scratch);
    signal.throwIfAborted();
    publishScratch(home, target);
  } catch (error) {
    mendLocked(home); // not only a removal: where an old folder waits aside it goes back
    throw error;
  }
  return { folder, files, unchanged: false };
}

/** What is made anew; all else in the place (upgrade-info.json, notes) is the supervisor's or the operator's. */
const ownNames: readonly string[] = ['bin', 'lib', ...documentNames];

function takeOver(place: string, scratch: string): void {
  if (lstatSync(place, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  for (const name of readdirSync(place).filter((name) => !ownNames.includes(name) && !existsSync(join(scratch, name))))
    fsExtra.copySync(join(place, name), join(scratch, name), { preserveTimestamps: true });
}

/** @returns the folders that had to be made, the innermost first */
function makeFolders(home: HomePaths, target: StagingTarget): string[] {
  try {
    const made = makeFolder(dirname(targetFolder(home, target)));
    // whatever the umask is: another user may run the node. The home itself holds keys, and is left to the umask
    for (const folder of made) if (isWithin(folder, home.cosmovisor)) chmodSync(folder, 0o755);
    return made;
  } catch (error) {
    throw asHomeProblem(error, home.root);
  }
}

function asHomeProblem(error: unknown, home: string): unknown {
  if (hasCode(error, 'ENOSPC', 'EDQUOT')) {
    return new CvtoolError('NO_SPACE', `the disk of ${home} is full: ${systemReason(error)}`, {
      hint: 'Nothing was staged. Make room, then run it again.',
      cause: error,
    });
  }
  if (hasCode(error, 'EACCES', 'EPERM', 'EROFS')) {
    return new CvtoolError('HOME_UNWRITABLE', `${home} cannot be written: ${messageOf(error)}`, {
      hint: 'Nothing was staged. Run it as the user that owns the home.',
      cause: error,
    });
  }
  if (hasCode(error, 'ENOTDIR', 'EEXIST', 'ENOENT', 'ELOOP', 'ENAMETOOLONG', 'EBUSY', 'EXDEV', 'EIO')) {
    return new CvtoolError('HOME_UNWRITABLE', `${home} cannot be used: ${messageOf(error)}`, {
      hint: 'Nothing was staged. Look at what lies there.',
      cause: error,
    });
  }
  return error;
}
