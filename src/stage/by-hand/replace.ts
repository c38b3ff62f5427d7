// Another binary in the place of a staged one: v2.0.7-2 in that of v2.0.7. The old one stays in a folder of its own that tells when,
// and what tells of it (manifest, sums, provenance, SBOM) goes aside with it; bringing it back brings that back.
import { existsSync, linkSync, readdirSync, renameSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { CvtoolError } from '../../errors/cvtool-error.js';
import { documentNames } from '../../evidence/manifest.js';
import { fillBinary, publishBinary } from '../../home/install-binary.js';
import { lockFolder } from '../../home/lock.js';
import { makeFolder } from '../../home/make-folder.js';
import { binaryIn, targetFolder, targetName, type HomePaths, type StagingTarget } from '../../home/paths.js';
import { removeTree } from '../../home/remove-tree.js';
import { mendLocked, removeScratch } from '../../home/replace-folder.js';
import { syncPath } from '../../home/sync.js';
import { asWriteProblem } from '../../home/write-problem.js';
import { haveSameBytes } from '../../verify/same-bytes.js';
import { checkFile, judgeFor, refuseUnfit, type Judging } from './judge.js';
import { tellFindings, worstByLevel, type Tell } from './tell.js';

export interface Replacement extends Judging {
  readonly target: StagingTarget;
  /** As it was given: relative to the working folder. */
  readonly file: string;
  /** Also what fails L0 or L1. */
  readonly force: boolean;
  /** For the kept one's name. */
  readonly now: Date;
}

/**
 * A node that runs goes on with the file that it has open; the next start takes the new one.
 * @throws USAGE, NOT_STAGED, VERIFY_FAILED: nothing was written; the signal's reason; NO_SPACE, HOME_UNWRITABLE: the old one is in
 *   its place, or the new one, whole
 */
export async function replaceByHand(request: Replacement, tell: Tell, signal: AbortSignal): Promise<void> {
  const { home, target, file } = request;
  checkFile({ file });
  const folder = targetFolder(home, target);
  const binary = binaryIn(home, folder);
  if (statSync(binary, { throwIfNoEntry: false })?.isFile() !== true) {
    throw new CvtoolError('NOT_STAGED', `there is nothing to replace at ${binary}`, {
      hint: 'Put a first one there with `cvtool stage-genesis`, `cvtool stage-upgrade <name>` or `cvtool add-upgrade <name> <path>`.',
    });
  }
  const lock = await lockFolder(home.cosmovisor, signal, (pid) =>
    tell.warn(`waiting for process ${pid ?? 'unknown'}, which is staging into this home`),
  );
  try {
    mendLocked(home);
    if (haveSameBytes(file, binary)) {
      bringBack(home, folder, file); // a call that was killed may not have come to it
      return tell.info('same', `${binary} has these very bytes already`);
    }
    const { verdict, unfit } = await judgeFor(file, target, request);
    signal.throwIfAborted();
    if (!request.force) refuseUnfit(unfit.map((finding) => ({ ...finding, file, name: targetName(target) })));
    tell.info('using', `Using ${file} for ${targetName(target)}`, worstByLevel(verdict.findings));
    tellFindings(targetName(target), verdict.findings, tell);
    try {
      fillBinary(home, target, file);
      const kept = swap(home, target, file, request.now);
      tell.info('replaced', `${binary} is now ${file}; the next start takes it`);
      tell.info('kept', `The one before is ${kept}; to bring it back: cvtool replace ${nameFor(target)} ${kept}`);
    } finally {
      removeScratch(home);
    }
  } catch (error) {
    throw asWriteProblem(error, home);
  } finally {
    lock.release();
  }
}

/** The documents go first: at no moment do they tell of a binary that is not there. @returns where the old binary is kept */
function swap(home: HomePaths, target: StagingTarget, file: string, now: Date): string {
  const folder = targetFolder(home, target);
  const binary = binaryIn(home, folder);
  const aside = asideOfBinary(home, folder) ?? freeAside(folder, now);
  const kept = binaryIn(home, aside);
  for (const made of makeFolder(dirname(kept))) syncPath(dirname(made));
  if (!existsSync(kept)) linkSync(binary, kept);
  syncPath(dirname(kept));
  moveDocuments(folder, aside);
  publishBinary(home, target, []);
  bringBack(home, folder, file);
  return kept;
}

/** Where `file` is one that a replacement has kept: what told of it comes back too, and nothing is kept twice. */
function bringBack(home: HomePaths, folder: string, file: string): void {
  const aside = asidesIn(folder).find((each) => binaryIn(home, each) === resolve(file));
  if (aside === undefined) return;
  moveDocuments(aside, folder);
  removeTree(aside);
  syncPath(folder);
}

/** The manifest goes first, since it vouches for the binary. */
function moveDocuments(from: string, to: string): void {
  const wanted = documentNames.filter((name) => existsSync(join(from, name)));
  for (const name of wanted) renameSync(join(from, name), join(to, name));
  if (wanted.length > 0) for (const folder of [to, from]) syncPath(folder);
}

/** Of a replacement that was killed in the middle: the binary is kept already, as the same file under two names. */
function asideOfBinary(home: HomePaths, folder: string): string | undefined {
  const { dev, ino } = statSync(binaryIn(home, folder), { bigint: true });
  return asidesIn(folder).find((aside) => {
    const kept = statSync(binaryIn(home, aside), { bigint: true, throwIfNoEntry: false });
    return kept === undefined || (kept.ino === ino && kept.dev === dev);
  });
}

/** The folders of binaries that were replaced: each laid out as a staged one, beside bin/ and lib/, where nobody looks for any. */
function asidesIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('replaced-'))
    .map((name) => join(folder, name));
}

/** `replaced-2026-11-25T06.15.30Z`, and a number where that is taken. */
function freeAside(folder: string, now: Date): string {
  const aside = join(folder, `replaced-${now.toISOString().slice(0, 19).replaceAll(':', '.')}Z`);
  for (let number = 1; ; number += 1) {
    const name = number === 1 ? aside : `${aside}.${number}`;
    if (!existsSync(name)) return name;
  }
}

function nameFor(target: StagingTarget): string {
  return target.kind === 'genesis' ? 'genesis' : target.plan;
}
