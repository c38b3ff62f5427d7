import { cpSync, mkdirSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { suspectFiles } from '../../src/backup/check.js';
import { findBackup, listBackups } from '../../src/backup/list.js';
import { parsePlanName } from '../../src/values/plan-name.js';
import { backUp, makeHome, plan, recordFile } from './homes.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let count = 0;
const newHome = () => makeHome(join(scratch, `home ${(count += 1)}`));

test('the newest is first, also where the clock jumped back between them', async () => {
  const home = newHome();
  const days = [12, 9, 11, 20, 8, 10, 7, 30, 1];
  for (const date of days) await backUp(home, { now: new Date(2026, 6, date) });
  expect(listBackups(home).map(({ name }) => name)).toEqual(days.reverse().map((date) => `data-backup-2026-7-${date}`));
});

test('only what is whole and ours is listed', async () => {
  const home = newHome();
  mkdirSync(join(home, 'wasm'));
  const { folder, wasmFolder } = await backUp(home);
  mkdirSync(join(home, 'data-backup-2026-1-1')); // cosmovisor's
  cpSync(folder, join(home, 'data-backup-2026-1-2.partial'), { recursive: true, verbatimSymlinks: true });
  writeFileSync(join(home, 'data-backup-2026-1-3'), 'no folder');
  mkdirSync(join(home, 'data-backup-2026-1-4'));
  writeFileSync(join(home, 'data-backup-2026-1-4', recordFile), '{');
  mkdirSync(join(home, 'data-backup-2026-1-5'));
  writeFileSync(join(home, 'data-backup-2026-1-5', recordFile), '{"schema":2}');
  expect(listBackups(home)).toMatchObject([{ folder, wasmFolder, record: { home, plan, current: 'genesis' } }]);
  rmSync(wasmFolder!, { recursive: true });
  expect(listBackups(home)).toEqual([]);
});

test('a backup of this very halt is found, and no other', async () => {
  const home = newHome();
  const { folder } = await backUp(home);
  const asked = { home, dataFolder: join(home, 'data'), plan };
  expect(findBackup(home, asked)?.folder).toBe(folder);
  expect(findBackup(home, { ...asked, plan: { ...plan, height: 1 } })).toBeUndefined();
  expect(findBackup(home, { ...asked, plan: { ...plan, name: parsePlanName('other') } })).toBeUndefined();
  expect(findBackup(home, { ...asked, home: newHome() })).toBeUndefined();
  utimesSync(join(home, 'data/upgrade-info.json'), 1, 1); // written anew at another halt
  expect(findBackup(home, asked)).toBeUndefined();
  rmSync(join(home, 'data/upgrade-info.json'));
  expect(findBackup(home, asked)).toBeUndefined();
});

test('a linked file that was written, cut or removed later is found out', async () => {
  const home = newHome();
  const database = join(home, 'data/application.db');
  writeFileSync(join(database, '000007.ldb'), 'table seven');
  const { folder } = await backUp(home);
  const [{ record } = { record: undefined }] = listBackups(home);
  expect(suspectFiles(folder, record!)).toEqual([]);
  rmSync(join(database, '000007.ldb')); // what a compaction does
  expect(suspectFiles(folder, record!)).toEqual([]);
  writeFileSync(join(database, '000001.ldb'), 'TABLE ONE');
  truncateSync(join(database, '000003.sst'), 1);
  rmSync(join(folder, 'application.db/000007.ldb'));
  expect(suspectFiles(folder, record!).sort()).toEqual(
    ['000001.ldb', '000003.sst', '000007.ldb'].map((name) => `application.db/${name}`),
  );
});
