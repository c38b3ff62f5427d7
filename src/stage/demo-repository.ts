// The embedded demo's repository: templates/demo-chain/ as the history of a chain with two releases. The commit ids are the
// same on every machine, and recipes/demo.yaml has them: whoever changes the template changes them there too.
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

import type { Environment } from '../config/environment.js';
import { newRepository, type NewCommit } from '../git/new-repository.js';
import { packageRoot } from '../host/package-root.js';

export interface DemoRepository {
  /** The folder, to be cloned from. */
  readonly repository: string;
  /** Tag to commit id, oldest first. */
  readonly tags: ReadonlyMap<string, string>;
}

/** What each commit adds: folders of the template, laid over what is there. The one without a tag is no release. */
const history = [
  { adds: ['common', 'v2.0.6'], message: 'Release v2.0.6', date: '2024-01-08T09:00:00Z', tag: 'v2.0.6' },
  { adds: ['unreleased'], message: 'Announce the upgrade to v2.1.0', date: '2024-02-05T09:00:00Z' },
  { adds: ['v2.1.0'], message: 'Release v2.1.0', date: '2024-02-12T09:00:00Z', tag: 'v2.1.0' },
] as const;

/**
 * Makes the demo chain's git repository in `folder`, which must be empty or missing.
 * @throws as newRepository does
 */
export async function makeDemoRepository(folder: string, environment: Environment): Promise<DemoRepository> {
  const template = join(packageRoot(), 'templates', 'demo-chain');
  const commits = await Promise.all(
    history.map(async ({ adds, ...commit }): Promise<NewCommit> => {
      const layers = await Promise.all(adds.map((name) => filesBelow(join(template, name))));
      return { ...commit, files: new Map(layers.flat()) };
    }),
  );
  const ids = await newRepository(folder, commits, environment);
  const tags = new Map<string, string>();
  for (const [n, id] of ids.entries()) {
    const tag = commits[n]?.tag;
    if (tag !== undefined) tags.set(tag, id);
  }
  return { repository: folder, tags };
}

async function filesBelow(folder: string): Promise<[path: string, content: Uint8Array][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.map(async (path): Promise<[string, Uint8Array]> => [relative(folder, path), await readFile(path)]),
  );
}
