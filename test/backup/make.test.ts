import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { backUp, backupsIn, day, expectSame, makeHome, plan, recordFile, requestFor, seenIn } from './homes.js';
import { makeBackup } from '../../src/backup/make.js';
import type { CopyProgress } from '../../src/backup/progress.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let count = 0;
const newHome = () => makeHome(join(scratch, `home ${(count += 1)}`));

test.each(['auto', 'link', 'copy'] as const)('mode %s: the backup holds all that data holds', async (mode) => {
  const home = newHome();
  chmodSync(join(home, 'data/snapshots/empty'), 0o500);
  chmodSync(join(home, 'data/application.db/LOCK'), 0o400);
  const before = seenIn(join(home, 'data'));
  const { folder, wasmFolder } = await backUp(home, { mode });
  expect({ folder, wasmFolder }).toEqual({ folder: join(home, 'data-backup-2026-7-1'), wasmFolder: undefined });
  expectSame(seenIn(folder), before);
  expectSame(seenIn(join(home, 'data')), before);
  expect(backupsIn(home)).toEqual(['data-backup-2026-7-1']);
});

test('tables are hard links where a database is, and nothing else is', async () => {
  const home = newHome();
  mkdirSync(join(home, 'data/ordinary'));
  writeFileSync(join(home, 'data/ordinary/000001.ldb'), 'no CURRENT beside it');
  symlinkSync('000001.ldb', join(home, 'data/application.db/000009.ldb'));
  mkdirSync(join(home, 'data/application.db/000010.sst'));
  const { folder, linked, copied } = await backUp(home);
  const shared = [...seenIn(folder)]
    .filter(([path, { kind }]) => kind === 'file' && isSameFile(join(folder, path), join(home, 'data', path)))
    .map(([path]) => path);
  expect(shared.sort()).toEqual(['application.db/000001.ldb', 'application.db/000003.sst']);
  expect(linked).toEqual({ files: 2, bytes: 20 });
  expect(copied.files).toBe(8);
});

test('mode copy shares nothing with data', async () => {
  const home = newHome();
  const { folder, linked, cloned } = await backUp(home, { mode: 'copy' });
  for (const [path, { kind }] of seenIn(folder)) {
    if (kind === 'file') expect(isSameFile(join(folder, path), join(home, 'data', path)), path).toBe(false);
  }
  expect([linked.files, cloned.files]).toEqual([0, 0]);
});

test('what the daemon writes later is not in the backup', async () => {
  const home = newHome();
  const before = seenIn(join(home, 'data'));
  const { folder } = await backUp(home);
  const database = join(home, 'data/application.db');
  appendFileSync(join(database, '000004.log'), 'more');
  appendFileSync(join(database, 'MANIFEST-000002'), 'more');
  writeFileSync(join(home, 'data/upgrade-info.json'), '{}');
  truncateSync(join(database, 'LOG'));
  rmSync(join(database, '000001.ldb'));
  writeFileSync(join(database, '000005.ldb'), 'new');
  renameSync(join(database, 'CURRENT'), join(database, 'CURRENT.bak'));
  expectSame(seenIn(folder), before);
});

test('the first of a day has its name, further ones the plan, then a number; what is there is never touched', async () => {
  const home = newHome();
  writeFileSync(join(home, 'data-backup-2026-7-1'), 'a file of somebody');
  mkdirSync(join(home, 'data-backup-2026-7-1-v2.2.0-9000000/data'), { recursive: true });
  symlinkSync('nowhere', join(home, 'wasm-backup-2026-7-1-v2.2.0-9000000.2'));
  for (const number of [3, 4]) {
    const { folder } = await backUp(home);
    expect(folder).toBe(join(home, `data-backup-2026-7-1-v2.2.0-9000000.${number}`));
  }
  expect(readFileSync(join(home, 'data-backup-2026-7-1'), 'utf8')).toBe('a file of somebody');
  expect(seenIn(join(home, 'data-backup-2026-7-1-v2.2.0-9000000')).size).toBe(2);
});

test('wasm is backed up beside data, under the same name', async () => {
  const home = newHome();
  mkdirSync(join(home, 'wasm/wasm/state'), { recursive: true });
  writeFileSync(join(home, 'wasm/wasm/state/0a1b'), 'contract');
  mkdirSync(join(home, 'data-backup-2026-7-1'));
  const { folder, wasmFolder, folders } = await backUp(home);
  expect(wasmFolder).toBe(join(home, 'wasm-backup-2026-7-1-v2.2.0-9000000'));
  expectSame(seenIn(wasmFolder!), seenIn(join(home, 'wasm')));
  expectSame(seenIn(folder), seenIn(join(home, 'data')));
  expect(recordIn(folder)).toMatchObject({ wasm: 'wasm-backup-2026-7-1-v2.2.0-9000000' });
  expect(folders).toBe(7);
});

test('data and wasm that are links are followed', async () => {
  const home = newHome();
  renameSync(join(home, 'data'), join(home, 'elsewhere'));
  symlinkSync('elsewhere', join(home, 'data'));
  mkdirSync(join(home, 'contracts'));
  symlinkSync('contracts', join(home, 'wasm'));
  const { folder, wasmFolder } = await backUp(home);
  expect(lstatSync(folder).isDirectory() && lstatSync(wasmFolder!).isDirectory()).toBe(true);
  expectSame(seenIn(folder), seenIn(join(home, 'elsewhere')));
});

test('a file called wasm is not the chain’s', async () => {
  const home = newHome();
  writeFileSync(join(home, 'wasm'), '');
  expect((await backUp(home)).wasmFolder).toBeUndefined();
});

test('what the backup says of itself', async () => {
  const home = newHome();
  await backUp(home, { plan: undefined, current: undefined });
  const { folder } = await backUp(home, { current: 'upgrades/v2.1.1' });
  expect(recordIn(folder)).toMatchObject({
    ...{ schema: 1, home, source: join(home, 'data'), time: day.toISOString() },
    ...{ plan, current: 'upgrades/v2.1.1', mode: 'auto', wasm: null, after: ['data-backup-2026-7-1'] },
    ...{ folders: 4, links: 2, linked: { files: 2 }, copied: { files: 7 }, special: [], leadingOut: [] },
  });
  const { size, mtimeMs } = statSync(join(home, 'data/application.db/000001.ldb'));
  expect(recordIn(folder)).toHaveProperty(
    'linkedFiles',
    expect.arrayContaining([['application.db/000001.ldb', size, mtimeMs]]),
  );
});

test('a data that was put back from a backup has its record in it, and is backed up without', async () => {
  const home = newHome();
  const first = await backUp(home);
  rmSync(join(home, 'data'), { recursive: true });
  renameSync(first.folder, join(home, 'data'));
  const before = seenIn(join(home, 'data'));
  const { folder } = await backUp(home, { current: 'upgrades/second' });
  expectSame(seenIn(folder), before);
  expect(recordIn(folder)).toMatchObject({ current: 'upgrades/second' });
});

test('links that lead out of data are named: what they lead to is not in the backup', async () => {
  const home = newHome();
  symlinkSync(join(home, 'data/application.db'), join(home, 'data/within'));
  symlinkSync('../elsewhere', join(home, 'data/out'));
  expect((await backUp(home)).leadingOut).toEqual(['out']);
});

test('a home without data, and a backup folder that is none', async () => {
  const home = newHome();
  await refuses(home, { backupDir: join(home, 'missing') }, /there is no folder ".*missing"/);
  await refuses(home, { backupDir: join(home, 'data/upgrade-info.json') }, /is not a folder/);
  await refuses(home, { dataFolder: join(home, 'data/dangling') }, /there is no folder ".*dangling"/);
  await refuses(home, { wasmFolder: join(home, 'data/dangling') }, /there is no folder ".*dangling"/);
  symlinkSync('data/snapshots', join(home, 'inside'));
  for (const backupDir of ['data', 'data/snapshots/empty', 'inside']) {
    await refuses(home, { backupDir: join(home, backupDir) }, /lies in ".*data"/);
  }
});

test('mode link refuses a table that cannot be linked; auto copies it', async () => {
  const home = newHome();
  const table = join(home, 'data/application.db/000001.ldb');
  if (!(await fillLinks(table, join(home, 'many')))) return; // a file system without a limit that can be reached
  await refuses(home, { mode: 'link' }, /000001\.ldb" cannot be hard-linked into the backup: EMLINK/);
  const { linked, folder } = await backUp(home);
  expect(linked.files).toBe(1);
  expectSame(seenIn(folder), seenIn(join(home, 'data')));
});

test('one that is abandoned ends soon, and nothing of it is left', async () => {
  const home = newHome();
  writeFileSync(join(home, 'data/big'), Buffer.alloc(200 << 20, 1));
  const controller = new AbortController();
  const reason = new Error('stop');
  setTimeout(() => controller.abort(reason), 30);
  await expect(makeBackup(requestFor(home, { signal: controller.signal }))).rejects.toBe(reason);
  expect(backupsIn(home)).toEqual([]);
  await expect(makeBackup(requestFor(home, { signal: controller.signal }))).rejects.toBe(reason);
});

test('a copy tells how far it is, and leaves others their turn', async () => {
  const home = newHome();
  writeFileSync(join(home, 'data/big'), '');
  truncateSync(join(home, 'data/big'), 8 * 2 ** 30); // a hole: read, and not written
  const told: CopyProgress[] = [];
  let turns = 0;
  const controller = new AbortController();
  const timer = setInterval(() => (turns += 1), 10);
  const onProgress = (progress: CopyProgress) => {
    told.push(progress);
    controller.abort(new Error('seen'));
  };
  await expect(backUp(home, { mode: 'copy', onProgress, signal: controller.signal })).rejects.toThrow('seen');
  clearInterval(timer);
  expect(turns).toBeGreaterThan(5);
  expect(told[0]).toMatchObject({ totalBytes: expect.toSatisfy((bytes: number) => bytes > 8 * 2 ** 30) });
  const { bytes, totalBytes, rate, secondsLeft } = told[0]!;
  expect(bytes).toBeLessThan(totalBytes);
  expect(secondsLeft).toBeCloseTo((totalBytes - bytes) / rate);
});

async function refuses(home: string, other: Parameters<typeof backUp>[1], message: RegExp): Promise<void> {
  await expect(backUp(home, other)).rejects.toMatchObject({
    code: 'BACKUP_FAILED',
    message: expect.stringMatching(message),
  });
  expect(backupsIn(home)).toEqual([]);
}

function recordIn(folder: string): unknown {
  return JSON.parse(readFileSync(join(folder, recordFile), 'utf8'));
}

function isSameFile(a: string, b: string): boolean {
  return existsSync(b) && statSync(a).ino === statSync(b).ino;
}

/** Gives a file as many names as its file system lets it have. @returns whether there is a limit */
async function fillLinks(file: string, folder: string): Promise<boolean> {
  mkdirSync(folder);
  try {
    for (let number = 0; number < 70_000; number += 1) linkSync(file, join(folder, String(number)));
    return false;
  } catch {
    return true;
  }
}
