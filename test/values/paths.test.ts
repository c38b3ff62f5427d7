import { expect, test } from 'vitest';

import { joinPath, parseAbsolutePath, resolvePath } from '../../src/values/absolute-path.js';
import { parseFileName, parseInnerPath } from '../../src/values/inner-path.js';

test('an absolute path becomes normal', () => {
  expect(parseAbsolutePath('/a//b/./c/../d e/')).toBe('/a/b/d e');
  expect(resolvePath('../x', parseAbsolutePath('/a/b'))).toBe('/a/x');
  expect(joinPath(parseAbsolutePath('/a'), parseInnerPath('b/c'), parseFileName('d'))).toBe('/a/b/c/d');
});

test.each(['', 'a', './a', '~/a', '/a\u0000', '/a\nb'])('%j is no absolute path', (text) => {
  const meaning = { what: 'DAEMON_HOME', code: 'HOME_INVALID' } as const;
  expect(() => parseAbsolutePath(text, meaning)).toThrow(expect.objectContaining({ code: 'HOME_INVALID' }));
  expect(() => parseAbsolutePath(text, meaning)).toThrow(/^DAEMON_HOME/);
});

test.each([
  ['build/panacead', 'build/panacead'],
  ['./build//panacead/', 'build/panacead'],
  ['a..b/c', 'a..b/c'],
])('%s is the inner path %s', (text, path) => expect(parseInnerPath(text)).toBe(path));

test.each(['', '.', './', '..', '../a', 'a/../../b', 'a/..', '/a', '~/a', '-a', 'a/-b', 'a\nb', 'x'.repeat(256)])(
  '%j leads nowhere inside',
  (text) => {
    expect(() => parseInnerPath(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  },
);

test.each(['', 'a/b', './a', 'a/', '..', '-a', '/a'])('%j is no file name', (text) => {
  expect(() => parseFileName(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});
