import { expect, test } from 'vitest';

import { parseEnvironmentText, parseUnitText, splitUnitWords, unitTimeSpan } from '../../src/host/systemd-syntax.js';

test('sections and assignments; comments and lines that are neither do not count; a backslash joins lines', () => {
  const text = `# head
; too
[Unit]
Description = A node
[Service]
ExecStart=/bin/node \\
# in between
  start \\
  --home /x
no assignment
Environment=
`;
  expect(parseUnitText(text)).toEqual([
    { section: 'Unit', key: 'Description', value: 'A node' },
    { section: 'Service', key: 'ExecStart', value: '/bin/node  start  --home /x' },
    { section: 'Service', key: 'Environment', value: '' },
  ]);
});

test.each([
  ['a b\t c', ['a', 'b', 'c']],
  ['"A=b c" D=e', ['A=b c', 'D=e']],
  [`A='x y' B="it's"`, ['A=x y', "B=it's"]],
  ['""', ['']],
  [String.raw`a\x20b\ttab \\ "q\"q"`, ['a b\ttab', '\\', 'q"q']],
  ['', []],
])('the words of %j', (text, words) => {
  expect(splitUnitWords(text)).toEqual(words);
});

test('an environment file: quotes, comments, export, an `=` in the value', () => {
  expect(parseEnvironmentText('# c\nA=1\nexport B="two words"\n\nC=x=y\nno\n 1=2\n')).toEqual({
    A: '1',
    B: 'two words',
    C: 'x=y',
  });
});

test.each([
  ['90', 90],
  ['90s', 90],
  ['5min 20s', 320],
  ['1h30min', 5400],
  ['500ms', 0.5],
  ['infinity', Infinity],
  ['2 d', 172_800],
  ['soon', undefined],
  ['5 parsecs', undefined],
  ['', undefined],
])('the time span %j', (text, seconds) => {
  expect(unitTimeSpan(text)).toBe(seconds);
});
