import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { catalogue, exitStatuses, type ErrorCode } from '../../src/errors/catalogue.js';
import { CvtoolError, hasCode, messageOf } from '../../src/errors/cvtool-error.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manual = join(root, 'docs/exit-status.md');
const codes = Object.entries(catalogue) as [ErrorCode, { exit: number; means: string }][];

test('docs/exit-status.md is the catalogue (to write it anew: CVTOOL_UPDATE=1 npm test -- test/errors)', () => {
  if (process.env.CVTOOL_UPDATE === '1') writeFileSync(manual, render());
  expect(readFileSync(manual, 'utf8')).toBe(render());
});

test('every code that is thrown is in the catalogue by its type; every one in the catalogue is used', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== 'errors/catalogue.ts')
    .map((name) => readFileSync(join(root, 'src', name), 'utf8'));
  const unused = codes.filter(([code]) => !sources.some((source) => source.includes(`'${code}'`)));
  expect(unused.map(([code]) => code)).toEqual([]);
});

test('codes and meanings are written alike', () => {
  for (const [code, { exit, means }] of codes) {
    expect(code).toMatch(/^[A-Z]+(?:_[A-Z]+)*$/);
    expect(means, code).toMatch(/^[^A-Z].*[^.]$/);
    expect(exitStatuses).toHaveProperty(String(exit));
  }
});

test('the codes of one status stand together', () => {
  const order = codes.map(([, { exit }]) => exit);
  expect(order.filter((exit, index) => exit !== order[index - 1])).toEqual([...new Set(order)]);
});

test('statuses that a shell gives a meaning of its own are left to it', () => {
  const statuses = Object.keys(exitStatuses).map(Number);
  for (const taken of [0, 2, 126, 127, 128, 137]) expect(statuses).not.toContain(taken);
  expect(Math.max(...statuses)).toBeLessThan(256);
});

test('an error has the status of its code, unless a signal decides', () => {
  const error = new CvtoolError('TAG_UNKNOWN', 'x', { hint: 'y', details: ['z'], cause: 'c' });
  expect(error).toMatchObject({ exit: 3, hint: 'y', details: ['z'], cause: 'c', name: 'CvtoolError' });
  expect(new CvtoolError('INTERRUPTED', 'x').exit).toBe(130);
  expect(new CvtoolError('INTERRUPTED', 'x', { exit: 143 }).exit).toBe(143);
  expect('cause' in new CvtoolError('USAGE', 'x')).toBe(false);
});

test("a system's error is known by its code, and nothing else is", () => {
  const error = Object.assign(new Error('x'), { code: 'ENOENT' });
  expect(hasCode(error, 'EACCES', 'ENOENT')).toBe(true);
  expect(hasCode(error, 'EACCES')).toBe(false);
  for (const other of [new Error('ENOENT'), { code: 'ENOENT' }, 'ENOENT', undefined, null]) {
    expect(hasCode(other, 'ENOENT')).toBe(false);
  }
});

test('whatever was thrown has a text', () => {
  expect([new Error('x'), 'y', undefined, 7].map(messageOf)).toEqual(['x', 'y', 'undefined', '7']);
});

function render(): string {
  const statuses = Object.entries(exitStatuses).map(([status, means]) => `| ${status} | ${means} |`);
  const rows = codes.map(([code, { exit, means }]) => `| \`${code}\` | ${exit} | ${means} |`);
  return [
    '# Exit statuses and error codes',
    '',
    'A command that did what it was asked to ends with 0. `cvtool run` ends with the status of the daemon, or with 128 and the',
    "number of the signal that ended it; where it cannot start the daemon at all, with 1. Every other command's statuses:",
    '',
    '| Status | Meaning |',
    '| ---: | --- |',
    ...statuses,
    '',
    'With `--json` an error is a document `{ "ok": false, "error": { "code": …, "message": …, "details": […], "hint": …, "exit": … } }`',
    'on standard output. Its code is one of these; what is no error of the user or the host has the code `BUG` and the status 70.',
    '',
    '| Code | Status | Meaning |',
    '| --- | ---: | --- |',
    ...rows,
    '',
    'This page is made from `src/errors/catalogue.ts`, and a test compares the two.',
    '',
  ].join('\n');
}
