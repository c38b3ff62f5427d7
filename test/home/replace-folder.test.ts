import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { expect, test } from 'vitest';

import { tryLockFolder } from '../../src/home/lock.js';
import { homePaths, targetFolder, targetName, type HomePaths, type StagingTarget } from '../../src/home/paths.js';
import {
  mendStaging,
  publishScratch,
  removeEmptyFolders,
  removeScratch,
  scratchFolder as scratchOf,
} from '../../src/home/replace-folder.js';
import { syncTree } from '../../src/home/sync.js';
import { parsePlanName } from '../../src/values/plan-name.js';
import { writeProgram } from '../support/child-program.js';
import { killedAtEachCall, tracedCalls } from '../support/killed-at-each-call.js';
import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const genesis: StagingTarget = { kind: 'genesis' };
const upgrade: StagingTarget = { kind: 'upgrade', plan: parsePlanName('a/B') };
const program = writeProgram(
  scratch,
  'publishes',
  `import { homePaths } from './src/home/paths.js';
  import { publishScratch, scratchFolder } from './src/home/replace-folder.js';
  import { syncTree } from './src/home/sync.js';
  const home = homePaths(process.argv[2] ?? '', 'demod');
  const target = JSON.parse(process.argv[3] ?? '');
  syncTree(scratchFolder(home, target));
  publishScratch(home, target);`,
);
let count = 0;

test.each([genesis, upgrade])('what was filled is in the place of %o, and no scratch is left', (target) => {
  const home = makeHome();
  fill(scratchOf(home, target), 'new');
  publishScratch(home, target);
  expect(bytesOf(targetFolder(home, target))).toEqual(whole('new'));
  expect(existsSync(home.staging)).toBe(false);
});

test.each([genesis, upgrade])('what was in the place of %o before is gone', (target) => {
  const home = homeWith(target, 'old');
  writeFileSync(join(targetFolder(home, target), 'bin/old-only'), '');
  publishScratch(home, target);
  expect(bytesOf(targetFolder(home, target))).toEqual(whole('new'));
  expect(existsSync(home.staging)).toBe(false);
});

test('other upgrades, current and data stay as they are', () => {
  const home = homeWith(upgrade, 'old');
  fill(join(home.upgrades, 'other'), 'other');
  fill(home.genesis, 'genesis');
  symlinkSync('genesis', home.current);
  publishScratch(home, upgrade);
  expect(bytesOf(join(home.upgrades, 'other'))).toEqual(whole('other'));
  expect(bytesOf(home.genesis)).toEqual(whole('genesis'));
  expect(readdirSync(home.cosmovisor).sort()).toEqual(['current', 'genesis', 'upgrades']);
});

test('a place that cannot be taken gets its old folder back', () => {
  const home = makeHome();
  fill(targetFolder(home, upgrade), 'old');
  expect(() => publishScratch(home, upgrade)).toThrow(expect.objectContaining({ code: 'ENOENT' })); // no scratch was filled
  expect(bytesOf(targetFolder(home, upgrade))).toEqual(whole('old'));
});

test.each([genesis, upgrade])('%o as a relative link: back after a failure, back after a kill', (target) => {
  const home = makeHome();
  const place = targetFolder(home, target);
  fill(join(home.root, 'elsewhere'), 'old');
  mkdirSync(home.upgrades);
  const link = target === genesis ? '../elsewhere' : '../../elsewhere';
  symlinkSync(link, place); // moved aside it leads nowhere
  expect(() => publishScratch(home, target)).toThrow();
  expect(readlinkSync(place)).toBe(link);
  publishHalf(home, target);
  expect(existsSync(place)).toBe(false);
  mendStaging(home);
  expect(bytesOf(place)).toEqual(whole('old'));
});

test('scratch of a staging that was given up goes away, and the place is as it was', () => {
  const home = homeWith(genesis, 'old');
  removeScratch(home);
  expect(existsSync(home.staging)).toBe(false);
  expect(bytesOf(home.genesis)).toEqual(whole('old'));
});

test('mending does nothing in a sound home, in an empty one and in none', () => {
  const home = makeHome();
  fill(home.genesis, 'old');
  expect(mendStaging(home)).toEqual([]);
  expect(bytesOf(home.genesis)).toEqual(whole('old'));
  expect(mendStaging(homePaths(join(scratch, 'missing'), 'demod'))).toEqual([]);
});

test('mending brings back what was moved aside, and says what', () => {
  const home = homeWith(upgrade, 'old');
  publishHalf(home, upgrade);
  expect(mendStaging(home)).toEqual(['upgrades/a%2Fb']);
  expect(bytesOf(targetFolder(home, upgrade))).toEqual(whole('old'));
  expect(existsSync(home.staging)).toBe(false);
});

test('mending leaves a staging that is at work alone', () => {
  const home = homeWith(upgrade, 'old');
  publishHalf(home, upgrade);
  const lock = tryLockFolder(home.cosmovisor);
  expect(mendStaging(home)).toEqual([]);
  expect(bytesOf(scratchOf(home, upgrade))).toEqual(whole('new'));
  lock?.release();
});

test('folders that hold nothing are removed, others stay', () => {
  const home = makeHome();
  mkdirSync(home.upgrades);
  removeEmptyFolders([home.upgrades, join(home.cosmovisor, 'missing'), home.cosmovisor]);
  expect(existsSync(home.cosmovisor)).toBe(false);
  fill(home.genesis, 'x');
  removeEmptyFolders([home.genesis]);
  expect(bytesOf(home.genesis)).toEqual(whole('x'));
});

needs({ strace: true })(
  'killed at any file call, the place holds all of the old or all of the new once it was mended',
  () => {
    for (const target of [genesis, upgrade]) {
      const seen = { old: 0, new: 0 };
      const makePlace = () => {
        const home = homeWith(target, 'old');
        return { place: home, args: [home.root, JSON.stringify(target)] };
      };
      for (const { at, place: home } of killedAtEachCall(program, makePlace, scratch)) {
        mendStaging(home);
        const now = bytesOf(targetFolder(home, target));
        const age = now['bin/demod'] === 'old' ? 'old' : 'new';
        expect(now, at).toEqual(whole(age));
        expect(existsSync(home.staging), at).toBe(false);
        seen[age] += 1;
      }
      expect(seen.old).toBeGreaterThan(0); // kills fell on both sides of the rename
      expect(seen.new).toBeGreaterThan(0);
    }
  },
  300_000,
);

needs({ strace: true })('every file is synced before the rename that publishes it, and the folder after', () => {
  const home = homeWith(upgrade, 'old');
  const scratchPath = scratchOf(home, upgrade);
  const files = ['bin/demod', 'lib/libx.so', 'manifest.json', 'bin', 'lib', ''].map((name) => join(scratchPath, name));
  const calls = tracedCalls(program, [home.root, JSON.stringify(upgrade)], undefined, join(scratch, 'sync.trace'));
  const order = calls.map(({ call, args }) => `${call} ${args}`);
  const published = order.findIndex((call) => /^rename/.test(call) && call.includes(`"${scratchPath}"`));
  expect(published).toBeGreaterThan(0);
  const synced = (path: string) => (call: string) => call.startsWith('fsync ') && call.includes(`<${path}>`);
  for (const file of files) {
    const at = order.findIndex(synced(file.replace(/\/$/, '')));
    expect(at, file).toBeGreaterThanOrEqual(0);
    expect(at, file).toBeLessThan(published);
  }
  expect(order.slice(published).some(synced(home.upgrades))).toBe(true);
  expect(order.slice(0, published).some(synced(home.cosmovisor))).toBe(true); // the entry `upgrades`, made on the way
});

test('a tree is synced with links in it that lead nowhere', () => {
  const folder = join(scratch, 'tree');
  fill(folder, 'x');
  symlinkSync('nowhere', join(folder, 'bin/link'));
  expect(() => syncTree(folder)).not.toThrow();
});

function makeHome(): HomePaths {
  const home = homePaths(join(scratch, `home ${(count += 1)}`), 'demod');
  mkdirSync(home.cosmovisor, { recursive: true });
  return home;
}

/** `before` in the place of `target`, and a new folder that waits beside it. */
function homeWith(target: StagingTarget, before: string): HomePaths {
  const home = makeHome();
  fill(targetFolder(home, target), before);
  fill(scratchOf(home, target), 'new');
  return home;
}

/** What a kill between the two renames leaves. */
function publishHalf(home: HomePaths, target: StagingTarget): void {
  const aside = join(home.staging, 'old', targetName(target));
  mkdirSync(dirname(aside), { recursive: true });
  renameSync(targetFolder(home, target), aside);
}

function fill(folder: string, age: string): void {
  for (const name of ['bin', 'lib']) mkdirSync(join(folder, name), { recursive: true });
  for (const [name, content] of Object.entries(whole(age))) writeFileSync(join(folder, name), content);
}

function whole(age: string): Record<string, string> {
  return { 'bin/demod': age, 'lib/libx.so': age, 'manifest.json': age };
}

function bytesOf(folder: string): Record<string, string> {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => join(entry.parentPath, entry.name)).sort();
  return Object.fromEntries(paths.map((path) => [relative(folder, path), readFileSync(path, 'utf8')]));
}
