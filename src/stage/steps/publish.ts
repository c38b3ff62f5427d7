// The last step: from the build folder into the home. Written beside its target, synced, renamed into place; nothing before
// the rename can be seen from outside, and whatever fails leaves the home as it was.
import { chmodSync, lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import fsExtra from 'fs-extra';

import { CvtoolError, hasCode, messageOf } from '../../errors/cvtool-error.js';
import { documentsOf } from '../../evidence/documents.js';
import { documentNames } from '../../evidence/manifest.js';
import { sameFiles, stagedFiles, type StagedFile } from '../../evidence/staged-files.js';
import { lockFolder } from '../../home/lock.js';
import { makeFolder } from '../../home/make-folder.js';
import { targetFolder, type HomePaths, type StagingTarget } from '../../home/paths.js';
import { mendLocked, publishScratch, removeEmptyFolders, scratchFolder } from '../../home/replace-folder.js';
import { syncTree } from '../../home/sync.js';
import { isWithin } from '../../verify/hidden-folders.js';
import { makeManifest } from '../make-manifest.js';
import { mayReplace } from '../occupant.js';
import type { Ready } from '../ready.js';
import type { Step } from '../step.js';

export interface Published {
  readonly folder: string;
  readonly files: readonly StagedFile[];
  /** The same bytes were there already. */
  readonly unchanged: boolean;
}

export const publish: Step<Ready, { published: Published }> = {
  title: 'Stage',
  async run(ready, { signal, progress }) {
    const { home, target } = ready.request;
    const made = makeFolders(home, target);
    try {
      const lock = await lockFolder(home.cosmovisor, signal, (holder) =>
        progress(`waiting for process ${holder ?? 'unknown'}, which is staging into this home`),
      );
      try {
        mendLocked(home);
        return { published: publishLocked(ready, signal) };
      } finally {
        lock.release();
      }
    } catch (error) {
      removeEmptyFolders(made);
      throw asHomeProblem(error, home.root);
    }
  },
  outcome: ({ published: { folder, unchanged } }) => (unchanged ? `${folder} holds the same bytes already` : folder),
};

function publishLocked(ready: Ready, signal: AbortSignal): Published {
  const { request, collected } = ready;
  const { home, target } = request;
  const place = targetFolder(home, target);
  const files = stagedFiles(collected.folder);
  if (!mayReplace(place, files, request)) return { folder: place, files, unchanged: true };
  const scratch = scratchFolder(home, target);
  try {
    fill(scratch, ready, files);
    takeOver(place, scratch);
    syncTree(scratch);
    signal.throwIfAborted();
    publishScratch(home, target);
  } catch (error) {
    mendLocked(home); // not only a removal: where an old folder waits aside it goes back
    throw error;
  }
  return { folder: place, files, unchanged: false };
}

/** What a staging makes anew; all else in the place (upgrade-info.json, notes) is the supervisor's or the operator's. */
const ownNames: readonly string[] = ['bin', 'lib', ...documentNames];

function takeOver(place: string, scratch: string): void {
  if (lstatSync(place, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  for (const name of readdirSync(place).filter((name) => !ownNames.includes(name)))
    fsExtra.copySync(join(place, name), join(scratch, name), { preserveTimestamps: true });
}

function fill(scratch: string, ready: Ready, files: readonly StagedFile[]): void {
  fsExtra.copySync(ready.collected.folder, scratch, { errorOnExist: true, overwrite: false });
  if (!sameFiles(stagedFiles(scratch), files)) throw new Error(`${scratch} does not hold what was copied there`);
  for (const { name, text } of documentsOf(makeManifest(ready, files), scratch)) {
    writeFileSync(join(scratch, name), text);
    chmodSync(join(scratch, name), 0o644);
  }
  for (const folder of [scratch, ...files.map(({ path }) => dirname(join(scratch, path)))]) chmodSync(folder, 0o755); // whatever the umask is
  for (const { path } of files) chmodSync(join(scratch, path), 0o755);
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
    return new CvtoolError('NO_SPACE', `the disk of ${home} is full`, {
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
  if (hasCode(error, 'ENOTDIR', 'EEXIST', 'ENOENT', 'ELOOP', 'ENAMETOOLONG', 'EBUSY', 'EIO')) {
    return new CvtoolError('HOME_UNWRITABLE', `${home} cannot be used: ${messageOf(error)}`, {
      hint: 'Nothing was staged. Look at what lies there.',
      cause: error,
    });
  }
  return error;
}
