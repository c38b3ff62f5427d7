// One rule of the loader each, on what a real compiler made; the expected answer is the loader's own, and the place is asserted
// too where the rule's name says which it is.
import { copyFileSync, linkSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';

import { afterEach, beforeEach, describe, expect, test } from 'vitest';

import { resolveLibraries, type SearchOptions } from '../../src/verify/library-search.js';
import { Workshop } from './make-libraries.js';
import { asLoaded, askLoader } from './real-loader.js';

let shop: Workshop;
beforeEach(() => {
  shop = new Workshop();
});
afterEach(() => {
  rmSync(shop.root, { recursive: true });
});

/** Where `name` comes from, by the loader and by us; both must say the same of all libraries. */
function bothFind(program: string, name: string, environment: Record<string, string> = {}, workingFolder = shop.root) {
  const resolution = resolveLibraries(program, { environment, workingFolder });
  const theirs = askLoader(program, { environment, workingFolder });
  expect(asLoaded(resolution)).toEqual(theirs);
  const object = resolution.objects.find((each) => each.name === name);
  return { path: object?.realPath.slice(shop.root.length + 1), rule: object?.rule };
}

describe('which list wins', () => {
  beforeEach(() => {
    for (const folder of ['by-rpath', 'by-environment', 'by-runpath']) shop.library(`${folder}/libva.so`);
  });

  test('RPATH before LD_LIBRARY_PATH', () => {
    const program = shop.program('bin/a', { with: ['by-rpath/libva.so'], rpath: shop.path('by-rpath') });
    const found = bothFind(program, 'libva.so', { LD_LIBRARY_PATH: shop.path('by-environment') });
    expect(found).toEqual({ path: 'by-rpath/libva.so', rule: 'rpath' });
  });

  test('LD_LIBRARY_PATH before RUNPATH', () => {
    const program = shop.program('bin/a', { with: ['by-rpath/libva.so'], runpath: shop.path('by-runpath') });
    const found = bothFind(program, 'libva.so', { LD_LIBRARY_PATH: shop.path('by-environment') });
    expect(found).toEqual({ path: 'by-environment/libva.so', rule: 'LD_LIBRARY_PATH' });
    expect(bothFind(program, 'libva.so')).toEqual({ path: 'by-runpath/libva.so', rule: 'runpath' });
  });

  test('an empty element is the working folder, and so is a leading or trailing separator', () => {
    const program = shop.program('bin/a', { with: ['by-rpath/libva.so'] });
    const inFolder = (list: string) =>
      bothFind(program, 'libva.so', { LD_LIBRARY_PATH: list }, shop.path('by-runpath'));
    for (const list of [':', '/nowhere:', ':/nowhere', '/nowhere::/elsewhere', ';']) {
      expect(inFolder(list), list).toEqual({ path: 'by-runpath/libva.so', rule: 'LD_LIBRARY_PATH' });
    }
    expect(inFolder('').path).toBeUndefined();
  });

  test('LD_PRELOAD comes before everything, and its soname answers later needs', () => {
    shop.library('elsewhere/other-name.so', { soname: 'libva.so' });
    const program = shop.program('bin/a', { with: ['by-rpath/libva.so'], rpath: shop.path('by-rpath') });
    const preload = shop.path('elsewhere/other-name.so');
    expect(bothFind(program, preload, { LD_PRELOAD: preload })).toEqual({
      path: 'elsewhere/other-name.so',
      rule: 'preload',
    });
    const { program: self } = resolveLibraries(program, { environment: { LD_PRELOAD: preload } });
    expect(self.needs.find(({ name }) => name === 'libva.so')?.found).toMatchObject({ rule: 'preload' });
  });

  test('a preload that is not there is passed over and said', () => {
    const program = shop.program('bin/a', { with: ['by-rpath/libva.so'], rpath: shop.path('by-rpath') });
    bothFind(program, 'libva.so', { LD_PRELOAD: '/nowhere/libx.so' });
    const { ignoredPreloads } = resolveLibraries(program, { environment: { LD_PRELOAD: '/nowhere/libx.so' } });
    expect(ignoredPreloads).toEqual([expect.stringContaining('/nowhere/libx.so from LD_PRELOAD')]);
  });
});

describe('whose RPATH', () => {
  const chain = (middle: { rpath?: string; runpath?: string }) => {
    shop.library('deep/libvc.so');
    shop.library('lib/libvb.so', { with: ['deep/libvc.so'], ...middle });
    shop.library('lib/libva.so', { with: ['lib/libvb.so'] });
    const lists = `${shop.path('lib')}:${shop.path('deep')}`;
    return shop.program('bin/a', { with: ['lib/libva.so'], rpath: lists });
  };

  test("the program's serves those that its libraries need", () => {
    expect(bothFind(chain({}), 'libvc.so')).toEqual({ path: 'deep/libvc.so', rule: 'rpath' });
  });

  test('a RUNPATH in the one who needs it ends that', () => {
    const program = chain({ runpath: '/nowhere' });
    expect(bothFind(program, 'libvc.so').path).toBeUndefined();
    expect(resolveLibraries(program).missing.map(({ name, wantedBy }) => [name, wantedBy.name])).toEqual([
      ['libvc.so', 'libvb.so'],
    ]);
  });

  test('a RUNPATH half way up is no end', () => {
    shop.library('deep/libvc.so');
    shop.library('lib/libvb.so', { with: ['deep/libvc.so'] });
    shop.library('lib/libva.so', { with: ['lib/libvb.so'], runpath: shop.path('lib') });
    const lists = `${shop.path('lib')}:${shop.path('deep')}`;
    const program = shop.program('bin/a', { with: ['lib/libva.so'], rpath: lists });
    expect(bothFind(program, 'libvc.so').path).toBe('deep/libvc.so');
  });

  test("a program's RUNPATH does not serve its libraries", () => {
    shop.library('lib/libvb.so');
    shop.library('lib/libva.so', { with: ['lib/libvb.so'] });
    const program = shop.program('bin/a', { with: ['lib/libva.so'], runpath: '$ORIGIN/../lib' });
    expect(bothFind(program, 'libvb.so').path).toBeUndefined();
  });
});

describe('$ORIGIN', () => {
  test.each(['$ORIGIN/../lib', '${ORIGIN}/../lib'])(
    '%s of a program is its real folder, started through a link',
    (runpath) => {
      shop.library('lib/libva.so');
      const program = shop.program('bin/a', { with: ['lib/libva.so'], runpath });
      mkdirSync(shop.path('links'));
      symlinkSync(program, shop.path('links/a'));
      expect(bothFind(shop.path('links/a'), 'libva.so')).toEqual({ path: 'lib/libva.so', rule: 'runpath' });
    },
  );

  test('of a library is the folder that it was found in, the link not followed', () => {
    shop.library('real/libvb.so');
    shop.library('real/libva.so', { with: ['real/libvb.so'], runpath: '$ORIGIN' });
    mkdirSync(shop.path('lib'));
    symlinkSync('../real/libva.so', shop.path('lib/libva.so'));
    const program = shop.program('bin/a', { with: ['real/libva.so'], runpath: '$ORIGIN/../lib' });
    expect(bothFind(program, 'libvb.so').path).toBeUndefined();
  });
});

test('a file that another name leads to is loaded once', () => {
  shop.library('lib/libva.so', { soname: 'libsame.so' });
  linkSync(shop.path('lib/libva.so'), shop.path('lib/libsame.so'));
  shop.library('lib/libvb.so', { with: ['lib/libva.so'] });
  const program = shop.program('bin/a', { with: ['lib/libva.so', 'lib/libvb.so'], rpath: shop.path('lib') });
  bothFind(program, 'libsame.so');
});

test('of two libraries with the same soname the first is taken for both', () => {
  shop.library('one/libva.so');
  shop.library('two/libva.so');
  shop.library('lib/libvb.so', { with: ['two/libva.so'], runpath: shop.path('two') });
  const program = shop.program('bin/a', {
    with: ['one/libva.so', 'lib/libvb.so'],
    runpath: `${shop.path('one')}:${shop.path('lib')}`,
  });
  expect(bothFind(program, 'libva.so').path).toBe('one/libva.so');
});

test.each([
  ['class', 4],
  ['machine', 18],
])('a file of another %s is passed over', (_, byte) => {
  shop.library('good/libva.so');
  mkdirSync(shop.path('bad'));
  const bytes = readFileSync(shop.path('good/libva.so'));
  bytes[byte] = byte === 4 ? 1 : 8;
  writeFileSync(shop.path('bad/libva.so'), bytes);
  const program = shop.program('bin/a', {
    with: ['good/libva.so'],
    runpath: `${shop.path('bad')}:${shop.path('good')}`,
  });
  expect(bothFind(program, 'libva.so').path).toBe('good/libva.so');
});

test('a link that leads to itself ends its list, but not the search', () => {
  for (const folder of ['one', 'two']) shop.library(`${folder}/libva.so`);
  mkdirSync(shop.path('bad'));
  symlinkSync('libva.so', shop.path('bad/libva.so'));
  const runpath = shop.path('two');
  const program = shop.program('bin/a', { with: ['one/libva.so'], runpath });
  const environment = { LD_LIBRARY_PATH: `${shop.path('bad')}:${shop.path('one')}` };
  expect(bothFind(program, 'libva.so', environment)).toEqual({ path: 'two/libva.so', rule: 'runpath' });
});

test.each([
  ['empty', Buffer.alloc(0)],
  ['text', Buffer.from('#!/bin/sh\n'.repeat(20))],
])('a file that is %s ends the start, although a good one would follow', (_, bytes) => {
  shop.library('good/libva.so');
  mkdirSync(shop.path('bad'));
  writeFileSync(shop.path('bad/libva.so'), bytes);
  const program = shop.program('bin/a', {
    with: ['good/libva.so'],
    runpath: `${shop.path('bad')}:${shop.path('good')}`,
  });
  expect(askLoader(program)).toHaveProperty('refused');
  expect(resolveLibraries(program).missing[0]?.refused).toContain('bad/libva.so');
});

describe('hidden folders', () => {
  const tree = () => {
    shop.library('cache/api/libva.so');
    mkdirSync(shop.path('link'));
    symlinkSync('../cache/api', shop.path('link/folder'));
    symlinkSync('../cache/api/libva.so', shop.path('link/libva.so'));
  };
  const find = (runpath: string, options: SearchOptions) => {
    const program = shop.program('bin/a', { with: ['cache/api/libva.so'], runpath });
    return resolveLibraries(program, options).objects.find(({ name }) => name === 'libva.so')?.place;
  };

  test.each(['cache/api', 'link/folder', 'link'])(
    'a library in %s is found, and absent where the cache is hidden',
    (folder) => {
      tree();
      const runpath = shop.path(folder);
      expect(find(runpath, {})).toBe(`${runpath}/`);
      expect(find(runpath, { hidden: [shop.path('cache')] })).toBeUndefined();
      expect(find(runpath, { hidden: [shop.path('cache/ap')] }), 'a name that only begins so').toBe(`${runpath}/`);
    },
  );

  test('a way through a hidden folder is none, even where it leads out again', () => {
    tree();
    shop.library('outside/libva.so');
    symlinkSync('../outside', shop.path('cache/way-out'));
    expect(find(shop.path('cache/way-out'), { hidden: [shop.path('cache')] })).toBeUndefined();
  });

  test('what is visible stays, also where the folder to hide is given through a link', () => {
    tree();
    symlinkSync('cache', shop.path('alias'));
    const hidden = [shop.path('alias')];
    expect(find(shop.path('cache/api'), { hidden })).toBeUndefined();
    expect(find(shop.path('cache/api'), { hidden, visible: [shop.path('cache/api')] })).toBeDefined();
  });
});

test('-z nodefaultlib keeps the cache from giving a library of the default folders', () => {
  const program = shop.program('bin/a', { flags: ['-Wl,-z,nodefaultlib'] });
  expect(bothFind(program, 'libc.so.6').path).toBeUndefined();
});

test('a static program needs nothing', () => {
  const program = shop.program('bin/a', { flags: ['-static'] });
  expect(resolveLibraries(program)).toMatchObject({ interpreter: undefined, missing: [] });
});

test('an interpreter that is not there is said, and nothing is searched by guess', () => {
  const program = shop.program('bin/a', { flags: ['-Wl,--dynamic-linker=/nowhere/ld.so'] });
  const resolution = resolveLibraries(program);
  expect(resolution.loader).toBeUndefined();
  expect(resolution.notes.join()).toContain('/nowhere/ld.so is not on this host');
});

test('a damaged cache is said, and the default folders still serve', () => {
  const program = shop.program('bin/a');
  copyFileSync('/etc/ld.so.cache', shop.path('cache'));
  writeFileSync(shop.path('cache'), readFileSync('/etc/ld.so.cache').subarray(0, 1000));
  const { objects, notes } = resolveLibraries(program, { loaderCache: shop.path('cache') });
  expect(objects.find(({ name }) => name === 'libc.so.6')?.rule).toBe('default');
  expect(notes.join()).toContain("not judged by the loader's cache");
});
