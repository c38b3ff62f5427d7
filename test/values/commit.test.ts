import { expect, test } from 'vitest';

import { isWholeCommit, matchesCommit, parseCommit, parseCommitPrefix } from '../../src/values/commit.js';

const id = 'a4cdccdf7d14bf3808bd35cb69fa3229528220ab';

test('a whole id is lower case', () => {
  expect(parseCommit(id.toUpperCase())).toBe(id);
  expect(parseCommit(id.padEnd(64, '0'))).toHaveLength(64);
});

test.each(['', id.slice(1), `${id}0`, `${id} `, 'g'.repeat(40), 'HEAD', id.padEnd(63, '0')])(
  '%j is no whole id',
  (text) => {
    expect(() => parseCommit(text)).toThrow(expect.objectContaining({ code: 'COMMIT_INVALID' }));
  },
);

test.each(['', id.slice(0, 6), 'a4cdccg', `${id}0`, 'HEAD', '-a4cdccd'])('%j is no prefix', (text) => {
  expect(() => parseCommitPrefix(text)).toThrow(expect.objectContaining({ code: 'COMMIT_INVALID' }));
});

test('a prefix of 7 digits or more matches its commit only', () => {
  const full = parseCommit(id);
  expect(matchesCommit(full, parseCommitPrefix('A4CDCCD'))).toBe(true);
  expect(matchesCommit(full, parseCommitPrefix(id))).toBe(true);
  expect(matchesCommit(full, parseCommitPrefix('4cdccdf'))).toBe(false);
  expect(matchesCommit(full, parseCommitPrefix(`${id.slice(0, 39)}0`))).toBe(false);
});

test('a whole SHA-1 id is not taken for the start of a SHA-256 one', () => {
  expect(matchesCommit(parseCommit(id.padEnd(64, '0')), parseCommit(id))).toBe(false);
  expect(isWholeCommit(parseCommitPrefix(id))).toBe(true);
  expect(isWholeCommit(parseCommitPrefix(id.slice(0, 39)))).toBe(false);
});
