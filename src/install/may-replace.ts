// May what lies in a target's place be replaced by these files? Known when the new bytes are there.
import { lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { CvtoolError, hasCode } from '../errors/cvtool-error.js';
import { sameFiles, stagedFiles, type StagedFile } from '../evidence/staged-files.js';
import { processesRunningFrom } from '../host/running-from.js';

/**
 * May `files` be put in the place? Into nothing and into empty folders they may.
 * @returns false where they are there already, and the binary may be executed by everybody
 * @throws TARGET_DIFFERS, TARGET_IN_USE
 */
export function mayReplace(place: string, files: readonly StagedFile[], { force }: { force: boolean }): boolean {
  if (lstatSync(place, { throwIfNoEntry: false }) === undefined) return true;
  const there = isFolder(place) ? stagedFiles(place) : [];
  const same = sameFiles(there, files);
  if (same && there.every(({ path }) => isExecutable(join(place, path)))) return false;
  if (same || isBare(place)) return true;
  if (force) {
    if (isFolder(place)) refuseInUse(place);
    return true;
  }
  const line = ({ path, sha256 }: StagedFile): string =>
    `${path} ${sha256 === '' ? '(no regular file)' : `sha256 ${sha256}`}`;
  throw new CvtoolError(
    'TARGET_DIFFERS',
    `${place} ${isFolder(place) ? 'holds something else already' : 'is no folder'}`,
    {
      details: [...there.map((file) => `there:  ${line(file)}`), ...files.map((file) => `new:    ${line(file)}`)],
      hint: 'Run it with --force to put the new one in its place.',
    },
  );
}

/** @throws TARGET_IN_USE */
export function refuseInUse(place: string): void {
  const [pid] = processesRunningFrom(place);
  if (pid === undefined) return;
  throw new CvtoolError('TARGET_IN_USE', `${place} is in use: process ${pid} runs from it`, {
    hint: 'Stop the node first, then run this again with --force.',
  });
}

/** A folder of its own (no link) without a file in bin/ and lib/: what `mkdir -p upgrades/<name>/bin` leaves. */
function isBare(place: string): boolean {
  if (!lstatSync(place).isDirectory()) return false;
  const parts = ['bin', 'lib'].map((part) => join(place, part));
  const areFolders = parts.every((part) => lstatSync(part, { throwIfNoEntry: false })?.isDirectory() !== false);
  return areFolders && stagedFiles(place).length === 0;
}

function isExecutable(path: string): boolean {
  return (lstatSync(path).mode & 0o555) === 0o555;
}

/** A link that leads to a folder is one too. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) return false;
    throw error;
  }
}
