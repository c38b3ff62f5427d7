// A bare mirror per repository under the cache folder: cloned once, fetched when something is not there, shared by all
// builds. A clone is made aside and renamed, so a mirror that is there is whole.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync } from 'node:fs';
import { basename, join } from 'node:path';

import { GitError } from 'simple-git';

import { CvtoolError, hasCode, messageOf } from '../errors/cvtool-error.js';
import { lockFolder, type FolderLock } from '../home/lock.js';
import { removeTree } from '../home/remove-tree.js';
import { parseCommit, type Commit } from '../values/commit.js';
import { printableAddress, type GitAddress } from '../values/git-address.js';
import { printable } from '../values/printable.js';
import { parseTag, type Tag } from '../values/tag.js';
import { isolatedGit, outgoingGit, type GitOptions } from './client.js';

export interface Mirror {
  readonly address: GitAddress;
  /** Locked while the mirror is cloned or fetched. */
  readonly folder: string;
  /** The bare repository. */
  readonly repository: string;
}

export interface TaggedCommit {
  readonly tag: Tag;
  readonly commit: Commit;
}

export type ReachOptions = Omit<GitOptions, 'folder'> & { readonly offline: boolean };

/** Where the mirror of `address` lies; it need not be there yet. */
export function mirrorOf(mirrorsFolder: string, address: GitAddress): Mirror {
  const label = basename(printableAddress(address).replace(/\/+$/, ''), '.git')
    .replace(/[^\w.-]/g, '_')
    .slice(0, 60);
  const folder = join(mirrorsFolder, `${label}-${createHash('sha256').update(address).digest('hex').slice(0, 16)}`);
  return { address, folder, repository: join(folder, 'git') };
}

/** Is the mirror there? */
export function mirrorExists(mirror: Mirror): boolean {
  return existsSync(mirror.repository);
}

/**
 * Clones the mirror, or fetches its branches and tags anew.
 * @throws REPOSITORY_UNREACHABLE, NO_SPACE, or OFFLINE where nothing may be fetched
 */
export async function syncMirror(mirror: Mirror, options: ReachOptions): Promise<void> {
  const from = printableAddress(mirror.address);
  if (options.offline) {
    throw new CvtoolError('OFFLINE', `${from} is not in the cache, or not all of it that is needed`, {
      hint: 'Run it once without --offline.',
    });
  }
  mkdirSync(mirror.folder, { recursive: true });
  const lock = await lockMirror(mirror, options);
  try {
    await (mirrorExists(mirror) ? fetchMirror(mirror, options) : cloneMirror(mirror, options));
  } catch (error) {
    options.signal.throwIfAborted();
    throw whyNotSynced(from, error, options.stallLimit);
  } finally {
    lock.release();
  }
}

/** The mirror's folder exists. @throws as lockFolder does */
export function lockMirror(mirror: Mirror, { signal, onProgress }: ReachOptions): Promise<FolderLock> {
  return lockFolder(mirror.folder, signal, (holder) =>
    onProgress?.(`waiting for process ${holder ?? 'unknown'}, which is at work on this mirror`),
  );
}

/** Asks for one commit by its id, which a host may refuse: `hasCommit` tells. The mirror exists. */
export async function fetchCommit(mirror: Mirror, commit: Commit, options: ReachOptions): Promise<void> {
  const lock = await lockMirror(mirror, options);
  try {
    await outgoingGit({ ...options, folder: mirror.repository }).raw(
      'fetch',
      '--progress',
      '--',
      mirror.address,
      commit,
    );
  } catch (error) {
    options.signal.throwIfAborted();
    if (!(error instanceof GitError)) throw error;
  } finally {
    lock.release();
  }
}

export async function hasCommit(mirror: Mirror, commit: Commit, options: ReachOptions): Promise<boolean> {
  try {
    const git = isolatedGit({ ...options, folder: mirror.repository });
    return (await git.raw('cat-file', '-t', commit)).trim() === 'commit';
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof GitError) return false;
    throw error;
  }
}

async function cloneMirror(mirror: Mirror, options: ReachOptions): Promise<void> {
  for (const left of readdirSync(mirror.folder)) removeTree(join(mirror.folder, left));
  const aside = mkdtempSync(join(mirror.folder, 'partial-')); // of its own: the git of a cvtool that was killed may still be at work
  const git = outgoingGit({ ...options, folder: mirror.folder });
  try {
    await git.raw('clone', '--bare', '--progress', '--template=', '--', mirror.address, aside);
    renameSync(aside, mirror.repository);
  } finally {
    removeTree(aside);
  }
}

async function fetchMirror(mirror: Mirror, options: ReachOptions): Promise<void> {
  const git = outgoingGit({ ...options, folder: mirror.repository });
  const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
  // pruned, as a new clone would be: a branch `a` that is gone would else stand in the way of a new `a/b`
  await git.raw('fetch', '--progress', '--force', '--prune', '--update-shallow', '--', mirror.address, ...refs);
}

/** The commit that a tag leads to; undefined where the mirror has no such tag (or is not there). */
export async function commitOfTag(mirror: Mirror, tag: Tag, options: ReachOptions): Promise<Commit | undefined> {
  return (await listTags(mirror, options)).find((known) => known.tag === tag)?.commit;
}

/**
 * All tags of the mirror, the newest first, each with the commit that it leads to. Empty where there is no mirror. Left out are
 * tags of trees and files, and those whose name nobody could give us (`-x`, or `tags/v1`, which would be read as `v1`).
 */
export async function listTags(mirror: Mirror, options: ReachOptions): Promise<readonly TaggedCommit[]> {
  if (!mirrorExists(mirror)) return [];
  const git = isolatedGit({ ...options, folder: mirror.repository });
  const fields = ['refname:lstrip=2', 'objecttype', 'objectname', '*objecttype', '*objectname'];
  const format = fields.map((field) => `%(${field})`).join('%09');
  const text = await git.raw('for-each-ref', '--sort=-creatordate', `--format=${format}`, 'refs/tags');
  const tags = text.split('\n').map(async (line): Promise<TaggedCommit | undefined> => {
    const [name = '', type, object = '', peeledType, peeled = ''] = line.split('\t');
    const tag = tagNamed(name);
    if (tag === undefined) return undefined;
    if (type === 'commit') return { tag, commit: parseCommit(object) };
    if (peeledType === 'commit') return { tag, commit: parseCommit(peeled) };
    if (peeledType !== 'tag') return undefined;
    const end = await git.raw('rev-parse', '--verify', '--quiet', `${object}^{}`); // a tag of a tag: git before 2.45 peels once
    if ((await git.raw('cat-file', '-t', end.trim())).trim() !== 'commit') return undefined;
    return { tag, commit: parseCommit(end.trim()) };
  });
  return (await Promise.all(tags)).filter((tag) => tag !== undefined);
}

function tagNamed(name: string): Tag | undefined {
  try {
    const tag = parseTag(name);
    return tag === name ? tag : undefined;
  } catch (error) {
    if (error instanceof CvtoolError) return undefined;
    throw error;
  }
}

/** The text of a file at a commit; undefined where the commit has no such file. */
export async function fileAtCommit(
  mirror: Mirror,
  commit: Commit,
  path: string,
  options: ReachOptions,
): Promise<string | undefined> {
  const git = isolatedGit({ ...options, folder: mirror.repository });
  const listed = await git.raw('ls-tree', '--name-only', commit, '--', path);
  return listed.trim() === '' ? undefined : git.raw('show', `${commit}:${path}`);
}

function whyNotSynced(from: string, error: unknown, stallLimit: number): unknown {
  if (error instanceof CvtoolError) return error;
  const said = messageOf(error);
  if (said.includes('block timeout')) {
    return new CvtoolError('REPOSITORY_UNREACHABLE', `${from} stalled: no word from it for ${stallLimit / 1000} s`, {
      hint: 'Try again, or give another address with --repo. CVTOOL_STALL_SECONDS sets how long to wait.',
      cause: error,
    });
  }
  const lines = said.split(/[\r\n]+/).filter((line) => line.trim() !== '' && !line.startsWith('Cloning into'));
  const details = lines.slice(-6).map(printable);
  if (hasCode(error, 'ENOSPC', 'EDQUOT') || /no space left on device|disk quota exceeded/i.test(said)) {
    return new CvtoolError('NO_SPACE', `the disk is full: ${from} does not fit into the cache`, {
      details,
      hint: 'Make room (`cvtool cache prune`), or point XDG_CACHE_HOME elsewhere.',
      cause: error,
    });
  }
  return new CvtoolError('REPOSITORY_UNREACHABLE', `${from} cannot be cloned or fetched`, {
    details,
    hint: 'Check the address (--repo), the network and your credentials: git itself must be able to clone it without asking.',
    cause: error,
  });
}
