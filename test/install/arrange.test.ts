// Where the binary of an unpacked archive is: bin/<daemon>, <daemon> at the top, or the only file.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, test } from 'vitest';

import { arrange } from '../../src/install/arrange.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();

/** Each file has its own path as its content. */
function tree(...files: readonly string[]): string {
  const folder = mkdtempSync(join(scratch, 'tree-'));
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), file, { mode: 0o644 });
  }
  return folder;
}

test.each([
  [['bin/noded', 'noded', 'lib/a.so'], 'bin/noded'],
  [['README.md', 'noded'], 'noded'],
  [['whatever'], 'whatever'],
  [['deep/down/whatever'], 'deep/down/whatever'],
  [['bin'], 'bin'],
  [['bin/other'], 'bin/other'],
])('%j: the binary is %s', (files, binary) => {
  const folder = tree(...files);
  expect(arrange(folder, files, 'noded', undefined, 'A')).toBe(folder);
  expect(readFileSync(join(folder, 'bin/noded'), 'utf8')).toBe(binary);
  expect(statSync(join(folder, 'bin/noded')).mode & 0o777).toBe(0o755);
  for (const file of files.filter((each) => each !== binary)) expect(existsSync(join(folder, file))).toBe(true);
});

test('a folder of the archive', () => {
  const files = ['dist/linux/bin/noded', 'dist/linux/lib/a.so', 'noded'];
  const folder = tree(...files);
  expect(arrange(folder, files, 'noded', 'dist/linux', 'A')).toBe(join(folder, 'dist/linux'));
  expect(readFileSync(join(folder, 'dist/linux/bin/noded'), 'utf8')).toBe('dist/linux/bin/noded');
});

test.each([
  [['a', 'b'], undefined, 'the archive does not contain a bin/noded or noded file, nor is it a single file'],
  [['bin/Noded', 'b'], undefined, 'the archive does not contain a bin/noded'],
  [['bin', 'noded'], undefined, 'something in the archive stands in the way of its bin/'],
  [['noded'], 'dist', 'the archive has no folder "dist"'],
  [['noded'], '..', 'the archive has no folder ".."'],
  [['a/noded'], 'a/../..', 'the archive has no folder "a/../.."'],
])('%j within %s: refused', (files, within, why) => {
  const folder = tree(...files);
  const before = readdirSync(scratch).length;
  expect(() => arrange(folder, files, 'noded', within, 'A')).toThrow(`A: ${why}`);
  expect(readdirSync(scratch).length).toBe(before);
});

test('a link is no binary', () => {
  const folder = tree('lib/noded', 'b');
  mkdirSync(join(folder, 'bin'));
  symlinkSync('../lib/noded', join(folder, 'bin/noded'));
  expect(() => arrange(folder, ['lib/noded', 'b'], 'noded', undefined, 'A')).toThrow(
    'bin/noded is a link in the archive',
  );
});
