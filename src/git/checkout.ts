// A clean checkout for one build, with its tags (the Makefile runs `git describe --tags`), independent of the mirror: the objects
// are linked, so that neither a prune of the cache nor a move of the checkout harms it.
// Nothing of the repository runs here: no hook, no filter, no fsmonitor.
import { lstatSync, lutimesSync } from 'node:fs';
import { join } from 'node:path';

import { CvtoolError, messageOf } from '../errors/cvtool-error.js';
import type { Commit } from '../values/commit.js';
import { printableAddress } from '../values/git-address.js';
import { printable } from '../values/printable.js';
import type { Tag } from '../values/tag.js';
import { isolatedGit } from './client.js';
import { lockMirror, type Mirror, type ReachOptions } from './mirror.js';
import { listSubmodules, mirrorOfSubmodule } from './submodules.js';

/**
 * Checks `commit` out into `folder`, which is empty or does not exist yet.
 * Of all tags that lead to the commit only `tag` is kept there: where two do, `git describe` would say either.
 * Submodules are checked out in their places by the same rules, each from a mirror of its own.
 * @throws SOURCE_INVALID where git cannot check it out, REPOSITORY_UNREACHABLE or OFFLINE for a submodule that cannot be had
 */
export async function checkOut(
  mirror: Mirror,
  { tag, commit, folder }: { readonly tag?: Tag; readonly commit: Commit; readonly folder: string },
  options: ReachOptions,
): Promise<void> {
  try {
    await cloneFrom(mirror, folder, options);
    const git = isolatedGit({ ...options, folder });
    await git.raw('checkout', '--detach', '--force', commit);
    await git.raw('remote', 'set-url', 'origin', mirror.address); // submodules and Makefiles ask for it
    for (const other of (await git.raw('tag', '--points-at', 'HEAD')).split('\n')) {
      if (other !== '' && other !== tag) await git.raw('tag', '--delete', '--', other);
    }
  } catch (error) {
    options.signal.throwIfAborted();
    if (error instanceof CvtoolError) throw error;
    const what = tag === undefined ? `commit ${commit} of ${printableAddress(mirror.address)}` : `${tag} (${commit})`;
    throw new CvtoolError('SOURCE_INVALID', `${what} cannot be checked out`, {
      details: messageOf(error).trim().split('\n').slice(-6).map(printable),
      hint: 'The mirror may lack objects: try again with --no-cache.',
      cause: error,
    });
  }
  for (const submodule of await listSubmodules(mirror, folder, options)) {
    const { path, commit: pinned } = submodule;
    const source = await mirrorOfSubmodule(mirror, submodule, options);
    await checkOut(source, { commit: pinned, folder: join(folder, path) }, options);
  }
  freshenGoSum(folder);
}

/** Under the mirror's lock: git links files one by one, and a fetch beside it would take its temporary ones away. */
async function cloneFrom(mirror: Mirror, folder: string, options: ReachOptions): Promise<void> {
  const lock = await lockMirror(mirror, options);
  try {
    await isolatedGit({ ...options, folder: mirror.folder }).raw(
      ...['clone', '--local', '--no-checkout', '--template=', '--', mirror.repository, folder],
    );
  } finally {
    lock.release();
  }
}

/** Makefiles have a rule `go.sum: go.mod` that verifies modules when go.mod is newer; a checkout writes them in any order. */
function freshenGoSum(folder: string): void {
  const now = new Date();
  for (const name of ['go.mod', 'go.sum']) {
    const path = join(folder, name); // a link is not followed: it may lead out of the checkout
    if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) lutimesSync(path, now, now);
  }
}

/** When the checked-out commit was made, in seconds since the epoch. */
export async function commitTime(folder: string, options: ReachOptions): Promise<number> {
  return Number(await isolatedGit({ ...options, folder }).raw('log', '-1', '--format=%ct'));
}
