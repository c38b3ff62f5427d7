import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { closedFolder, findUser, mayAccess, ourselves } from '../../src/host/users.js';
import { scratchFolder } from '../support/scratch-folder.js';

const databases = {
  passwd: 'root:x:0:0:root:/root:/bin/sh\nval:x:990:991::/home/val:/bin/false\n',
  group: 'root:x:0:\nval:x:991:\nnodes:x:70:other,val\nempty:x:71:\n',
};
const val = { name: 'val', uid: 990, home: '/home/val', gids: [991, 70] };

test('a user by name or number, with the groups that have it as a member', () => {
  expect(findUser('val', databases)).toEqual(val);
  expect(findUser('990', databases)).toEqual(val);
  expect(findUser('nobody-here', databases)).toBeUndefined();
  expect(findUser('root')?.uid).toBe(0);
  expect(ourselves().uid).toBe(process.getuid?.());
});

test.each([
  [0o700, 990, 1, true],
  [0o500, 990, 1, false],
  [0o077, 990, 991, false], // the owner's bits alone count, though the group may
  [0o070, 1, 70, true],
  [0o707, 1, 70, false],
  [0o007, 1, 1, true],
  [0o770, 1, 1, false],
])('mode %o of uid %i, gid %i: may write and search: %s', (mode, uid, gid, may) => {
  expect(mayAccess({ mode, uid, gid }, val, 3)).toBe(may);
});

test('root may all, and a folder on the way that is closed is named', () => {
  expect(mayAccess({ mode: 0, uid: 5, gid: 5 }, { ...val, uid: 0 }, 3)).toBe(true);
  const root = scratchFolder();
  mkdirSync(join(root, 'a/b'), { recursive: true });
  chmodSync(root, 0o755);
  chmodSync(join(root, 'a'), 0o700);
  const stranger = { ...val, uid: 54_321, gids: [54_321] };
  expect(closedFolder(join(root, 'a/b'), stranger)).toBe(join(root, 'a'));
  expect(closedFolder(join(root, 'a'), stranger)).toBeUndefined();
});
