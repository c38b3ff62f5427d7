// The submodules of a checkout, each from a mirror of its own. `git submodule update` is not used: with the user's settings it
// runs the filters that they define, without them it reaches no private repository, and it takes any kind of address.
import { lstatSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { CvtoolError } from '../errors/cvtool-error.js';
import { parseCommit, type Commit } from '../values/commit.js';
import { isLocalAddress, parseGitAddress, printableAddress, type GitAddress } from '../values/git-address.js';
import { quoted } from '../values/printable.js';
import { isolatedGit } from './client.js';
import {
  fetchCommit,
  hasCommit,
  mirrorExists,
  mirrorOf,
  syncMirror,
  type Mirror,
  type ReachOptions,
} from './mirror.js';

export interface Submodule {
  /** Where it belongs, below the checkout. */
  readonly path: string;
  /** The commit that the source pins. */
  readonly commit: Commit;
  readonly address: GitAddress;
}

/**
 * @param mirror that the checkout in `folder` was made from; a relative address starts at its address
 * @throws SOURCE_INVALID for an address that is missing or of a kind that is not used
 */
export async function listSubmodules(
  mirror: Mirror,
  folder: string,
  options: ReachOptions,
): Promise<readonly Submodule[]> {
  if (lstatSync(join(folder, '.gitmodules'), { throwIfNoEntry: false }) === undefined) return [];
  const git = isolatedGit({ ...options, folder });
  const tree = await git.raw('ls-tree', '-r', '-z', '--full-tree', 'HEAD');
  const links = Array.from(tree.matchAll(/160000 commit ([0-9a-f]+)\t([^\0]+)\0/g));
  if (links.length === 0) return [];
  const settings = settingsOf(await git.raw('config', '--blob', 'HEAD:.gitmodules', '--list', '--null'));
  return links.flatMap(([, commit = '', path = '']): Submodule[] => {
    const { url, update } = settings.find((setting) => setting.path === path) ?? {};
    if (update === 'none') return []; // gitmodules(5)
    return [{ path, commit: parseCommit(commit), address: addressOf(path, url, mirror.address) }];
  });
}

/** The submodule's mirror, with the pinned commit in it. @throws REPOSITORY_UNREACHABLE, OFFLINE, SOURCE_INVALID */
export async function mirrorOfSubmodule(
  parent: Mirror,
  { path, address, commit }: Submodule,
  options: ReachOptions,
): Promise<Mirror> {
  const mirror = mirrorOf(dirname(parent.folder), address);
  const isHere = (): Promise<boolean> => hasCommit(mirror, commit, options);
  if (mirrorExists(mirror) && (await isHere())) return mirror;
  await syncMirror(mirror, options);
  if (await isHere()) return mirror;
  await fetchCommit(mirror, commit, options); // on no branch: a host may give it out all the same
  if (await isHere()) return mirror;
  throw new CvtoolError('SOURCE_INVALID', `${printableAddress(address)} lacks commit ${commit} of submodule ${path}`, {
    hint: 'The source pins a commit that its submodule no longer has: ask its developers.',
  });
}

/** What .gitmodules says of each submodule, by the last word of the key: `submodule.<name>.path`. */
function settingsOf(text: string): Readonly<Record<string, string>>[] {
  const sections = new Map<string, Record<string, string>>();
  for (const [, name = '', key = '', value = ''] of text.matchAll(/submodule\.([^\n\0]+)\.(\w+)\n([^\0]*)\0/g)) {
    const section = sections.get(name) ?? {};
    sections.set(name, { ...section, [key]: value });
  }
  return [...sections.values()];
}

function addressOf(path: string, url: string | undefined, parent: GitAddress): GitAddress {
  if (url === undefined || url === '') throw unusable(path, 'has no address in .gitmodules');
  try {
    const address = parseGitAddress(/^\.\.?\//.test(url) ? relativeTo(parent, url, path) : url);
    if (isLocalAddress(address) && !isLocalAddress(parent))
      throw unusable(path, `has the address ${quoted(url)}, a folder of this host`);
    return address;
  } catch (error) {
    if (!(error instanceof CvtoolError) || error.code !== 'ADDRESS_INVALID') throw error;
    throw unusable(path, `cannot be had: ${error.message}`);
  }
}

/** git-submodule(1), add: `./` and `../` start at the parent's address (remote.c, relative_url: `/` or `:` ends a part). */
function relativeTo(parent: GitAddress, url: string, path: string): string {
  let base = parent.replace(/\/+$/, '');
  let separator = '/';
  let rest = url;
  for (let part = /^\.\.?\//.exec(rest)?.[0]; part !== undefined; part = /^\.\.?\//.exec(rest)?.[0]) {
    rest = rest.slice(part.length);
    if (part === './') continue;
    const cut = Math.max(base.lastIndexOf('/'), base.lastIndexOf(':'));
    if (cut === -1 || /^[a-z]+:\/\/[^/]*$/.test(base))
      throw unusable(path, `has the address ${quoted(url)}, above its host`);
    separator = base[cut] ?? '/';
    base = base.slice(0, cut);
  }
  return `${base}${separator}${rest.replace(/\/+$/, '')}`;
}

function unusable(path: string, why: string): CvtoolError {
  return new CvtoolError('SOURCE_INVALID', `the submodule ${quoted(path)} ${why}`, {
    hint: 'A recipe of your own may name a repository whose submodules can be had: see docs/recipes.md.',
  });
}
