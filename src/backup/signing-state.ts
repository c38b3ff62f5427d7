// What a validator has signed last must never be an older one: it would sign a height twice. Of two priv_validator_state.json the
// newer by height, round and step stays, and one that nobody can read is no reason to take another.
import { chownSync, lstatSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { CvtoolError, messageOf } from '../errors/cvtool-error.js';
import { copyWhole } from '../home/copy-whole.js';
import { syncPath } from '../home/sync.js';
import { asideOf } from '../home/write-whole.js';
import { keepOwner } from './attributes.js';

const fileName = 'priv_validator_state.json';

/** Height, round, step (CometBFT, privval/file.go, FilePVLastSignState). */
export type SignedLast = readonly [bigint, bigint, bigint];

/**
 * @param text CometBFT writes the height as text, others write all as numbers, of any length; what is left out is 0, as Go reads it
 * @throws Error that says what is wrong
 */
export function parseSigned(text: string): SignedLast {
  // a number above 2^53 would lose its last digits
  const quoted = text.replace(/("(?:height|round|step)"\s*:\s*)(-?\d+)(?=\s*[,}])/g, '$1"$2"');
  JSON.parse(text);
  const value: unknown = JSON.parse(quoted);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('it is no object');
  const fields = value as Readonly<Record<string, unknown>>;
  const field = (name: string): bigint => {
    const found = fields[name] ?? '0';
    if (typeof found !== 'string' || !/^\d{1,40}$/.test(found)) throw new Error(`its ${name} is no number`);
    return BigInt(found);
  };
  return [field('height'), field('round'), field('step')];
}

/** @returns whether `one` was signed after `other` */
export function isNewer(one: SignedLast, other: SignedLast): boolean {
  for (const [index, number] of one.entries()) {
    const against = other[index] ?? 0n;
    if (number !== against) return number > against;
  }
  return false;
}

type Found =
  | { readonly kind: 'none' }
  | { readonly kind: 'file'; readonly signed: SignedLast }
  | { readonly kind: 'link'; readonly text: string }
  | { readonly kind: 'damaged'; readonly why: string };

function look(folder: string): Found {
  const path = join(folder, fileName);
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return { kind: 'none' };
  if (stat.isSymbolicLink()) return { kind: 'link', text: readlinkSync(path) };
  if (!stat.isFile()) return { kind: 'damaged', why: 'it is no file' };
  try {
    return { kind: 'file', signed: parseSigned(readFileSync(path, 'utf8')) };
  } catch (error) {
    return { kind: 'damaged', why: messageOf(error) };
  }
}

/** Which of the two is to stay. */
export interface Kept {
  readonly from: 'live' | 'backup' | 'none';
  /** `height/round/step`, where it is a file. */
  readonly signed: string | undefined;
}

/**
 * @param live `data` as it is, undefined where there is none @param backup the folder that is to replace it
 * @throws SIGNING_STATE where nobody can tell which is the newer
 */
export function newestOf(live: string | undefined, backup: string): Kept {
  const ours: Found = live === undefined ? { kind: 'none' } : look(live);
  const theirs = look(backup);
  if (live !== undefined && ours.kind === 'damaged') throw damaged(live, ours.why);
  if (live !== undefined && ours.kind === 'link') {
    if (resolve(live, ours.text).startsWith(`${live}/`)) throw damaged(live, 'it is a link to another file of data');
    return { from: 'live', signed: undefined };
  }
  if (ours.kind === 'file') {
    const isBackups = theirs.kind === 'file' && isNewer(theirs.signed, ours.signed);
    return isBackups
      ? { from: 'backup', signed: textOf(theirs.signed) }
      : { from: 'live', signed: textOf(ours.signed) };
  }
  if (theirs.kind === 'damaged') throw damaged(backup, theirs.why);
  if (theirs.kind === 'none') return { from: 'none', signed: undefined };
  return { from: 'backup', signed: theirs.kind === 'file' ? textOf(theirs.signed) : undefined };
}

/** Puts the newest of the two into `fresh`, durable; again is harmless. @throws SIGNING_STATE, the system's error */
export function keepNewest(live: string | undefined, fresh: string): void {
  if (live === undefined || newestOf(live, fresh).from !== 'live') return;
  const from = join(live, fileName);
  const to = join(fresh, fileName);
  const stat = lstatSync(from);
  if (stat.isSymbolicLink()) {
    rmSync(asideOf(to), { force: true });
    symlinkSync(readlinkSync(from), asideOf(to));
    renameSync(asideOf(to), to);
  } else {
    copyWhole(from, to, stat.mode & 0o7777);
    keepOwner(stat, (uid, gid) => chownSync(to, uid, gid));
    syncPath(to);
  }
  syncPath(dirname(to));
}

function textOf(signed: SignedLast): string {
  return signed.join('/');
}

function damaged(folder: string, why: string): CvtoolError {
  return new CvtoolError('SIGNING_STATE', `${join(folder, fileName)} does not tell what was signed last: ${why}`, {
    hint: 'With an older one a validator signs twice. Mend that file first: it must name the last height, round and step.',
  });
}
