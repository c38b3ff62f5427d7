import { homedir } from 'node:os';

import { expect, test } from 'vitest';

import { readEnvironment } from '../../src/config/environment.js';
import { cacheFolders, userHome } from '../../src/config/folders.js';

test.each([
  [{ XDG_CACHE_HOME: '/var/cache/me', HOME: '/home/me' }, '/var/cache/me/cvtool'],
  [{ HOME: '/home/me' }, '/home/me/.cache/cvtool'],
  [{ XDG_CACHE_HOME: 'relative', HOME: '/home/me' }, '/home/me/.cache/cvtool'], // to be ignored, says the specification
  [{ XDG_CACHE_HOME: './x', HOME: '/home/a b' }, '/home/a b/.cache/cvtool'],
  [{}, `${homedir()}/.cache/cvtool`],
])('%j: %s', (environment, root) => {
  expect(cacheFolders(environment)).toEqual({
    root,
    mirrors: `${root}/mirrors`,
    builds: `${root}/builds`,
    toolchains: `${root}/toolchains`,
    logs: `${root}/logs`,
    alias: `${root}/alias`,
  });
});

test("the user's home is HOME, else what the system knows", () => {
  expect(userHome({ HOME: '/home/me' })).toBe('/home/me');
  expect(userHome({})).toBe(homedir());
});

test('a variable that is empty counts as unset', () => {
  process.env.CVTOOL_TEST_EMPTY = '';
  process.env.CVTOOL_TEST_BLANK = ' ';
  try {
    const environment = readEnvironment();
    expect('CVTOOL_TEST_EMPTY' in environment).toBe(false);
    expect(environment.CVTOOL_TEST_BLANK).toBe(' ');
    expect(environment.PATH).toBe(process.env.PATH);
  } finally {
    delete process.env.CVTOOL_TEST_EMPTY;
    delete process.env.CVTOOL_TEST_BLANK;
  }
});
