import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, test } from 'vitest';

import { collect } from '../../src/build/collect.js';
import { CvtoolError } from '../../src/errors/cvtool-error.js';
import { compileC } from '../support/compile-c.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let count = 0;

test('the artifact, the library in its RUNPATH, the library that this one needs; none of the system’s', () => {
  const { artifact, modules } = makeBuild();
  const { folder, binary, libraries } = run(artifact);
  expect(binary).toBe(join(folder, 'bin/demod'));
  expect(readFileSync(binary)).toEqual(readFileSync(artifact));
  expect([...libraries].sort((a, b) => a.name.localeCompare(b.name))).toEqual([
    { name: 'libdeep.so', from: join(modules, 'deep/libdeep.so') },
    { name: 'libwasmvm.so', from: join(modules, 'libwasmvm.so') },
  ]);
  expect(readdirSync(join(folder, 'lib')).sort()).toEqual(['libdeep.so', 'libwasmvm.so']); // no libc.so.6
  for (const { name, from } of libraries) {
    expect(readFileSync(join(folder, 'lib', name))).toEqual(readFileSync(from));
  }
});

test('all of it may be read and executed by everybody, whatever the umask', () => {
  const before = process.umask(0o077);
  try {
    const { folder, binary } = run(makeBuild().artifact);
    for (const path of [binary, join(folder, 'lib/libwasmvm.so')]) expect(statSync(path).mode & 0o777).toBe(0o755);
  } finally {
    process.umask(before);
  }
});

test('a library that is a link is collected under the name that is needed, with the bytes it leads to', () => {
  const { artifact, modules } = makeBuild();
  runTool('mv', [join(modules, 'libwasmvm.so'), join(modules, 'libwasmvm.so.1.2.3')]);
  symlinkSync('libwasmvm.so.1.2.3', join(modules, 'libwasmvm.so'));
  const { folder, libraries } = run(artifact);
  expect(libraries).toContainEqual({ name: 'libwasmvm.so', from: join(modules, 'libwasmvm.so.1.2.3') });
  expect(statSync(join(folder, 'lib/libwasmvm.so')).isFile()).toBe(true);
});

test('a program without libraries of its own has no lib/', () => {
  const place = makeFolder();
  const { folder, libraries } = run(compileC(place, 'plain', 'int main(void) { return 0; }'));
  expect(libraries).toEqual([]);
  expect(existsSync(join(folder, 'lib'))).toBe(false);
});

test("a library of the recipe's is collected from a folder of the system, too; others there are not", () => {
  const place = makeFolder();
  const system = dirname(runTool('gcc', ['-print-file-name=libm.so.6']).trim());
  const artifact = compileC(place, 'maths', 'double cos(double); int main(int n, char **v) { return (int)cos(n); }', [
    '-lm',
  ]);
  expect(run(artifact).libraries).toEqual([]);
  const [library] = run(artifact, ['libm.so.6']).libraries;
  expect(library?.name).toBe('libm.so.6');
  expect(dirname(library?.from ?? '')).toBe(runTool('realpath', [system]).trim());
});

test('a library that is nowhere: it is named, who needs it, and where it was looked for', () => {
  const { artifact, modules } = makeBuild();
  rmSync(join(modules, 'deep/libdeep.so'));
  const error = problem(() => run(artifact));
  expect(error).toMatchObject({
    code: 'ARTIFACT_MISSING',
    message: expect.stringMatching(/libdeep\.so, which libwasmvm\.so needs/),
  });
  expect(error.details.join('\n')).toContain(join(modules, 'deep'));
  expect(error.details.join('\n')).toMatch(/RUNPATH|runpath/i);
});

test('a library of another machine in the way is passed over, and why is said', () => {
  const { artifact, modules } = makeBuild();
  const library = join(modules, 'libwasmvm.so');
  const image = readFileSync(library);
  image.writeUInt16LE(258, 18); // e_machine: LoongArch
  writeFileSync(library, image);
  const error = problem(() => run(artifact));
  expect(error.code).toBe('ARTIFACT_MISSING');
  expect(error.details.join('\n')).toMatch(/libwasmvm\.so|machine/);
});

test.each<[string, (place: string) => string]>([
  ['nothing', (place) => join(place, 'missing')],
  ['a folder', (place) => place],
  ['a link to nothing', (place) => (symlinkSync('nowhere', join(place, 'link')), join(place, 'link'))],
  ['a file in the way', (place) => (writeFileSync(join(place, 'file'), ''), join(place, 'file/x'))],
  ['a pipe', (place) => (runTool('mkfifo', [join(place, 'pipe')]), join(place, 'pipe'))],
])('%s is no artifact, and its path is named', (_, make) => {
  const artifact = make(makeFolder());
  expect(problem(() => run(artifact))).toMatchObject({
    code: 'ARTIFACT_MISSING',
    message: expect.stringContaining(artifact),
  });
});

test('what is no ELF file is refused as such', () => {
  const artifact = join(makeFolder(), 'script');
  writeFileSync(artifact, '#!/bin/sh\n', { mode: 0o755 });
  expect(problem(() => run(artifact))).toMatchObject({ code: 'ELF_INVALID' });
});

test("LD_LIBRARY_PATH of the caller's changes nothing", () => {
  const { artifact, modules } = makeBuild();
  const other = makeFolder();
  copyFileSync(join(modules, 'libwasmvm.so'), join(other, 'libwasmvm.so'));
  process.env.LD_LIBRARY_PATH = other;
  try {
    expect(run(artifact).libraries.map(({ from }) => dirname(from))).toContain(modules);
  } finally {
    delete process.env.LD_LIBRARY_PATH;
  }
});

/** A binary with a library in its RUNPATH, which needs another one by a RUNPATH of its own. */
function makeBuild() {
  const place = makeFolder();
  const modules = join(place, 'modules');
  mkdirSync(join(modules, 'deep'), { recursive: true });
  compileC(modules, 'deep/libdeep.so', 'int deep(void) { return 1; }', shared('libdeep.so'));
  compileC(modules, 'libwasmvm.so', 'int deep(void); int vm(void) { return deep(); }', [
    ...shared('libwasmvm.so'),
    ...[
      '-Wl,--no-as-needed',
      join(modules, 'deep/libdeep.so'),
      `-Wl,--enable-new-dtags,-rpath,${join(modules, 'deep')}`,
    ],
  ]);
  const artifact = compileC(place, 'demod', 'int vm(void); int main(void) { return vm(); }', [
    ...['-Wl,--allow-shlib-undefined', join(modules, 'libwasmvm.so'), `-Wl,--enable-new-dtags,-rpath,${modules}`],
  ]);
  return { artifact, modules };
}

function shared(soname: string): string[] {
  return ['-shared', '-fPIC', `-Wl,-soname,${soname}`];
}

function makeFolder(): string {
  const folder = join(scratch, `folder ${(count += 1)}`);
  mkdirSync(folder);
  return folder;
}

function run(artifact: string, own: readonly string[] = []) {
  return collect(artifact, { folder: join(makeFolder(), 'staged'), daemon: 'demod', own, environment: {} });
}

function problem(act: () => unknown): CvtoolError {
  try {
    act();
  } catch (error) {
    if (error instanceof CvtoolError) return error;
    throw error;
  }
  throw new Error('it went well');
}
