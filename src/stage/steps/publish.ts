// The last step: from the build folder into the home. Written beside its target, synced, renamed into place; nothing before
// the rename can be seen from outside, and whatever fails leaves the home as it was.
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import fsExtra from 'fs-extra';

import { CvtoolError, hasCode, messageOf } from '../../errors/cvtool-error.js';
import { manifestName, manifestText } from '../../evidence/manifest.js';
import { sameFiles, stagedFiles, type StagedFile } from '../../evidence/staged-files.js';
import { lockFolder } from '../../home/lock.js';
import { targetFolder, type HomePaths } from '../../home/paths.js';
import {
  mendLocked,
  publishScratch,
  removeEmptyFolders,
  removeScratch,
  scratchFolder,
} from '../../home/replace-folder.js';
import { syncTree } from '../../home/sync.js';
import { processesRunningFrom } from '../../host/running-from.js';
import { makeManifest } from '../make-manifest.js';
import type { Ready } from '../ready.js';
import type { Step } from '../step.js';

export interface Published {
  readonly folder: string;
  readonly files: readonly StagedFile[];
  /** The same bytes were there already. */
  readonly unchanged: boolean;
}

/** What the supervisor or the operator put into a staged folder, and what a new one takes over. */
const keptNames = ['upgrade-info.json'];

export const publish: Step<Ready, { published: Published }> = {
  title: 'Stage',
  async run(ready, { signal, progress }) {
    const { home } = ready.request;
    const made = makeFolders(home);
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
  const there = stagedFiles(place);
  if (sameFiles(there, files)) return { folder: place, files, unchanged: true };
  if (there.length > 0) refuseToReplace(place, there, files, request.force);
  const scratch = scratchFolder(home, target);
  try {
    fill(scratch, ready, files);
    for (const name of keptNames) {
      if (existsSync(join(place, name)))
        fsExtra.copySync(join(place, name), join(scratch, name), { preserveTimestamps: true });
    }
    syncTree(scratch);
    signal.throwIfAborted();
    publishScratch(home, target);
  } catch (error) {
    removeScratch(home);
    throw error;
  }
  return { folder: place, files, unchanged: false };
}

function fill(scratch: string, ready: Ready, files: readonly StagedFile[]): void {
  fsExtra.copySync(ready.collected.folder, scratch, { errorOnExist: true, overwrite: false });
  if (!sameFiles(stagedFiles(scratch), files)) throw new Error(`${scratch} does not hold what was copied there`);
  const manifest = join(scratch, manifestName);
  writeFileSync(manifest, manifestText(makeManifest(ready, files)));
  chmodSync(manifest, 0o644);
  for (const folder of [scratch, ...files.map(({ path }) => dirname(join(scratch, path)))]) chmodSync(folder, 0o755); // whatever the umask is
  for (const { path } of files) chmodSync(join(scratch, path), 0o755);
}

function refuseToReplace(
  place: string,
  there: readonly StagedFile[],
  files: readonly StagedFile[],
  force: boolean,
): void {
  if (!force) {
    const line = ({ path, sha256 }: StagedFile): string =>
      `${path} sha256 ${sha256 === '' ? '(no regular file)' : sha256}`;
    throw new CvtoolError('TARGET_DIFFERS', `${place} holds something else already`, {
      details: [...there.map((file) => `there:  ${line(file)}`), ...files.map((file) => `built:  ${line(file)}`)],
      hint: 'Run it with --force to put the new one in its place.',
    });
  }
  const [pid] = processesRunningFrom(place);
  if (pid === undefined) return;
  throw new CvtoolError('TARGET_IN_USE', `${place} is in use: process ${pid} runs from it`, {
    hint: 'Stop the node first, then stage again with --force.',
  });
}

/** @returns the folders that had to be made, the innermost first */
function makeFolders(home: HomePaths): string[] {
  const missing: string[] = [];
  for (let at = home.cosmovisor; !existsSync(at); at = dirname(at)) missing.push(at);
  try {
    mkdirSync(home.cosmovisor, { recursive: true, mode: 0o755 });
  } catch (error) {
    throw asHomeProblem(error, home.root);
  }
  return missing;
}

function asHomeProblem(error: unknown, home: string): unknown {
  if (hasCode(error, 'ENOSPC', 'EDQUOT')) {
    return new CvtoolError('NO_SPACE', `the disk of ${home} is full`, {
      hint: 'Nothing was staged. Make room, then run it again.',
      cause: error,
    });
  }
  if (hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST')) {
    return new CvtoolError('HOME_UNWRITABLE', `${home} cannot be written: ${messageOf(error)}`, {
      hint: 'Nothing was staged. Run it as the user that owns the home.',
      cause: error,
    });
  }
  return error;
}
