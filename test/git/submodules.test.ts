import { join } from 'node:path';

import { expect, test } from 'vitest';

import { mirrorOf, type ReachOptions } from '../../src/git/mirror.js';
import { listSubmodules } from '../../src/git/submodules.js';
import { parseGitAddress } from '../../src/values/git-address.js';
import { GitRepository } from '../support/git-repository.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const pinned = '12'.repeat(20);
let count = 0;

test.each([
  ['https://host/a/b.git', '../c.git', 'https://host/a/c.git'],
  ['https://host/a/b.git/', '../../x/c', 'https://host/x/c'],
  ['https://host/a/b', './c', 'https://host/a/b/c'],
  ['git@host:a/b.git', '../c.git', 'git@host:a/c.git'],
  ['git@host:b.git', '../c.git', 'git@host:c.git'],
  ['ssh://git@host:22/a/b', '../c/', 'ssh://git@host:22/a/c'],
  ['/srv/a/b', '../c', '/srv/a/c'],
  ['/srv', '../c', '/c'],
  ['file:///srv', '../c', 'file:///c'],
  ['https://host/a/b', 'git://other/c', 'git://other/c'],
  ['/srv/a', '/srv/c', '/srv/c'],
])('of %s the submodule %s is %s', async (parent, url, address) => {
  expect(await submodulesOf(parent, { path: 'deps/x y', url })).toEqual([
    { path: 'deps/x y', commit: pinned, address },
  ]);
});

test.each([
  ['https://host/a/b', '/etc', /folder of this host/],
  ['https://host/a/b', 'file:///etc', /folder of this host/],
  ['https://host/a', '../../x', /above its host/],
  ['https://host/a', '../../../../x', /above its host/],
  ['git@host:a', '../../x', /above its host/],
  ['/srv', '../../x', /above its host/],
  ['file:///srv', '../../x', /above its host/],
  ['https://host/a/b', undefined, /no address/],
  ['https://host/a/b', 'http://user:secret@host/x', /http/],
])('of %s the submodule %s is refused by its path, and no password is told', async (parent, url, why) => {
  const asked = submodulesOf(parent, url === undefined ? { path: 'x' } : { path: 'x', url });
  await expect(asked).rejects.toMatchObject({ code: 'SOURCE_INVALID', message: expect.stringMatching(why) });
  await expect(asked).rejects.toMatchObject({ message: expect.not.stringContaining('secret') });
  await expect(asked).rejects.toMatchObject({ message: expect.stringContaining('"x"') });
});

test('a name with dots, quotes and line breaks in it is a name', async () => {
  const settings = { path: 'x', url: 'https://host/c' };
  expect(await submodulesOf('https://host/a', settings, 'a.b "c" path')).toHaveLength(1);
});

test('a .gitmodules without submodules, and submodules that nobody pins, are none', async () => {
  const repository = new GitRepository(join(scratch, `repository ${(count += 1)}`));
  repository.commit({ '.gitmodules': '[submodule "x"]\n path = x\n url = https://host/c\n' });
  expect(await listIn(repository, 'https://host/a')).toEqual([]);
  const without = new GitRepository(join(scratch, `repository ${(count += 1)}`));
  without.commit({ 'a.txt': '' });
  expect(await listIn(without, 'https://host/a')).toEqual([]);
});

function submodulesOf(parent: string, settings: Readonly<Record<string, string>>, name = 'x') {
  const repository = new GitRepository(join(scratch, `repository ${(count += 1)}`));
  for (const [key, value] of Object.entries(settings)) {
    repository.git('config', '--file', '.gitmodules', `submodule.${name}.${key}`, value);
  }
  repository.git('add', '--all');
  repository.git('update-index', '--add', '--cacheinfo', `160000,${pinned},${settings.path ?? ''}`);
  repository.git('commit', '--quiet', '-m', 'pin');
  return listIn(repository, parent);
}

function listIn(repository: GitRepository, parent: string) {
  const environment = { PATH: process.env.PATH };
  const options: ReachOptions = {
    ...{ environment, signal: new AbortController().signal, stallLimit: 60_000, offline: false },
  };
  return listSubmodules(mirrorOf(scratch, parseGitAddress(parent)), repository.folder, options);
}
