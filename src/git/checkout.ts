// A clean checkout for one build, with its tags (the Makefile runs `git describe --tags`), independent of the mirror.
// Nothing of the repository runs here: no hook, no filter, no fsmonitor.
import { existsSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

import { CvtoolError, messageOf } from '../errors/cvtool-error.js';
import type { Commit } from '../values/commit.js';
import { isLocalAddress, printableAddress } from '../values/git-address.js';
import { printable } from '../values/printable.js';
import type { Tag } from '../values/tag.js';
import { isolatedGit, outgoingGit } from './client.js';
import type { Mirror, ReachOptions } from './mirror.js';

/**
 * Checks `commit` out into `folder`, which does not exist yet.
 * Of all tags that lead to the commit only `tag` is kept there: where two do, `git describe` would say either.
 * @throws SOURCE_INVALID where git cannot check it out, REPOSITORY_UNREACHABLE for a submodule that cannot be had
 */
export async function checkOut(
  mirror: Mirror,
  { tag, commit, folder }: { readonly tag: Tag; readonly commit: Commit; readonly folder: string },
  options: ReachOptions,
): Promise<void> {
  try {
    await isolatedGit({ ...options, folder: mirror.folder }).raw(
      ...['clone', '--shared', '--no-checkout', '--template=', '--', mirror.repository, folder],
    );
    const git = isolatedGit({ ...options, folder });
    await git.raw('checkout', '--detach', '--force', commit);
    await git.raw('remote', 'set-url', 'origin', mirror.address); // submodules and Makefiles ask for it
    for (const other of (await git.raw('tag', '--points-at', 'HEAD')).split('\n')) {
      if (other !== '' && other !== tag) await git.raw('tag', '--delete', other);
    }
  } catch (error) {
    options.signal.throwIfAborted();
    throw new CvtoolError('SOURCE_INVALID', `${tag} (${commit}) cannot be checked out`, {
      details: messageOf(error).split('\n').slice(-6).map(printable),
      hint: 'The mirror may lack objects: try again with --no-cache.',
      cause: error,
    });
  }
  if (existsSync(join(folder, '.gitmodules'))) await checkOutSubmodules(mirror, folder, options);
  freshenGoSum(folder);
}

async function checkOutSubmodules(mirror: Mirror, folder: string, options: ReachOptions): Promise<void> {
  const local = isLocalAddress(mirror.address) ? ['-c', 'protocol.file.allow=always'] : [];
  if (options.offline) {
    throw new CvtoolError('OFFLINE', 'the source has submodules, which are not in the cache', {
      hint: 'Run it without --offline.',
    });
  }
  try {
    await outgoingGit({ ...options, folder }).raw(
      ...local,
      'submodule',
      'update',
      '--init',
      '--recursive',
      '--progress',
    );
  } catch (error) {
    options.signal.throwIfAborted();
    throw new CvtoolError(
      'REPOSITORY_UNREACHABLE',
      `a submodule of ${printableAddress(mirror.address)} cannot be had`,
      {
        details: messageOf(error).split('\n').slice(-6).map(printable),
        hint: 'Check that git can clone the submodule without asking.',
        cause: error,
      },
    );
  }
}

/** Makefiles have a rule `go.sum: go.mod` that verifies modules when go.mod is newer; a checkout writes them in any order. */
function freshenGoSum(folder: string): void {
  const now = new Date();
  for (const name of ['go.mod', 'go.sum']) {
    if (existsSync(join(folder, name))) utimesSync(join(folder, name), now, now);
  }
}

/** When the checked-out commit was made, in seconds since the epoch. */
export async function commitTime(folder: string, options: ReachOptions): Promise<number> {
  return Number(await isolatedGit({ ...options, folder }).raw('log', '-1', '--format=%ct'));
}
