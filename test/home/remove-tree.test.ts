import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { removeTree } from '../../src/home/remove-tree.js';
import { writeProgram } from '../support/child-program.js';
import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();

test('a tree goes away; what links in it lead to stays', () => {
  const folder = join(scratch, 'tree');
  const outside = join(scratch, 'outside');
  mkdirSync(join(folder, 'a/b'), { recursive: true });
  writeFileSync(outside, 'mine');
  symlinkSync(outside, join(folder, 'a/link'));
  removeTree(folder);
  expect(existsSync(folder)).toBe(false);
  expect(readFileSync(outside, 'utf8')).toBe('mine');
});

test('what is not there is removed already', () => {
  removeTree(join(scratch, 'missing'));
  expect(existsSync(join(scratch, 'missing'))).toBe(false);
});

needs({ root: true })('an ordinary user can remove folders that are read-only, as Go makes them', () => {
  const folder = join(scratch, 'read-only');
  mkdirSync(join(folder, 'module/sub'), { recursive: true });
  writeFileSync(join(folder, 'module/sub/file'), '');
  const program = writeProgram(
    scratch,
    'removes',
    `import { removeTree } from './src/home/remove-tree.js';
    removeTree(process.argv[2] ?? '');`,
  );
  chmodSync(scratch, 0o777);
  spawnSync('chown', ['-R', '65534:65534', folder]);
  for (const path of ['module/sub', 'module', '']) chmodSync(join(folder, path), 0o555);
  const { status, stderr } = spawnSync(process.execPath, [program, folder], {
    uid: 65534,
    gid: 65534,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(existsSync(folder)).toBe(false);
});
