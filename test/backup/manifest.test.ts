import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { bytePath } from '../../src/backup/bytes.js';
import { nextFileNumber } from '../../src/backup/manifest.js';
import { backUp, makeHome } from './homes.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let count = 0;
const comparator = [1, 4, ...Buffer.from('leve')];

test('the last whole record decides', () => {
  const records = [edit([...comparator, 2, 7, 3, 10, 4, 1]), edit([2, 9, 9, 0, 3, 0xac, 0x02])];
  expect(numberOf(Buffer.concat(records))).toBe(300);
  expect(numberOf(Buffer.concat([...records, edit([3, 127]).subarray(0, 8)]))).toBe(300); // torn
  expect(numberOf(Buffer.concat([...records, Buffer.alloc(100)]))).toBe(300); // allocated, not written
});

test('a record that spans blocks counts when its end is there', () => {
  const first = fragment(2, Buffer.concat([Buffer.from([3, 50]), Buffer.alloc(32_768 - 9, 0xff)]));
  const last = fragment(4, Buffer.alloc(20, 0xff));
  expect(numberOf(Buffer.concat([first, last]))).toBe(50);
  expect(numberOf(first)).toBeUndefined();
});

test('a block’s unused end is passed over', () => {
  const filler = fragment(1, Buffer.concat([Buffer.from([3, 8]), Buffer.alloc(32_768 - 7 - 2 - 5, 0xff)]));
  expect(numberOf(Buffer.concat([filler, Buffer.alloc(5), edit([3, 9])]))).toBe(9);
});

test.each([[''], ['MANIFEST-000001'], ['\0'.repeat(70_000)], ['\xff'.repeat(70_000)]])(
  'of another kind: %#',
  (text) => {
    expect(numberOf(Buffer.from(text, 'latin1'))).toBeUndefined();
  },
);

test('CURRENT that is no file, or names none', () => {
  for (const content of ['', '../x\n', 'MANIFEST-000009\n']) {
    const folder = newFolder();
    writeFileSync(join(folder, 'CURRENT'), content);
    expect(nextFileNumber(bytePath(folder))).toBeUndefined();
  }
  const folder = newFolder();
  execFileSync('mkfifo', [join(folder, 'CURRENT')]);
  expect(nextFileNumber(bytePath(folder))).toBeUndefined();
});

test('a table whose number may be given again is copied', async () => {
  const home = makeHome(join(scratch, 'home'));
  writeFileSync(join(home, 'data/application.db/MANIFEST-000002'), edit([...comparator, 3, 3]));
  expect((await backUp(home)).linked.files).toBe(1); // 1 of 1 and 3
});

function newFolder(): string {
  const folder = join(scratch, String((count += 1)));
  mkdirSync(folder);
  return folder;
}

function numberOf(manifest: Buffer): number | undefined {
  const folder = newFolder();
  writeFileSync(join(folder, 'CURRENT'), 'MANIFEST-000001\n');
  writeFileSync(join(folder, 'MANIFEST-000001'), manifest);
  return nextFileNumber(bytePath(folder));
}

function edit(bytes: readonly number[]): Buffer {
  return fragment(1, Buffer.from(bytes));
}

/** doc/log_format.md: checksum (not looked at), length, type. */
function fragment(type: number, content: Buffer): Buffer {
  const header = Buffer.alloc(7);
  header.writeUInt16LE(content.length, 4);
  header.writeUInt8(type, 6);
  return Buffer.concat([header, content]);
}
