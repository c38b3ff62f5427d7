import { expect, test } from 'vitest';

import { parseAbsolutePath } from '../../src/values/absolute-path.js';
import { isLocalAddress, parseGitAddress, printableAddress, resolveGitAddress } from '../../src/values/git-address.js';

test.each([
  'https://github.com/medibloc/panacea-core.git',
  'https://user:secret@host:8443/a/b',
  'https://[::1]:8443/a',
  'ssh://git@host/a',
  'ssh://git@host:22/~me/a',
  'git@host:a/b.git',
  'host:a b',
  'git://host/a',
  'file:///srv/a b',
  '/srv/a b',
  './x',
  '../x',
  '..',
])('%s is used', (text) => expect(parseGitAddress(text)).toBe(text));

test.each([
  '',
  'ext::sh -c touch% /tmp/x',
  'foo::bar',
  '::x',
  'http://host/a',
  'HTTPS://host/a',
  'ftp://host/a',
  'git+ssh://host/a',
  'constructor://host/a',
  '-x',
  '--upload-pack=x',
  'ssh://-oProxyCommand=x/a',
  'ssh://%2doProxyCommand=x/a',
  'ssh://host/-a',
  'ssh://-x@host/a',
  '-x@host:a',
  'git@-host:a',
  'git@host:-a',
  'https:///a',
  'https://host',
  'https://u:ab/cd@host/x',
  'https://host\\@evil/a',
  'file://host/a',
  'file://',
  '~/x',
  'x',
  'x/y',
  'a\nb',
  '/a\u0000b',
])('%j is refused', (text) => {
  expect(() => parseGitAddress(text)).toThrow(expect.objectContaining({ code: 'ADDRESS_INVALID' }));
});

test.each([
  ['https://user:secret@host/a', 'https://***@host/a'],
  ['https://ghp_token@host/a', 'https://***@host/a'],
  ['ssh://git@host/a', 'ssh://git@host/a'],
  ['git@host:a', 'git@host:a'],
])('%s is shown as %s', (text, shown) => expect(printableAddress(parseGitAddress(text))).toBe(shown));

test.each(['http://user:secret@host/a', 'https://user:sec/ret@host/a', 'ftp://secret@host/a'])(
  'the refusal of %s hides its password',
  (text) => {
    expect(() => parseGitAddress(text)).toThrow(/^(?!.*(?:secret|sec\/ret)).*\*\*\*@host/);
  },
);

test('only a written path depends on the folder', () => {
  const folder = parseAbsolutePath('/srv/x');
  expect(resolveGitAddress(parseGitAddress('../y'), folder)).toBe('/srv/y');
  expect(resolveGitAddress(parseGitAddress('git@host:y'), folder)).toBe('git@host:y');
  expect(isLocalAddress(parseGitAddress('file:///y'))).toBe(true);
  expect(isLocalAddress(parseGitAddress('./y'))).toBe(true);
  expect(isLocalAddress(parseGitAddress('https://host/y'))).toBe(false);
});
