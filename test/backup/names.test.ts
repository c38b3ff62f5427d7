import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  backupName,
  parseBackupName,
  suffixesFor,
  type BackupName,
  type BackupSuffix,
} from '../../src/backup/names.js';
import { parsePlanName } from '../../src/values/plan-name.js';
import { plan } from './homes.js';

const planName = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .map((text) => text.replace(/^-+|[\p{C}\p{Zl}\p{Zp}]/gu, '') + 'x')
  .map((text) => parsePlanName(text, { recase: false }));
const tricky = fc.constantFrom('v2-100', '1', '2.2', 'x-5.2', 'a.partial', '2026-7-1', 'a/b', 'é', 'v 2');
const planned = fc.record({
  name: fc.oneof(
    planName,
    tricky.map((text) => parsePlanName(text)),
  ),
  height: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
});
const names: fc.Arbitrary<BackupName> = fc
  .record({
    tree: fc.constantFrom('data' as const, 'wasm' as const),
    partial: fc.boolean(),
    year: fc.integer({ min: 1970, max: 9999 }),
    month: fc.integer({ min: 1, max: 12 }),
    day: fc.integer({ min: 1, max: 31 }),
    plan: fc.option(planned, { nil: undefined }),
    number: fc.option(fc.integer({ min: 2, max: 99_999 }), { nil: undefined }),
  })
  .map(({ plan: ofPlan, number, ...rest }) => ({
    ...rest,
    ...(ofPlan !== undefined && { plan: ofPlan }),
    ...(number !== undefined && { number }),
  }));

/** The series has no end. */
function next(series: Iterator<BackupSuffix, void>): BackupSuffix {
  const { value } = series.next();
  if (value === undefined) throw new Error('it ended');
  return value;
}

test('a name is read as what it was made of', () => {
  fc.assert(
    fc.property(names, (name) => {
      expect(parseBackupName(backupName(name))).toEqual(name);
    }),
  );
});

test('what is read as a name is made anew as it was', () => {
  const part = fc.constantFrom(
    'data',
    'wasm',
    '-backup-',
    '2026',
    '-',
    '7',
    '07',
    '1',
    '.',
    'v2',
    '.partial',
    '%2F',
    '/',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 14 }), (parts) => {
      const text = `data-backup-2026-7-1${parts.join('')}`;
      const parsed = parseBackupName(text);
      if (parsed !== undefined) expect(backupName(parsed)).toBe(text);
    }),
  );
});

test('the first of a day is named by it, the next by the plan, then by a number', () => {
  const series = suffixesFor(new Date(2026, 0, 5, 23, 59), plan);
  const first = [1, 2, 3, 4].map(() => backupName({ ...next(series), tree: 'data', partial: false }));
  expect(first).toEqual([
    'data-backup-2026-1-5',
    'data-backup-2026-1-5-v2.2.0-9000000',
    'data-backup-2026-1-5-v2.2.0-9000000.2',
    'data-backup-2026-1-5-v2.2.0-9000000.3',
  ]);
});

test.each([undefined, { name: parsePlanName('x'.repeat(250)), height: 1 }])(
  'without a plan, or with one whose name does not fit, the number follows the day (%#)',
  (unfit) => {
    const series = suffixesFor(new Date(2026, 10, 25), unfit);
    const first = [1, 2].map(() => backupName({ ...next(series), tree: 'wasm', partial: true }));
    expect(first).toEqual(['wasm-backup-2026-11-25.partial', 'wasm-backup-2026-11-25.2.partial']);
  },
);

test('the longest plan name that fits makes names that a file system takes', () => {
  for (let length = 180; length < 256; length += 1) {
    const series = suffixesFor(new Date(2026, 10, 25), {
      name: parsePlanName('x'.repeat(length)),
      height: 123_456_789,
    });
    for (let count = 0; count < 5; count += 1) {
      const name = backupName({ ...next(series), tree: 'wasm', partial: true });
      expect(name.length).toBeLessThanOrEqual(255);
    }
  }
});

test.each([
  'data-backup-2026-07-1',
  'data-backup',
  'data-backup-2026-7-1-v2',
  'data-backup-2026-7-1.partial.partial',
  'x',
])('%s is no backup of ours', (name) => {
  expect(parseBackupName(name)).toBeUndefined();
});
