// Makes a repository out of files. The same commits get the same ids on every machine: author, dates, branch and object
// format are fixed, and no setting, hook, template, ignore file or attribute of the user's or the system's takes part.
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { Environment } from '../config/environment.js';
import { isolatedGit } from './client.js';

export interface NewCommit {
  /** Path in the repository to content; what earlier commits wrote stays. All are plain, not executable files. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly message: string;
  /** In UTC, as `2024-01-01T00:00:00Z`. */
  readonly date: string;
  /** A lightweight tag for this commit. */
  readonly tag?: string;
}

const author = { name: 'cvtool demo', email: 'demo@cvtool.invalid' };
const stallLimit = 60_000;

/**
 * Makes a repository with a work tree and the branch main in `folder`, which is made where it is missing.
 * @param environment only its PATH counts: it is where git is found
 * @returns the ids of `commits`, in their order
 * @throws a plain Error where `folder` is not empty; git's or the system's error. What was written then stays there.
 */
export async function newRepository(
  folder: string,
  commits: readonly NewCommit[],
  environment: Environment,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0) throw new Error(`A new repository needs an empty folder: ${folder} is not`);

  const { signal } = new AbortController(); // local work of a few milliseconds: the stall limit is all it needs
  const gitAt = (date: string) => isolatedGit({ folder, environment, signal, stallLimit }, commitVariables(date));
  // git-init(1): an empty template folder; the branch and the object format would else be those of init.default… and
  // GIT_DEFAULT_HASH, or of a later git.
  const init = ['init', '--quiet', '--template=', '--initial-branch=main', '--object-format=sha1'];
  await gitAt('1970-01-01T00:00:00Z').raw(init);

  const ids: string[] = [];
  for (const { files, message, date, tag } of commits) {
    for (const [path, content] of files) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    const git = gitAt(date);
    await git.raw(['add', '--all', '--force']);
    await git.raw(['commit', '--quiet', '--no-verify', '--no-gpg-sign', '-m', message]);
    if (tag !== undefined) await git.raw(['tag', '--', tag]);
    ids.push((await git.raw(['rev-parse', 'HEAD'])).trim());
  }
  return ids;
}

/** git(1), "Git Commits". */
function commitVariables(date: string): Record<string, string> {
  return {
    GIT_AUTHOR_NAME: author.name,
    GIT_AUTHOR_EMAIL: author.email,
    GIT_AUTHOR_DATE: date,
    GIT_COMMITTER_NAME: author.name,
    GIT_COMMITTER_EMAIL: author.email,
    GIT_COMMITTER_DATE: date,
  };
}
