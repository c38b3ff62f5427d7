import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { collect } from '../../src/build/collect.js';
import { makePortable } from '../../src/build/portable.js';
import { compileC } from '../support/compile-c.js';
import { readelf } from '../support/readelf.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let count = 0;

test('a binary with libraries finds them in ../lib, wherever it is moved, with the build host’s folders gone', () => {
  const { collected, modules } = makeBuild();
  const { runpath, rewritten } = makePortable(collected, { hostPaths: [modules], byGo: false });
  expect({ runpath, rewritten }).toEqual({ runpath: '$ORIGIN/../lib', rewritten: ['runpath', 'build ids'] });
  expect(readelf(collected.binary).runpath).toBe('$ORIGIN/../lib');
  expect(readFileSync(collected.binary).includes(modules)).toBe(false);
  rmSync(modules, { recursive: true });
  const moved = join(scratch, `moved ${(count += 1)}`);
  renameSync(collected.folder, moved);
  expect(spawnSync(join(moved, 'bin/demod'), { env: {} }).status).toBe(42);
});

test('a library that needs another one finds it beside itself; the other keeps every byte', () => {
  const { collected, modules } = makeBuild();
  const deep = readFileSync(join(collected.folder, 'lib/libdeep.so'));
  makePortable(collected, { hostPaths: [], byGo: false });
  expect(readelf(join(collected.folder, 'lib/libwasmvm.so')).runpath).toBe('$ORIGIN');
  expect(readFileSync(join(collected.folder, 'lib/libwasmvm.so')).includes(modules)).toBe(false);
  expect(readFileSync(join(collected.folder, 'lib/libdeep.so'))).toEqual(deep);
});

test('a library without a RUNPATH, whose need the binary has too, is left as it is, and works', () => {
  const { collected, modules } = makeBuild({ libraryHasRunpath: false });
  const before = readFileSync(join(collected.folder, 'lib/libwasmvm.so'));
  makePortable(collected, { hostPaths: [modules], byGo: false });
  expect(readFileSync(join(collected.folder, 'lib/libwasmvm.so'))).toEqual(before);
  rmSync(modules, { recursive: true });
  expect(spawnSync(collected.binary, { env: {} }).status).toBe(42);
});

test('the same bytes come out wherever the modules lay, where the paths have one length', () => {
  const [one, two] = [makeBuild({ name: 'a' }), makeBuild({ name: 'b' })];
  for (const { collected, modules } of [one, two]) makePortable(collected, { hostPaths: [modules], byGo: false });
  expect(readFileSync(one.collected.binary)).toEqual(readFileSync(two.collected.binary));
});

test('a program without libraries and without a RUNPATH keeps every byte', () => {
  const place = join(scratch, `plain ${(count += 1)}`);
  mkdirSync(place);
  const artifact = compileC(place, 'plain', 'int main(void) { return 0; }');
  const collected = collectFrom(artifact);
  expect(makePortable(collected, { hostPaths: [], byGo: false })).toEqual({ runpath: undefined, rewritten: [] });
  expect(readFileSync(collected.binary)).toEqual(readFileSync(artifact));
});

test('a RUNPATH of this host goes away also where it leads to nothing that is needed', () => {
  const place = join(scratch, `useless ${(count += 1)}`);
  mkdirSync(place);
  const runpath = join(place, 'modules');
  const flags = [`-Wl,--enable-new-dtags,-rpath,${runpath}`];
  const collected = collectFrom(compileC(place, 'demod', 'int main(void) { return 0; }', flags));
  makePortable(collected, { hostPaths: [runpath], byGo: false });
  expect(readFileSync(collected.binary).includes(runpath)).toBe(false);
});

test('a binary with libraries, but without a RUNPATH to rewrite, is refused with the way out', () => {
  const { collected } = makeBuild();
  const binary = compileC(scratch, `no-runpath-${(count += 1)}`, 'int main(void) { return 0; }');
  expect(() => makePortable({ ...collected, binary }, { hostPaths: [], byGo: false })).toThrow(
    expect.objectContaining({ code: 'RUNPATH_FIXED', hint: expect.stringContaining('-rpath') }),
  );
});

test('a path of this host that is left is named: the binary would tell of the host that built it', () => {
  const place = join(scratch, `leaks ${(count += 1)}`);
  mkdirSync(place);
  const source = `const char *where = "${place}/source/x.c"; int main(void) { return where[0] == 0; }`;
  const collected = collectFrom(compileC(place, 'demod', source));
  expect(() => makePortable(collected, { hostPaths: ['/nowhere', `${place}/source`], byGo: false })).toThrow(
    expect.objectContaining({ code: 'VERIFY_FAILED', message: expect.stringContaining(`${place}/source`) }),
  );
});

/** demod needs libwasmvm.so, and libdeep.so where the library has no RUNPATH to find it by. */
function makeBuild({ libraryHasRunpath = true, name = 'modules' } = {}) {
  const place = join(scratch, `build-${String((count += 1)).padStart(4, '0')}`);
  const modules = join(place, `${name}-${'m'.repeat(20)}`);
  mkdirSync(modules, { recursive: true });
  const rpath = `-Wl,--enable-new-dtags,-rpath,${modules}`;
  const shared = (soname: string) => ['-shared', '-fPIC', `-Wl,-soname,${soname}`, '-Wl,--no-as-needed'];
  const deep = compileC(modules, 'libdeep.so', 'int deep(void) { return 42; }', shared('libdeep.so'));
  const library = compileC(modules, 'libwasmvm.so', 'int deep(void); int vm(void) { return deep(); }', [
    ...shared('libwasmvm.so'),
    deep,
    ...(libraryHasRunpath ? [rpath] : []),
  ]);
  const needed = libraryHasRunpath ? [library] : [library, deep];
  const artifact = compileC(place, 'demod', 'int vm(void); int main(void) { return vm(); }', [
    ...['-Wl,--no-as-needed', '-Wl,--allow-shlib-undefined', ...needed, rpath],
  ]);
  return { collected: collectFrom(artifact), modules };
}

function collectFrom(artifact: string) {
  const folder = join(scratch, `staged ${(count += 1)}`);
  return collect(artifact, { folder, daemon: 'demod', own: [], environment: {} });
}
