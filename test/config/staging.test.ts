import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { beforeAll, expect, test } from 'vitest';

import { recipeName, secondsFrom, stagingSettings, type StagingFlags } from '../../src/config/staging.js';
import { CvtoolError } from '../../src/errors/cvtool-error.js';
import { loadRecipe } from '../../src/recipe/load.js';
import type { Recipe } from '../../src/recipe/schema.js';
import { parseAbsolutePath } from '../../src/values/absolute-path.js';

const recipesFolder = parseAbsolutePath(fileURLToPath(new URL('../../recipes', import.meta.url)));
const here = parseAbsolutePath('/work folder');
let panacea: Recipe;
let demo: Recipe;

beforeAll(async () => {
  panacea = (await loadRecipe('panacea', { recipesFolder })).recipe;
  demo = (await loadRecipe('demo', { recipesFolder })).recipe;
});

test("without flag or variable the recipe's", () => {
  expect(settings({}, { HOME: '/home/me' })).toEqual({
    home: '/home/me/.panacea',
    daemon: 'panacead',
    address: panacea.repository,
  });
});

test('a variable goes before the recipe, a flag before the variable', () => {
  const environment = { HOME: '/home/me', DAEMON_HOME: '/srv/node', DAEMON_NAME: 'd1', CVTOOL_REPO: '/srv/repo' };
  expect(settings({}, environment)).toEqual({ home: '/srv/node', daemon: 'd1', address: '/srv/repo' });
  expect(settings({ home: '/flag', name: 'd2', repo: 'https://host/x' }, environment)).toEqual({
    home: '/flag',
    daemon: 'd2',
    address: 'https://host/x',
  });
  expect(settings({ name: 'd2' }, environment)).toMatchObject({ home: '/srv/node', daemon: 'd2' });
});

test.each([
  ['/srv/a b/ü', '/srv/a b/ü'],
  ['node', '/work folder/node'],
  ['./a b/', '/work folder/a b'],
  ['../x', '/x'],
  ['.', '/work folder'],
  ['/srv//x/../y/', '/srv/y'],
])('--home %s is %s', (home, expected) => expect(settings({ home }, {}).home).toBe(expected));

test.each([
  ['', '--home is empty'],
  ['~/x', 'not expanded'],
  ['~', 'not expanded'],
  ['a\nb', 'control character'],
  ['/a\u0000b', 'control character'],
])('--home %j is refused: %s', (home, why) => {
  expect(problem({ home }, {})).toMatchObject({ code: 'HOME_INVALID', message: expect.stringContaining(why) });
});

test.each(['relative', './x', '~/x', '$HOME/x', 'a\nb'])('DAEMON_HOME=%j is refused, and named', (text) => {
  expect(problem({}, { DAEMON_HOME: text })).toMatchObject({
    code: 'HOME_INVALID',
    message: expect.stringContaining('DAEMON_HOME'),
    hint: text.includes('\n') ? undefined : expect.stringMatching(/\S/),
  });
});

test('what the flag overrides is not complained of', () => {
  expect(settings({ home: '/srv' }, { DAEMON_HOME: 'relative' }).home).toBe('/srv');
});

test.each(['a/b', '..', '.', '-x', 'a\nb', '', 'x'.repeat(256)])(
  'the daemon %j is refused, and its origin named',
  (name) => {
    expect(problem({ name }, {})).toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^--name: /),
    });
    if (name === '') return; // an empty variable counts as unset
    expect(problem({}, { DAEMON_NAME: name })).toMatchObject({ message: expect.stringMatching(/^DAEMON_NAME: /) });
  },
);

test('an address is parsed, and a path starts at the working folder', () => {
  expect(settings({ repo: './clone' }, {}).address).toBe('/work folder/clone');
  expect(settings({}, { CVTOOL_REPO: '../clone' }).address).toBe('/clone');
  expect(problem({ repo: 'http://user:secret@host/x' }, {})).toMatchObject({ code: 'ADDRESS_INVALID' });
});

test('a recipe without a repository needs one', () => {
  expect(demo.repository).toBeUndefined();
  expect(problem({}, {}, demo)).toMatchObject({ code: 'CONFIG_INVALID', hint: expect.stringContaining('--repo') });
  expect(settings({ repo: '/srv/x' }, {}, demo).address).toBe('/srv/x');
});

test('all problems are told at once, each with its way out, and no password', () => {
  const error = problem({ name: 'a/b', repo: 'http://user:secret@host/x' }, { DAEMON_HOME: 'relative' });
  expect(error).toMatchObject({ code: 'CONFIG_INVALID', message: '3 settings cannot be used', exit: 1 });
  const text = error.details.join('\n');
  for (const part of ['DAEMON_HOME', '--name', '***@host', 'https://']) expect(text).toContain(part);
  expect(text).not.toContain('secret');
});

test.each([
  ['zoo', { CVTOOL_RECIPE: 'other' }, 'zoo'],
  [undefined, { CVTOOL_RECIPE: 'other' }, 'other'],
  [undefined, {}, 'panacea'],
])('the recipe: %s, %j: %s', (flag, environment, name) => expect(recipeName(flag, environment)).toBe(name));

test.each([
  ['600', 600_000],
  ['0.5', 500],
  ['2000000', 2_000_000_000], // what setTimeout can still wait
])('%s seconds are %s ms', (text, milliseconds) => expect(secondsFrom({ LIMIT: text }, 'LIMIT')).toBe(milliseconds));

test('no variable is no limit', () => expect(secondsFrom({}, 'LIMIT')).toBeUndefined());

test.each(['0', '0.0', '-1', '1e3', '0x10', '10s', ' 10', '', 'NaN', 'Infinity', '2000001', '1.'])(
  '%j is no number of seconds',
  (text) => {
    expect(() => secondsFrom({ LIMIT: text }, 'LIMIT')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining('LIMIT') }),
    );
  },
);

function settings(flags: StagingFlags, environment: Record<string, string>, recipe = panacea) {
  return stagingSettings(recipe, flags, environment, here);
}

function problem(flags: StagingFlags, environment: Record<string, string>, recipe = panacea): CvtoolError {
  try {
    settings(flags, environment, recipe);
  } catch (error) {
    if (error instanceof CvtoolError) return error;
    throw error;
  }
  throw new Error(`these settings are taken: ${join(JSON.stringify(flags), JSON.stringify(environment))}`);
}
