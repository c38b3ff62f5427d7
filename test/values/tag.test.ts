import { spawnSync } from 'node:child_process';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { parseTag } from '../../src/values/tag.js';

const accepted = (text: string): boolean => {
  try {
    parseTag(text);
    return true;
  } catch (error) {
    expect(error).toHaveProperty('code', 'TAG_INVALID');
    return false;
  }
};
const git = (name: string): boolean => spawnSync('git', ['check-ref-format', `refs/tags/${name}`]).status === 0;

test.each(['v2.0.6', 'tags/v2.0.6', 'refs/tags/v2.0.6'])('%s is the tag v2.0.6', (text) => {
  expect(parseTag(text)).toBe('v2.0.6');
});

test.each(['-v1', 'refs/heads/main', 'refs/tags/', 'tags/', 'a\u0085b', 'a\u2028', '\ud800', 'x'.repeat(251)])(
  '%j is refused, also where git would take it',
  (text) => expect(accepted(text)).toBe(false),
);

test.each([
  '',
  '@',
  '@{',
  'a@{b',
  'a..b',
  '.a',
  'a/.b',
  'a.lock',
  'a.lock/b',
  'a.',
  'a./b',
  '/a',
  'a/',
  'a//b',
  'a b',
  'a~',
  'a^',
  'a:',
  'a?',
])('git says of %j what we say', (name) => expect(accepted(name)).toBe(git(name)));

test('git agrees on any text of its special characters', () => {
  const unit = fc.constantFrom(
    'a',
    'v',
    '.',
    '/',
    '@',
    '{',
    '.lock',
    '..',
    ' ',
    '*',
    '[',
    ']',
    '\\',
    '\t',
    '\x7f',
    'é',
    '🚀',
    '~',
    '-',
  );
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 7 }), (name) => {
      fc.pre(!name.startsWith('-'));
      expect([name, accepted(name)]).toEqual([name, git(name)]);
    }),
    { numRuns: 400 },
  );
});
