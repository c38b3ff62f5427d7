import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, expect, test } from 'vitest';

import { readEnvironment } from '../../src/config/environment.js';
import { packageRoot } from '../../src/host/package-root.js';
import { handlersIn } from '../../src/recipe/handler-patterns.js';
import { loadRecipe } from '../../src/recipe/load.js';
import { makeDemoRepository, type DemoRepository } from '../../src/stage/demo-repository.js';
import { parseAbsolutePath } from '../../src/values/absolute-path.js';

const scratch = mkdtempSync(join(tmpdir(), 'cvtool-demo-repository-'));
let demo: DemoRepository;

beforeAll(async () => {
  demo = await makeDemoRepository(join(scratch, 'first'), readEnvironment());
});
afterAll(() => rmSync(scratch, { recursive: true }));

test('the two releases are lightweight tags, and what lies between them is no release', () => {
  expect([...demo.tags.keys()]).toEqual(['v2.0.6', 'v2.1.0']);
  for (const [tag, commit] of demo.tags) {
    expect(git('rev-parse', tag)).toBe(commit);
    expect(git('cat-file', '-t', tag)).toBe('commit'); // an annotated one is an object of its own
  }
  expect(git('describe', '--tags', 'v2.1.0~1')).toMatch(/^v2\.0\.6-1-g[0-9a-f]+$/);
  expect(git('symbolic-ref', 'HEAD')).toBe('refs/heads/main');
  expect(git('status', '--porcelain')).toBe('');
});

test('recipes/demo.yaml has these commits, and the handlers that the source has', async () => {
  const { recipe } = await loadRecipe('demo', { recipesFolder: parseAbsolutePath(join(packageRoot(), 'recipes')) });
  expect(new Map(recipe.releases.map(({ tag, commit }) => [tag, commit]))).toEqual(demo.tags);
  expect(recipe).toMatchObject({ name: 'demo', daemon: 'demod', home: '.demo', artifact: 'build/demod' });
  expect(recipe.go).toBeUndefined();
  expect(recipe.releases.map(({ kind }) => kind)).toEqual(['genesis', 'upgrade']);
  for (const { tag, handlers } of recipe.releases) {
    const source = git('show', `${tag}:demod/handlers.c`);
    expect(handlersIn(source, recipe.handlers?.patterns ?? [])).toEqual(handlers);
  }
});

test('a release differs from the one before it by its handlers', () => {
  expect(git('diff', '--name-only', 'v2.0.6', 'v2.1.0').split('\n')).toEqual(['UPGRADING.md', 'demod/handlers.c']);
});

test('the ids do not depend on home, settings, templates, hooks, ignore files, umask, time zone or locale', async () => {
  const before = { ...process.env };
  const umask = process.umask(0o077);
  try {
    Object.assign(process.env, hostileSettings());
    const again = await makeDemoRepository(join(scratch, 'again'), readEnvironment());
    expect(again.tags).toEqual(demo.tags);
  } finally {
    process.umask(umask);
    for (const name of Object.keys(process.env)) if (!(name in before)) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, before);
  }
});

test('a folder with something in it is left alone', async () => {
  const folder = join(scratch, 'taken');
  mkdirSync(folder);
  writeFileSync(join(folder, 'mine'), '');
  await expect(makeDemoRepository(folder, readEnvironment())).rejects.toThrow(`${folder} is not`);
  expect(execFileSync('ls', ['-A', folder], { encoding: 'utf8' })).toBe('mine\n');
});

/** A home in which plain git makes other commits, or none; and variables that do the same. */
function hostileSettings(): Record<string, string> {
  const home = join(scratch, 'hostile');
  const hook = join(home, 'template/hooks/pre-commit');
  mkdirSync(join(home, 'template/hooks'), { recursive: true });
  mkdirSync(join(home, 'template/info'));
  mkdirSync(join(home, '.config/git'), { recursive: true });
  writeFileSync(hook, '#!/bin/sh\nexit 1\n');
  chmodSync(hook, 0o755);
  writeFileSync(join(home, 'template/info/exclude'), '*\n');
  writeFileSync(join(home, '.config/git/ignore'), '*.c\n');
  writeFileSync(join(home, '.config/git/attributes'), '* text eol=crlf ident filter=upper\n');
  writeFileSync(
    join(home, '.gitconfig'),
    [
      '[user]\n name = Somebody Else\n email = else@example.org\n signingKey = none',
      '[commit]\n gpgsign = true\n template = /nonexistent',
      '[tag]\n gpgSign = true\n forceSignAnnotated = true',
      '[gpg]\n program = /bin/false',
      `[init]\n templateDir = ${join(home, 'template')}\n defaultBranch = trunk\n defaultObjectFormat = sha256`,
      `[core]\n hooksPath = ${join(home, 'template/hooks')}\n autocrlf = true\n fsmonitor = /bin/false`,
      '[i18n]\n commitEncoding = ISO-8859-1',
      '[filter "upper"]\n clean = tr a-z A-Z\n required = true',
      '',
    ].join('\n'),
  );
  return {
    HOME: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    TZ: 'Asia/Seoul',
    LC_ALL: 'de_DE.UTF-8',
    LANGUAGE: 'de',
    GIT_DIR: join(home, 'elsewhere'),
    GIT_INDEX_FILE: join(home, 'index'),
    GIT_AUTHOR_NAME: 'Somebody Else',
    GIT_COMMITTER_DATE: '2001-01-01T00:00:00+0900',
    GIT_TEMPLATE_DIR: join(home, 'template'),
    GIT_DEFAULT_HASH: 'sha256',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'commit.gpgsign',
    GIT_CONFIG_VALUE_0: 'true',
  };
}

function git(...args: string[]): string {
  return execFileSync('git', ['-C', demo.repository, ...args], { encoding: 'utf8' }).trim();
}
