import fc from 'fast-check';
import { expect, test } from 'vitest';

import { maskCredentials, printable, printableLines, quoted } from '../../src/values/printable.js';

test.each([
  ['\u001b[31mred\u001b[0m', 'red'],
  ['\u009b31mred', 'red'],
  ['\u001b]0;title\u0007text', 'text'],
  ['\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\', 'link'],
  ['\u001b]0;never closed', ''],
  ['\u001bPq\u001b\\a\u001bcb', 'ab'],
  ['a\u0008\u0000\u007fb', 'ab'],
  ['a\r\nb\tc', 'a  b c'],
  ['abc\u202egnp', 'abcgnp'],
  ['\ud800x', '\ufffdx'],
  ['é 🚀', 'é 🚀'],
])('%j is printed as %j', (text, shown) => expect(printable(text)).toBe(shown));

test('an escape sequence that is never closed hides no later line', () => {
  expect(printableLines('a\u001b]0;b\nc\r10 %\r20 %\r\n')).toEqual(['a', 'c', '10 %', '20 %', '']);
});

test.each([
  ['clone of https://u:p@host/a failed', 'clone of https://***@host/a failed'],
  ['https://u:p@x@host/a', 'https://***@host/a'],
  ['https://u:p/q@host/a', 'https://***@host/a'],
  ['ssh://git@host/a', 'ssh://git@host/a'],
  ['https://proxy:8080/github.com/x/@v/v1.zip', 'https://proxy:8080/github.com/x/@v/v1.zip'],
  ['https://proxy/github.com/x/@v/list', 'https://proxy/github.com/x/@v/list'],
  ['see https://[::1]:80/@v: done', 'see https://[::1]:80/@v: done'],
  ["'https://u:p@host' and 'http://t@host'", "'https://***@host' and 'http://***@host'"],
])('%s is shown as %s', (text, shown) => expect(maskCredentials(text)).toBe(shown));

test('a quoted value shows what is wrong with it', () => {
  expect(quoted('a\nb"\u009b\ud800')).toBe('"a\\nb\\"\\x9b\\ud800"');
  expect(quoted('x'.repeat(200), 10)).toBe(`"${'x'.repeat(10)}…"`);
});

test('whatever comes in, nothing that moves a terminal goes out', () => {
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom(
          '\u001b',
          '[',
          ']',
          '0',
          ';',
          'm',
          '\u0007',
          '\u009d',
          'a',
          '\n',
          '\ud800',
          '\u202e',
          '://',
          '@',
          ':',
        ),
      }),
      (text) => {
        for (const shown of [printable(text), quoted(text), ...printableLines(text)])
          expect(shown).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e]/u);
      },
    ),
    { numRuns: 2000 },
  );
});

test('a long text takes no longer than its length', () => {
  for (const piece of ['\u001b]', '\u001b[', '://', ':/', '@', '://a:', 'a']) {
    const text = piece.repeat(200_000);
    expect(printable(text).length).toBeLessThanOrEqual(text.length + 200_000 * 3); // quadratic: beyond the test's time limit
  }
});
