import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { keepBuildFolder, openBuildFolder } from '../../src/build/build-folder.js';
import { tryLockFolder } from '../../src/home/lock.js';
import { startProgram, writeProgram, type RunningProgram } from '../support/child-program.js';
import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const programs: RunningProgram[] = [];
let count = 0;
const opens = writeProgram(
  scratch,
  'opens',
  `import { openBuildFolder } from './src/build/build-folder.js';
  const [, , builds = '', logs = '', times = '1'] = process.argv;
  try {
    let last;
    for (let n = 0; n < Number(times); n += 1) {
      last?.close(false);
      last = openBuildFolder(builds, logs);
    }
    console.log(last?.folder);
    process.stdin.resume().on('end', () => last?.close(false));
  } catch (error) {
    console.log((error as { code: string }).code);
  }`,
);

afterEach(() => {
  for (const { child } of programs.splice(0)) child.kill('SIGKILL');
});

test('a fresh folder each, locked, with a log outside of it; a close removes it', () => {
  const { builds, logs } = makePlaces();
  const [one, two] = [openBuildFolder(builds, logs), openBuildFolder(builds, logs)];
  expect(one.folder).not.toBe(two.folder);
  expect(tryLockFolder(one.folder)).toBeUndefined();
  expect(join(one.log, '..')).toBe(logs);
  expect(existsSync(logs)).toBe(true);
  writeFileSync(join(one.folder, 'x'), '');
  one.close(false);
  expect(readdirSync(builds)).toHaveLength(1);
  two.close(true);
  expect(existsSync(two.folder)).toBe(true);
});

test('its path has one length wherever the cache lies; what is shown to people has no filling', () => {
  const folders = ['here', 'a/much longer/place/than that', 'é'].map((name) => {
    const opened = openBuildFolder(join(scratch, name, 'builds'), join(scratch, name, 'logs'));
    expect(opened.log).toMatch(/\/build-\w{6}\.log$/);
    expect(keepBuildFolder(opened.folder)).toMatch(/\/kept-\w{6}$/);
    opened.close(true);
    return Buffer.byteLength(opened.folder);
  });
  expect(folders).toEqual([200, 200, 200]);
  const far = join(scratch, 'x'.repeat(200), 'builds'); // no room for a filling
  const opened = openBuildFolder(far, join(scratch, 'logs'));
  expect(opened.folder).toMatch(/\/build-\w{6}$/);
  opened.close(false);
});

test('what a killed build left is removed by the next; what runs, and what was kept, stays', async () => {
  const { builds, logs } = makePlaces();
  const killed = start(builds, logs);
  const left = await killed.nextLine();
  writeFileSync(join(left, 'half a build'), '');
  killed.child.kill('SIGKILL');
  await killed.end;
  const running = await start(builds, logs).nextLine();
  const kept = openBuildFolder(builds, logs);
  const keptAs = keepBuildFolder(kept.folder);
  kept.close(true);
  const next = openBuildFolder(builds, logs);
  expect(existsSync(left)).toBe(false);
  expect(existsSync(running)).toBe(true);
  expect(existsSync(keptAs)).toBe(true);
  expect(keptAs).toMatch(/\/kept-[^/]+$/);
  next.close(false);
});

test('many at once do not take a new folder for one that was left', async () => {
  const { builds, logs } = makePlaces();
  const all = Array.from({ length: 4 }, () => start(builds, logs, '25'));
  const folders = await Promise.all(all.map(({ nextLine }) => nextLine()));
  expect(new Set(folders).size).toBe(4);
  for (const folder of folders) {
    expect(folder).toMatch(/\/build-/);
    expect(existsSync(folder)).toBe(true);
  }
});

test('a stray file in the folder of builds hinders nobody', () => {
  const { builds, logs } = makePlaces();
  mkdirSync(builds, { recursive: true });
  writeFileSync(join(builds, 'build-file'), '');
  writeFileSync(join(builds, 'notes'), '');
  openBuildFolder(builds, logs).close(false);
  expect(readdirSync(builds)).toContain('notes');
});

test('a cache that is a file is told, with the way out', () => {
  const { root, builds, logs } = makePlaces();
  writeFileSync(root, '');
  expect(() => openBuildFolder(builds, logs)).toThrow(
    expect.objectContaining({ code: 'HOME_UNWRITABLE', hint: expect.stringContaining('XDG_CACHE_HOME') }),
  );
});

needs({ root: true })(
  'a cache of another user is told, and what a build left read-only is removed all the same',
  () => {
    const { root, builds, logs } = makePlaces();
    mkdirSync(root);
    chmodSync(scratch, 0o755);
    const asNobody = () =>
      spawnSync(process.execPath, [opens, builds, logs], { uid: 65534, gid: 65534, encoding: 'utf8', input: '' })
        .stdout;
    expect(asNobody()).toBe('HOME_UNWRITABLE\n');
    const left = join(builds, 'build-left/read-only');
    mkdirSync(left, { recursive: true });
    writeFileSync(join(left, 'x'), '');
    chmodSync(left, 0o555);
    spawnSync('chown', ['-R', '65534:65534', root]);
    expect(asNobody()).toContain('/build-');
    expect(existsSync(left)).toBe(false);
  },
);

function start(...args: string[]): RunningProgram {
  const program = startProgram(opens, args);
  programs.push(program);
  return program;
}

function makePlaces() {
  const root = join(scratch, `cache ${(count += 1)}`);
  return { root, builds: join(root, 'builds'), logs: join(root, 'logs') };
}
