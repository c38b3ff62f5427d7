// Symbols, held against what the loader says when it is asked to bind everything at once (LD_WARN, as `ldd -r` does).
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { needs } from '../support/needs.js';
import { bindSymbols, type Binding } from '../../src/verify/bind.js';
import { resolveLibraries } from '../../src/verify/library-search.js';
import { dynamicFiles } from './dynamic-files.js';
import { Workshop } from './make-libraries.js';
import { hostLoader } from './real-loader.js';

let shop: Workshop;
beforeEach(() => {
  shop = new Workshop();
});
afterEach(() => {
  rmSync(shop.root, { recursive: true });
});

/** What the loader complains about: names of symbols, names of versions. */
function loaderComplains(program: string): { symbols: string[]; versions: string[] } {
  const env = { LD_TRACE_LOADED_OBJECTS: '1', LD_WARN: 'yes', LD_BIND_NOW: 'yes' };
  const { stdout, stderr } = spawnSync(hostLoader ?? '', [program], { encoding: 'utf8', env });
  const all = `${stdout}\n${stderr}`;
  const found = (pattern: RegExp) => [...new Set(Array.from(all.matchAll(pattern), ([, name = '']) => name))].sort();
  return {
    symbols: found(/(?:undefined symbol: |symbol )(\w+)(?:[,\s]|$)/gm).filter((name) => name !== 'lookup'),
    versions: found(/version `([^']+)' not found/g),
  };
}

function weComplain({ unbound, missingVersions }: Binding): { symbols: string[]; versions: string[] } {
  return {
    symbols: [...new Set(unbound.map(({ name }) => name))].sort(),
    versions: [...new Set(missingVersions.map(({ version }) => version))].sort(),
  };
}

/** Links a program with a library, then puts another in the library's place. */
function replaced(before: Parameters<Workshop['library']>[1], after: Parameters<Workshop['library']>[1], main: string) {
  shop.library('lib/libva.so', before);
  const program = shop.program('bin/a', { source: main, with: ['lib/libva.so'], runpath: '$ORIGIN/../lib' });
  shop.library('lib/libva.so', after);
  const ours = bindSymbols(resolveLibraries(program));
  expect(weComplain(ours)).toEqual(loaderComplains(program));
  return ours;
}

const usesOne = 'int one(void); int main(void) { return one(); }';
const one = 'int one(void) { return 1; }';
const v1 = 'V1 { global: one; local: *; };';

test('a symbol that was taken out of the library is named', () => {
  const { unbound } = replaced({ source: one }, { source: 'int two(void) { return 2; }' }, usesOne);
  expect(unbound).toMatchObject([{ name: 'one', version: undefined, object: { rule: 'program' } }]);
});

test('a weak symbol may stay unbound', () => {
  const weak = '__attribute__((weak)) int one(void); int main(void) { return one ? one() : 0; }';
  expect(replaced({ source: one }, { source: 'int two;' }, weak).unbound).toEqual([]);
});

test('data counts as functions do', () => {
  const main = 'extern int number; int main(void) { return number; }';
  expect(replaced({ source: 'int number = 1;' }, { source: 'int other;' }, main).unbound).toMatchObject([
    { name: 'number' },
  ]);
});

test('a version that the library no longer defines is named, and who still has the name', () => {
  const { missingVersions, unbound } = replaced(
    { source: one, versions: v1 },
    { source: one, versions: 'V2 { global: one; local: *; };' },
    usesOne,
  );
  expect(missingVersions).toMatchObject([{ version: 'V1', library: { name: 'libva.so' } }]);
  expect(unbound).toMatchObject([{ name: 'one', version: 'V1', otherVersions: [{ name: 'libva.so' }] }]);
});

test('a library that lost all its versions serves those who ask for one', () => {
  expect(replaced({ source: one, versions: v1 }, { source: one }, usesOne)).toMatchObject({
    unbound: [],
    missingVersions: [],
  });
});

test('a library that gained versions serves those who ask for none', () => {
  expect(replaced({ source: one }, { source: one, versions: v1 }, usesOne).unbound).toEqual([]);
});

test('who asks for no version gets the default of several, and a hidden one where it is the oldest', () => {
  const two = (first: string, second: string) => `
    int old_one(void) { return 1; } int new_one(void) { return 2; }
    __asm__(".symver old_one, one${first}"); __asm__(".symver new_one, one${second}");`;
  const versions = 'V1 { global: one; local: *; }; V2 { global: one; } V1; V3 { global: one; } V2;';
  expect(replaced({ source: one }, { source: two('@V1', '@@V2'), versions }, usesOne).unbound).toEqual([]);
  expect(replaced({ source: one }, { source: two('@V1', '@V3'), versions }, usesOne).unbound).toEqual([]);
  expect(replaced({ source: one }, { source: two('@V2', '@V3'), versions }, usesOne).unbound).toMatchObject([
    { name: 'one' },
  ]);
});

test("a library's own library is asked as well, and a symbol that only the program has binds too", () => {
  shop.library('lib/libvb.so', { source: one });
  const source = 'int one(void); int from_program(void); int both(void) { return one() + from_program(); }';
  shop.library('lib/libva.so', { source, with: ['lib/libvb.so'], runpath: '$ORIGIN' });
  const main = 'int both(void); int from_program(void) { return 1; } int main(void) { return both(); }';
  const made = { source: main, with: ['lib/libva.so'], runpath: '$ORIGIN/../lib', flags: ['-rdynamic'] };
  const program = shop.program('bin/a', made);
  expect(weComplain(bindSymbols(resolveLibraries(program)))).toEqual({ symbols: [], versions: [] });
  shop.library('lib/libvb.so', { source: 'int nothing;' });
  const ours = bindSymbols(resolveLibraries(program));
  expect(weComplain(ours)).toEqual(loaderComplains(program));
  expect(ours.unbound).toMatchObject([{ name: 'one', object: { name: 'libva.so' } }]);
});

/** @param step 1: every file */
function compareOnHost(step: number): void {
  let looked = 0;
  for (const [file] of [...dynamicFiles('/usr/bin')].filter((_, index) => index % step === 0)) {
    const resolution = resolveLibraries(file);
    if (resolution.missing.length > 0) continue;
    const ours = bindSymbols(resolution);
    expect(weComplain(ours), file).toEqual(loaderComplains(file));
    looked += ours.looked;
  }
  expect(looked).toBeGreaterThan(1000);
}

test('for every tenth dynamically linked file of /usr/bin the unbound symbols are those that the loader names', () => {
  compareOnHost(10);
});

needs({ slow: true })('for every one of them', () => compareOnHost(1), 600_000);
