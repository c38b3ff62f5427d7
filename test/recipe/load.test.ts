import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import type { CvtoolError } from '../../src/errors/cvtool-error.js';
import { loadRecipe, recipeNames } from '../../src/recipe/load.js';
import { parseAbsolutePath, type AbsolutePath } from '../../src/values/absolute-path.js';
import { fixtures, recipesFolder } from './places.js';

let folder: AbsolutePath;
beforeEach(() => {
  folder = parseAbsolutePath(mkdtempSync(join(tmpdir(), 'cvtool-recipe-')));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const refusal = async (nameOrPath: string): Promise<CvtoolError> => {
  try {
    await loadRecipe(nameOrPath, { recipesFolder, folder });
  } catch (error) {
    return error as CvtoolError;
  }
  throw new Error(`${nameOrPath} was not refused`);
};
const refusalOf = async (text: string | Buffer): Promise<CvtoolError> => {
  writeFileSync(join(folder, 'mine.yaml'), text);
  return refusal('./mine.yaml');
};
/** The message, or all of them. */
const problemsOf = async (text: string): Promise<string> => {
  const { code, message, details } = await refusalOf(text);
  expect(code).toBe('RECIPE_INVALID');
  return [message, ...details].join('\n');
};

const sound = `schema: 1
name: mine
repository: https://host/mine.git
daemon: mined
home: ~/.mine
go:
  - { version: 1.20, tags: [v1, v2*] }
build:
  commands: [[make, build]]
  timeLimit: 10m
artifact: build/mined
version: { fields: { version: version } }
libraries:
  lib: { files: [lib.so], pinned: { v1: { lib.so: ${'0'.repeat(64)} } } }
releases:
  - { genesis: true, tag: v1, commit: ${'1'.repeat(40)}, height: 1, libraries: { lib: v1 } }
  - { upgrade: V2, tag: v2, commit: ${'2'.repeat(40)}, height: 20 }
`;

test('a name is one of our recipes, and a path a user’s own', async () => {
  const ours = await loadRecipe('panacea', { recipesFolder });
  expect(ours.file).toBe(`${recipesFolder}/panacea.yaml`);
  expect(ours.digest).toMatch(/^[0-9a-f]{64}$/);
  writeFileSync(join(folder, 'mine.yaml'), sound);
  for (const path of ['./mine.yaml', 'mine.yaml', `${folder}/mine.yaml`]) {
    expect((await loadRecipe(path, { recipesFolder, folder })).recipe.name).toBe('mine');
  }
});

test('numbers stay as they are written: Go 1.20, a commit of digits', async () => {
  writeFileSync(join(folder, 'mine.yaml'), sound);
  const { recipe } = await loadRecipe('./mine.yaml', { recipesFolder, folder });
  expect(recipe.go?.[0]?.version).toBe('1.20');
  expect(recipe.releases[0]).toMatchObject({ commit: '1'.repeat(40), height: 1, built: true });
});

test('a chain without Go, of other names than versions, in a path of its own', async () => {
  const { recipe } = await loadRecipe('./quokka.yaml', { recipesFolder, folder: fixtures });
  expect(recipe.go).toBeUndefined();
  expect(recipe.repository).toBe(`${fixtures}/quokka.git`);
  expect(recipe.build.environment).toEqual({ OPTIMISE: '3', LABEL: '1.20' });
  expect(recipe.releases[1]).toMatchObject({ kind: 'upgrade', upgrade: 'Adult Quokka', tag: 'release/adult' });
});

describe('an unknown recipe', () => {
  test.each(['panacae', 'Panacea'])('%s: the near miss is named, and those that there are', async (name) => {
    const { code, message, hint } = await refusal(name);
    expect([code, message]).toEqual(['RECIPE_UNKNOWN', `there is no recipe "${name}"`]);
    expect(hint).toMatch(/^Did you mean panacea\? There are: .*panacea/);
  });

  test.each(['osmosis', '..', '', '-x', 'a\nb', './none.yaml', '/none/x.yml', `./${'x'.repeat(300)}.yaml`])(
    '%j',
    async (name) => {
      const { code, message } = await refusal(name);
      expect(code).toBe('RECIPE_UNKNOWN');
      expect(message).not.toMatch(/\n/);
    },
  );

  test('all of ours can be loaded', async () => {
    const names = await recipeNames(recipesFolder);
    expect(names).toContain('panacea');
    for (const name of names) expect((await loadRecipe(name, { recipesFolder })).recipe.name).toBe(name);
  });
});

describe('a mistake is named with its line and column', () => {
  test.each([
    ['a syntax error', 'name: mine', 'name: [mine', /mine\.yaml:3:\d+: /],
    ['a key twice', 'name: mine', 'name: mine\nname: yours', /mine\.yaml:3:1: Map keys must be unique/],
    ['a tab', '  commands', '\tcommands', /mine\.yaml:9:\d+: /],
    ['an unknown tag of YAML', 'name: mine', 'name: !!js/function x', /mine\.yaml:2:7: Unresolved tag/],
    [
      'an alias to nothing',
      'name: mine',
      'name: *nobody',
      /mine\.yaml:2:7: (Unresolved alias|nothing before it has the anchor).*nobody/,
    ],
    ['an unknown key', 'daemon: mined', 'deamon: mined', /1:1: daemon is missing[^]*mine\.yaml:4:1: deamon is no key/],
    ['an unknown inner key', 'timeLimit', 'timelimit', /mine\.yaml:10:3: build\.timelimit is no key/],
    ['another schema', 'schema: 1', 'schema: 2', /mine\.yaml:1:9: schema must be 1/],
    [
      'a command as text',
      '[[make, build]]',
      '["make build"]',
      /mine\.yaml:9:14: build\.commands\[0\] must be a list.*no shell/,
    ],
    ['no command', '[[make, build]]', '[]', /mine\.yaml:9:13: build\.commands has no command/],
    [
      'a command without a program',
      '[[make, build]]',
      '[[]]',
      /mine\.yaml:9:14: build\.commands\[0\] names no program/,
    ],
    ['a way out', 'build/mined', '../mined', /mine\.yaml:11:11: artifact "\.\.\/mined" leads out/],
    ['a way out of bin/', 'daemon: mined', 'daemon: ../mined', /mine\.yaml:4:9: daemon .* leads out/],
    ['a home elsewhere', '~/.mine', '/etc', /mine\.yaml:5:7: home must start with ~\//],
    ['a home outside of home', '~/.mine', '~/../x', /mine\.yaml:5:7: home .* leads out/],
    ['an address', 'https://host/mine.git', 'ext::sh', /mine\.yaml:3:13: repository .* helper program/],
    [
      'a variable',
      'timeLimit: 10m',
      'timeLimit: 10m\n  environment: { LD_PRELOAD: /x }',
      /mine\.yaml:11:18: build\.environment\.LD_PRELOAD is a variable that a recipe cannot set/,
    ],
    ['a duration', '10m', '10', /mine\.yaml:10:14: build\.timeLimit time: missing unit/],
    ['a Go', '1.20,', 'x,', /mine\.yaml:7:16: go\[0\]\.version "x" is no version of Go/],
    [
      'a digest',
      `lib.so: ${'0'.repeat(64)}`,
      'lib.so: 0',
      /mine\.yaml:14:\d+: libraries\.lib\.pinned\.v1\.lib\.so "0" is no SHA-256/,
    ],
    [
      'a short commit',
      '1'.repeat(40),
      '1111111',
      /mine\.yaml:16:39: releases\[0\]\.commit must be the whole commit id/,
    ],
    ['a height', 'height: 20', 'height: 2e3', /mine\.yaml:17:\d+: releases\[1\]\.height must be a block height/],
    ['a release twice', 'tag: v2,', 'tag: v1,', /mine\.yaml:17:25: releases\[1\]\.tag the tag v1 stands there twice/],
    [
      'an upgrade twice',
      'genesis: true',
      'upgrade: v2',
      /mine\.yaml:17:16: releases\[1\]\.upgrade the upgrade v2 stands there twice/,
    ],
    [
      'two kinds in one',
      'upgrade: V2',
      'upgrade: V2, alphaOf: v3',
      /mine\.yaml:17:5: releases\[1\] can be only one of/,
    ],
    ['genesis in the middle', 'upgrade: V2', 'genesis: true', /mine\.yaml:17:\d+: releases\[1\]\.genesis/],
    ['the wrong order', 'height: 20', 'height: 1', /mine\.yaml:17:\d+: releases\[1\]\.height must be above 1/],
    [
      'a library that is not there',
      'libraries: { lib: v1 }',
      'libraries: { bil: v1 }',
      /mine\.yaml:16:\d+: releases\[0\]\.libraries\.bil names the library bil/,
    ],
    [
      'a version that is not pinned',
      'libraries: { lib: v1 }',
      'libraries: { lib: v3 }',
      /mine\.yaml:16:\d+: releases\[0\]\.libraries\.lib names lib v3, for which no digest/,
    ],
    [
      'a handler that is missing',
      'height: 20',
      'height: 20, handlers: [v1]',
      /mine\.yaml:17:\d+: releases\[1\]\.handlers does not have V2/,
    ],
    [
      'not built without a reason',
      'height: 20',
      'height: 20, built: false',
      /mine\.yaml:17:\d+: releases\[1\]\.built must say why/,
    ],
    [
      'a text with control characters',
      'height: 20',
      'height: 20, notes: "\\e[31m"',
      /mine\.yaml:17:\d+: releases\[1\]\.notes must be text that can be printed/,
    ],
    ['two documents', 'schema: 1', 'schema: 1\n---\nx: 1', /mine\.yaml:\d+:1: .*multiple documents/],
  ])('%s', async (_, from, to, expected) => {
    expect(sound).toContain(from);
    const problems = await problemsOf(sound.replace(from, to));
    expect(problems).toMatch(expected);
    expect(problems.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  test('all of them are told at once, in the order of the lines', async () => {
    const text = sound
      .replace('schema: 1', 'schema: 9')
      .replace('build/mined', '/x')
      .replace('height: 20', 'height: -1');
    const { message, details } = await refusalOf(text);
    expect(message).toMatch(/has 3 mistakes$/);
    expect(details.map((line) => line.slice(0, line.indexOf(': ')))).toEqual([
      './mine.yaml:1:9',
      './mine.yaml:11:11',
      `./mine.yaml:17:${details[2]?.split(':')[2]}`,
    ]);
  });

  test.each(['', '# nothing', '[]', 'x', '- 1'])('no recipe at all: %j', async (text) => {
    expect(await problemsOf(text)).toMatch(/mine\.yaml:1:\d+: the recipe /);
  });
});

describe('hostile files', () => {
  test('aliases that multiply', async () => {
    const lol = Array.from(
      { length: 12 },
      (_, i) =>
        `a${i}: &a${i} [${
          i === 0
            ? 'x'
            : Array(9)
                .fill(`*a${i - 1}`)
                .join(', ')
        }]`,
    );
    expect(await problemsOf(lol.join('\n'))).toMatch(/Excessive alias count/);
  });

  test('an alias of itself', async () => {
    expect((await refusalOf('build: &a\n  commands: *a\n')).code).toBe('RECIPE_INVALID');
  });

  test('nested without end', async () => {
    expect(await problemsOf('['.repeat(100_000))).toMatch(/nested too deeply|Flow sequence/);
    expect(await problemsOf('a: '.repeat(50_000))).toMatch(/mine\.yaml:1:\d+/);
  });

  test('keys of the language', async () => {
    expect(await problemsOf(`${sound}__proto__: { x: 1 }\nconstructor: x\n`)).toMatch(/constructor is no key/);
  });

  test('too large, not UTF-8, a folder, a FIFO, unreadable links', async () => {
    expect((await refusalOf('#'.repeat(300_000))).message).toMatch(/larger than 256 KiB/);
    expect((await refusalOf(Buffer.from([0x61, 0xff]))).message).toMatch(/no UTF-8/);
    expect((await refusal(`${folder}/`)).message).toMatch(/is no file/);
    spawnSync('mkfifo', [join(folder, 'fifo.yaml')]);
    expect((await refusal('./fifo.yaml')).message).toMatch(/is no file/);
    spawnSync('ln', ['-s', 'loop.yaml', join(folder, 'loop.yaml')]);
    expect((await refusal('./loop.yaml')).code).toBe('RECIPE_INVALID');
  });
});
