// A commit's id: whole, as git prints it, or the first digits of one, as a person gives it.
import { CvtoolError } from '../errors/cvtool-error.js';
import type { Brand } from './brand.js';
import { quoted } from './printable.js';

/** 40 hexadecimal digits (SHA-1) or 64 (a SHA-256 repository), lower case. */
export type Commit = Brand<string, 'Commit'>;

/** The first 7 digits or more of a commit's id, lower case; may be the whole of it. */
export type CommitPrefix = Brand<string, 'CommitPrefix'>;

/** Fewer digits are met by chance too easily: git itself abbreviates to 7 (git-config(1), core.abbrev). */
const fewestDigits = 7;

/** @throws COMMIT_INVALID */
export function parseCommit(text: string): Commit {
  const id = text.toLowerCase();
  if (!isWhole(id)) {
    throw new CvtoolError('COMMIT_INVALID', `${quoted(text)} is no whole commit id`, {
      hint: 'A whole id has 40 hexadecimal digits: `git rev-parse TAG^{commit}` prints it.',
    });
  }
  return id as Commit;
}

/** @throws COMMIT_INVALID */
export function parseCommitPrefix(text: string): CommitPrefix {
  const id = text.toLowerCase();
  const sound = /^[0-9a-f]+$/.test(id) && id.length >= fewestDigits && (id.length <= 40 || id.length === 64);
  if (!sound) {
    throw new CvtoolError('COMMIT_INVALID', `${quoted(text)} is no commit id`, {
      hint: `Give ${fewestDigits} to 40 hexadecimal digits (all 64 in a SHA-256 repository).`,
    });
  }
  return id as CommitPrefix;
}

/** Does `full` start with the digits of `given`? A whole SHA-1 id is no prefix of a SHA-256 one. */
export function matchesCommit(full: Commit, given: Commit | CommitPrefix): boolean {
  return isWhole(given) ? (full as string) === given : full.startsWith(given);
}

/** Is it all of the id, so that it pins the commit? */
export function isWholeCommit(given: Commit | CommitPrefix): given is Commit {
  return isWhole(given);
}

function isWhole(id: string): boolean {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(id);
}
