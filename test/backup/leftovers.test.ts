import { existsSync, lstatSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { bytePath } from '../../src/backup/bytes.js';
import { startPace } from '../../src/backup/pace.js';
import { recordName } from '../../src/backup/record.js';
import { removeFolder } from '../../src/backup/remove.js';
import { backUp, backupsIn, expectSame, makeHome, recordFile, seenIn } from './homes.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let count = 0;
const newHome = () => makeHome(join(scratch, `home ${(count += 1)}`));

test('a partial backup of this home is removed, and its name is free again', async () => {
  const home = newHome();
  const partial = join(home, 'data-backup-2026-7-1.partial');
  mkdirSync(join(partial, 'application.db'), { recursive: true });
  symlinkSync(home, join(partial, recordFile));
  mkdirSync(join(home, 'wasm-backup-2026-1-1.partial')); // killed before it could be marked
  const { folder } = await backUp(home);
  expect(folder).toBe(join(home, 'data-backup-2026-7-1'));
  expect(backupsIn(home)).toEqual(['data-backup-2026-7-1']);
});

test('what belongs to another home that shares the folder, or to nobody known, is left alone', async () => {
  const home = newHome();
  const backupDir = join(scratch, `shared ${count}`);
  const others = ['data-backup-2026-7-1.partial', 'data-backup-2026-7-1-v2.2.0-9000000.partial'];
  for (const name of others) mkdirSync(join(backupDir, name), { recursive: true });
  symlinkSync(join(scratch, 'another'), join(backupDir, others[0]!, recordFile));
  writeFileSync(join(backupDir, others[1]!, 'file'), 'of somebody');
  const { folder } = await backUp(home, { backupDir });
  expect(folder).toBe(join(backupDir, 'data-backup-2026-7-1-v2.2.0-9000000.2'));
  expect(backupsIn(backupDir)).toEqual(['data-backup-2026-7-1-v2.2.0-9000000.2', others[1], others[0]]);
  expect(backupsIn(home)).toEqual([]);
});

test('a wasm backup whose data did not get its name goes with it; one whose data was removed by hand stays', async () => {
  const home = newHome();
  mkdirSync(join(home, 'wasm'));
  const half = await backUp(home);
  renameSync(half.folder, `${half.folder}.partial`);
  const orphan = await backUp(home, { now: new Date(2026, 6, 2) });
  expect(backupsIn(home)).toEqual(['data-backup-2026-7-2', 'wasm-backup-2026-7-2']);
  renameSync(orphan.folder, join(home, 'moved'));
  const { folder } = await backUp(home, { now: new Date(2026, 6, 2) });
  expect(folder).toContain('data-backup-2026-7-2-v2.2.0');
  expect(backupsIn(home)).toContain('wasm-backup-2026-7-2');
});

test('a removal that ends half-way leaves the mark as long as anything else', async () => {
  for (let turns = 0; turns < 11; turns += 1) {
    const folder = join(scratch, `removed ${turns}`);
    mkdirSync(join(folder, 'sub'), { recursive: true });
    for (const name of [' ', '!', '.a', 'b', 'c', 'd', 'e']) writeFileSync(join(folder, name), '');
    symlinkSync('home', join(folder, recordFile));
    let left = turns;
    const pace = {
      isDue: () => true,
      async turn() {
        if ((left -= 1) < 0) throw new Error('enough');
      },
    };
    await expect(removeFolder(bytePath(folder), recordName, pace)).rejects.toThrow('enough');
    const names = readdirSync(folder);
    if (names.length > 0) expect(lstatSync(join(folder, recordFile)).isSymbolicLink(), String(turns)).toBe(true);
    await removeFolder(bytePath(folder), recordName, startPace(undefined));
    expect(existsSync(folder)).toBe(false);
  }
});

test('two homes that back up into one folder at once', async () => {
  const homes = [newHome(), newHome(), newHome(), newHome()];
  const backupDir = join(scratch, `at once ${count}`);
  mkdirSync(backupDir);
  const made = await Promise.all(homes.map((home) => backUp(home, { backupDir })));
  expect(new Set(made.map(({ folder }) => folder)).size).toBe(4);
  for (const [index, { folder }] of made.entries()) expectSame(seenIn(folder), seenIn(join(homes[index]!, 'data')));
});
