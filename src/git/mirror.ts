// A bare mirror per repository under the cache folder: cloned once, fetched when something is not there, shared by all
// builds. A clone is made aside and renamed, so a mirror that is there is whole.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

import { CvtoolError, messageOf } from '../errors/cvtool-error.js';
import { lockFolder } from '../home/lock.js';
import type { Commit } from '../values/commit.js';
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
  const label = basename(address.replace(/\/+$/, ''), '.git')
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
 * @throws REPOSITORY_UNREACHABLE, or OFFLINE where nothing may be fetched
 */
export async function syncMirror(mirror: Mirror, options: ReachOptions): Promise<void> {
  const from = printableAddress(mirror.address);
  if (options.offline) {
    throw new CvtoolError('OFFLINE', `${from} is not in the cache, or not all of it that is needed`, {
      hint: 'Run it once without --offline.',
    });
  }
  mkdirSync(mirror.folder, { recursive: true });
  const lock = await lockFolder(mirror.folder, options.signal, (holder) =>
    options.onProgress?.(`waiting for process ${holder ?? 'unknown'}, which is at work on this mirror`),
  );
  try {
    await (mirrorExists(mirror) ? fetchMirror(mirror, options) : cloneMirror(mirror, options));
  } catch (error) {
    options.signal.throwIfAborted();
    throw unreachable(from, error, options.stallLimit);
  } finally {
    lock.release();
  }
}

async function cloneMirror(mirror: Mirror, options: ReachOptions): Promise<void> {
  for (const left of readdirSync(mirror.folder)) rmSync(join(mirror.folder, left), { recursive: true, force: true });
  const aside = join(mirror.folder, 'partial');
  const git = outgoingGit({ ...options, folder: mirror.folder });
  try {
    await git.raw('clone', '--bare', '--progress', '--template=', '--', mirror.address, aside);
    renameSync(aside, mirror.repository);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

async function fetchMirror(mirror: Mirror, options: ReachOptions): Promise<void> {
  const git = outgoingGit({ ...options, folder: mirror.repository });
  const refs = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
  await git.raw('fetch', '--progress', '--force', '--update-shallow', '--', mirror.address, ...refs);
}

/** The commit that a tag leads to; undefined where the mirror has no such tag (or is not there). */
export async function commitOfTag(mirror: Mirror, tag: Tag, options: ReachOptions): Promise<Commit | undefined> {
  return (await listTags(mirror, options)).find((known) => known.tag === tag)?.commit;
}

/** All tags of the mirror, the newest first, each with the commit that it leads to. Empty where there is no mirror. */
export async function listTags(mirror: Mirror, options: ReachOptions): Promise<readonly TaggedCommit[]> {
  if (!mirrorExists(mirror)) return [];
  const git = isolatedGit({ ...options, folder: mirror.repository });
  const format = '%(refname:lstrip=2)%09%(objecttype)%09%(objectname)%09%(*objectname)';
  const text = await git.raw('for-each-ref', '--sort=-creatordate', `--format=${format}`, 'refs/tags');
  return text
    .split('\n')
    .map((line) => line.split('\t'))
    .filter((fields) => fields.length === 4 && (fields[1] === 'commit' || fields[1] === 'tag'))
    .map(([name = '', , object = '', peeled = '']) => ({
      tag: parseTag(name),
      commit: (peeled === '' ? object : peeled) as Commit,
    }));
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

function unreachable(from: string, error: unknown, stallLimit: number): CvtoolError {
  const said = messageOf(error);
  if (said.includes('block timeout')) {
    return new CvtoolError('REPOSITORY_UNREACHABLE', `${from} stalled: no word from it for ${stallLimit / 1000} s`, {
      hint: 'Try again, or give another address with --repo. CVTOOL_STALL_SECONDS sets how long to wait.',
      cause: error,
    });
  }
  const lines = said.split(/[\r\n]+/).filter((line) => line.trim() !== '' && !line.startsWith('Cloning into'));
  return new CvtoolError('REPOSITORY_UNREACHABLE', `${from} cannot be cloned or fetched`, {
    details: lines.slice(-6).map(printable),
    hint: 'Check the address (--repo), the network and your credentials: git itself must be able to clone it without asking.',
    cause: error,
  });
}
