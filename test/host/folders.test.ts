import { chmodSync, mkdirSync, statfsSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { freeBytes, nearestExisting, whyNotWritable } from '../../src/host/folders.js';
import { writeProgram } from '../support/child-program.js';
import { needs } from '../support/needs.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const file = join(scratch, 'file');
const dangling = join(scratch, 'dangling');
writeFileSync(file, '');
symlinkSync('nowhere', dangling);
const program = writeProgram(
  scratch,
  'asks',
  `import { freeBytes, whyNotWritable } from './src/host/folders.js';
  const path = process.argv[2] ?? '';
  console.log(JSON.stringify({ why: whyNotWritable(path) ?? null, free: freeBytes(path) }));`,
);

test('the nearest that exists is the path itself, or what is above it', () => {
  expect(nearestExisting(scratch)).toBe(scratch);
  expect(nearestExisting(join(scratch, 'a/b/c'))).toBe(scratch);
  expect(nearestExisting('/no such folder/x')).toBe('/');
  expect(nearestExisting(join(dangling, 'x'))).toBe(dangling);
});

test('what can be written, and what will be, is no problem; nothing is made by asking', () => {
  expect(whyNotWritable(scratch)).toBeUndefined();
  expect(whyNotWritable(join(scratch, 'not yet/deep'))).toBeUndefined();
  expect(nearestExisting(join(scratch, 'not yet'))).toBe(scratch);
});

test.each([
  [file, `${file} is not a folder`],
  [join(file, 'x'), `${file} is not a folder`],
  [join(file, 'x/y/z'), `${file} is not a folder`],
  [dangling, `${dangling} is a link to nothing`],
  [join(dangling, 'x/y'), `${dangling} is a link to nothing`],
])('%s: %s', (path, why) => expect(whyNotWritable(path)).toBe(why));

test('a circle of links and a name that is too long are answers, not crashes', () => {
  symlinkSync('circle', join(scratch, 'circle'));
  expect(whyNotWritable(join(scratch, 'circle/x'))).toMatch(/leads to itself/);
  expect(whyNotWritable(join(scratch, 'n'.repeat(300)))).toMatch(/too long/);
});

test('a link to a folder is that folder', () => {
  symlinkSync(scratch, join(scratch, 'link'));
  expect(whyNotWritable(join(scratch, 'link/x'))).toBeUndefined();
});

test('free space is that of the file system where the path will be', () => {
  const { bavail, bsize } = statfsSync(scratch);
  const free = freeBytes(join(scratch, 'a/b'));
  expect(Math.abs(free - bavail * bsize)).toBeLessThan(2 ** 30); // others write there too
});

needs({ root: true })('free space of a small file system, without what is taken', () => {
  const place = join(scratch, 'small');
  mkdirSync(place);
  const fillIt = `mount -t tmpfs -o size=4m none '${place}' && dd if=/dev/zero of='${place}/x' bs=1M count=1 status=none`;
  const { free } = JSON.parse(inOwnMounts(`${fillIt} && exec "$@"`, join(place, 'a/b'))) as { free: number };
  expect(free).toBe(3 * 2 ** 20);
});

needs({ root: true })('a read-only file system is named, also to root', () => {
  const place = join(scratch, 'read-only');
  mkdirSync(place);
  const answer = inOwnMounts(`mount -t tmpfs -o ro none '${place}' && exec "$@"`, join(place, 'a/b'));
  expect(JSON.parse(answer)).toMatchObject({ why: `${place} is on a read-only file system` });
});

needs({ root: true })("another user's folder is told to be so", () => {
  const place = join(scratch, 'of-root');
  mkdirSync(place);
  chmodSync(place, 0o755);
  for (const folder of [scratch, program]) chmodSync(folder, 0o755);
  const { stdout } = spawnSync(process.execPath, [program, join(place, 'x')], {
    ...{ uid: 65534, gid: 65534, encoding: 'utf8' },
  });
  expect(JSON.parse(stdout)).toMatchObject({ why: `${place} cannot be written by this user` });
});

function inOwnMounts(script: string, path: string): string {
  return runTool('unshare', ['-m', 'sh', '-c', script, 'sh', process.execPath, program, path]);
}
