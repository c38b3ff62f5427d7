import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { aliasLength, aliasModuleCache } from '../../src/build/module-cache-alias.js';
import { startProgram, writeProgram } from '../support/child-program.js';
import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let count = 0;

afterEach(() => {
  delete process.env.TMPDIR;
});

test.each([
  ['a short folder', 'a'],
  ['a long folder', 'l'.repeat(120)],
  ['a folder that is not ASCII', 'é漢'.repeat(10)],
])('%s: the alias has its length in bytes, and leads to the cache', (_, name) => {
  const cache = makeCache();
  const folder = join(scratch, name);
  const alias = aliasModuleCache(cache, folder);
  expect(Buffer.byteLength(alias)).toBe(aliasLength);
  expect(alias.startsWith(`${folder}/`)).toBe(true);
  expect(readlinkSync(alias)).toBe(cache);
  expect(readdirSync(folder)).toHaveLength(1);
});

test.each([
  ['too long', 'd/'.repeat(100)],
  ['with a blank', 'a b'],
  ['with an equals sign, where gcc would cut', 'a=b'],
  ['with a quote', "it's"],
])('a folder that is %s is passed over for one of this user alone', (_, name) => {
  process.env.TMPDIR = makeFolder();
  const cache = makeCache();
  const alias = aliasModuleCache(cache, join(scratch, name));
  const place = join(process.env.TMPDIR, `cvtool-alias-${userInfo().uid}`);
  expect(alias.startsWith(`${place}/`)).toBe(true);
  expect(Buffer.byteLength(alias)).toBe(aliasLength);
  expect(readlinkSync(alias)).toBe(cache);
  expect(lstatSync(place).mode & 0o777).toBe(0o700);
});

test('a folder in its place that others can write, or a link, is refused: they would choose the modules', () => {
  process.env.TMPDIR = makeFolder();
  const place = join(process.env.TMPDIR, `cvtool-alias-${userInfo().uid}`);
  const refused = expect.objectContaining({ code: 'HOST_NOT_READY', hint: expect.stringContaining('XDG_CACHE_HOME') });
  mkdirSync(place);
  chmodSync(place, 0o777);
  expect(() => aliasModuleCache(makeCache(), join(scratch, 'a b'))).toThrow(refused);
  rmSync(place, { recursive: true });
  symlinkSync(makeFolder(), place);
  expect(() => aliasModuleCache(makeCache(), join(scratch, 'a b'))).toThrow(refused);
});

needs({ root: true })("another user's folder there is refused too", () => {
  process.env.TMPDIR = makeFolder();
  const program = writeProgram(
    scratch,
    'asks-for-alias',
    `import { aliasModuleCache } from './src/build/module-cache-alias.js';
    const [, , cache = '', folder = ''] = process.argv;
    try {
      console.log(aliasModuleCache(cache, folder));
    } catch (error) {
      console.log((error as { code: string }).code);
    }`,
  );
  const place = join(process.env.TMPDIR, 'cvtool-alias-65534');
  mkdirSync(place, { mode: 0o755 }); // root's
  const cache = makeCache();
  chmodSync(scratch, 0o755);
  const asNobody = () =>
    spawnSync(process.execPath, [program, cache, join(scratch, 'a b')], { uid: 65534, gid: 65534, encoding: 'utf8' });
  expect(asNobody().stdout).toBe('HOST_NOT_READY\n');
  chownSync(place, 65534, 65534);
  expect(asNobody().stdout).toContain(place);
});

test('the same cache has the same alias, another cache another one; neither takes the other away', () => {
  const folder = makeFolder();
  const [one, two] = [makeCache(), makeCache()];
  const alias = aliasModuleCache(one, folder);
  const other = aliasModuleCache(two, folder);
  expect(aliasModuleCache(one, folder)).toBe(alias);
  expect(other).not.toBe(alias);
  expect([readlinkSync(alias), readlinkSync(other)]).toEqual([one, two]);
});

test('what stands in its place is put right, and a cache that is not there yet is made', () => {
  const folder = makeFolder();
  const cache = join(scratch, 'not yet');
  const alias = aliasModuleCache(cache, folder);
  expect(existsSync(cache)).toBe(true);
  rmSync(alias);
  symlinkSync('/elsewhere', alias);
  expect(readlinkSync(aliasModuleCache(cache, folder))).toBe(cache);
  rmSync(alias);
  writeFileSync(alias, '');
  expect(readlinkSync(aliasModuleCache(cache, folder))).toBe(cache);
  expect(readdirSync(folder)).toHaveLength(1);
});

test('two processes that make it again and again never fail, and never see it missing', async () => {
  const folder = makeFolder();
  const [cache, other] = [makeCache(), makeCache()];
  const program = writeProgram(
    scratch,
    'makes-aliases',
    `import { readlinkSync } from 'node:fs';
    import { aliasModuleCache } from './src/build/module-cache-alias.js';
    const [, , one = '', two = '', folder = ''] = process.argv;
    for (let n = 0; n < 1500; n += 1) {
      if (readlinkSync(aliasModuleCache(n % 2 === 0 ? one : two, folder)) !== (n % 2 === 0 ? one : two)) process.exit(1);
    }`,
  );
  const alone = [1, 2].map(() => startProgram(program, [cache, other, folder]));
  expect(await Promise.all(alone.map(({ end }) => end))).toEqual([0, 0]);
  expect(readdirSync(folder)).toHaveLength(2);
});

test('a start from nothing in eight processes at once fails in none', async () => {
  const cache = makeCache();
  const folder = join(scratch, 'from nothing');
  const program = writeProgram(
    scratch,
    'makes-one-alias',
    `import { aliasModuleCache } from './src/build/module-cache-alias.js';
    process.stdin.once('data', () => {
      console.log(aliasModuleCache(process.argv[2] ?? '', process.argv[3] ?? ''));
      process.exit();
    });
    console.log('ready');`,
  );
  const programs = Array.from({ length: 8 }, () => startProgram(program, [cache, folder]));
  for (const { nextLine } of programs) expect(await nextLine()).toBe('ready');
  for (const { child } of programs) child.stdin.write('go\n');
  const aliases = await Promise.all(programs.map(({ nextLine }) => nextLine()));
  expect(new Set(aliases).size).toBe(1);
});

function makeFolder(): string {
  const folder = join(scratch, `f${(count += 1)}`);
  mkdirSync(folder);
  return folder;
}

function makeCache(): string {
  const folder = join(scratch, `cache ${(count += 1)}`, 'mod');
  mkdirSync(folder, { recursive: true });
  return folder;
}
