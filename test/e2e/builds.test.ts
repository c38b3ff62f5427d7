// Builds of invented chains that go wrong in the ways that Makefiles do: each one clear error, and nothing staged or left.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import {
  chainSandbox,
  expectError,
  jsonOf,
  namesBelow,
  processesNaming,
  soundMakefile,
  soundProgram,
  type Sandbox,
} from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const args = ['stage-genesis', '--json'];
let sandbox: Sandbox;

afterEach(() => {
  expect(processesNaming(sandbox.root)).toEqual([]);
  expect(namesBelow(sandbox.home)).toEqual([]);
  expect(existsSync(sandbox.home)).toBe(false);
  expect(sandbox.leftovers()).toEqual([]);
});

/** @param build the recipe lines of the target `build` */
async function chain(build: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<void> {
  const makefile = `${soundMakefile}build:\n${build.map((line) => `\t${line}\n`).join('')}`;
  const root = mkdtempSync(join(scratch, 'at-'));
  sandbox = await chainSandbox(root, { files: { Makefile: makefile, 'main.c': soundProgram, ...more } });
}

const compile = 'mkdir -p build && $(CC) $(CPPFLAGS) main.c -o build/demod';

test('a build that fails: its last 40 lines, the path of the whole log, what to try', async () => {
  await chain(['@for i in $$(seq 60); do echo "line $$i"; done; printf "\\033[31mred\\n"', '@exit 3']);
  const ended = await sandbox.run(args);
  expectError(ended, 'BUILD_FAILED', ['make build failed (exit status 2)', 'line 60', '  red\n', '--verbose']);
  expect(ended.stderr).not.toContain('line 20\n');
  const log = /The full log: (.*)$/m.exec(ended.stderr)?.[1] ?? '';
  expect(readFileSync(log, 'utf8')).toContain('line 1\n');
});

test('with --keep-source a failed build leaves its checkout, and says where', async () => {
  await chain(['@exit 3']);
  const { stderr } = await sandbox.run(['stage-genesis', '--keep-source']);
  const kept = /^The source is kept in (.*)$/m.exec(stderr)?.[1] ?? '';
  expect(existsSync(join(kept, 'source/main.c'))).toBe(true);
  await sandbox.run(['cache', 'prune']);
  expect(existsSync(kept)).toBe(false);
});

test('a build that hangs is ended after CVTOOL_BUILD_SECONDS, with all that it started', async () => {
  await chain(['@echo begun; sleep 300 & trap "" TERM; sleep 300; true']);
  const ended = await sandbox.run(args, { CVTOOL_BUILD_SECONDS: '1' });
  expectError(ended, 'BUILD_TIMEOUT', ['make build', '1 s', 'begun', 'CVTOOL_BUILD_SECONDS']);
});

test('a build that leaves nothing', async () => {
  await chain(['@echo done']);
  expectError(await sandbox.run(args), 'ARTIFACT_MISSING', ['build/demod', 'The log of the build: ']);
});

test('a build that leaves a script', async () => {
  await chain([`@mkdir -p build; printf '#!/bin/sh\\necho version: 1.0.0' > build/demod; chmod +x build/demod`]);
  expectError(await sandbox.run(args), 'ELF_INVALID', ['build/demod']);
});

test('an old binary of another version: what a phony target that is none leaves', async () => {
  await chain([], {
    Makefile: soundMakefile.replace('.PHONY: build clean\n', '').replace('\trm -rf build\n', '\t@true\n'),
    'build/main.c': soundProgram,
    'build/Makefile': '',
  });
  expectError(await sandbox.run(args), 'ARTIFACT_MISSING', ['build/demod']); // `build` is up to date, says make

  await chain([compile.replace('$(CPPFLAGS)', `-DVERSION='"0.9.0"' -DCOMMIT='"$(COMMIT)"'`)]);
  expectError(await sandbox.run(args), 'VERIFY_FAILED', ['0.9.0', '1.0.0 was asked for', 'build/demod']);
});

test('a binary of another commit, and one that says nothing', async () => {
  await chain([compile.replace('$(CPPFLAGS)', `-DVERSION='"$(VERSION)"' -DCOMMIT='"${'1'.repeat(40)}"'`)]);
  expectError(await sandbox.run(args), 'VERIFY_FAILED', ['says commit 1111111']);
  await chain([compile], { 'main.c': 'int main(void) { return 0; }' });
  expectError(await sandbox.run(args), 'VERIFY_FAILED', ['says no version']);
  await chain([compile], { 'main.c': 'int main(void) { return 9; }' });
  expectError(await sandbox.run(args), 'VERIFY_FAILED', ['exit status 9']);
});

const library = {
  'pouch.c': 'int pouch(void) { return 0; }',
  'main.c': soundProgram.replace('{ p', '{ extern int pouch(void); pouch(); p'),
};
const makeLibrary = 'mkdir -p lib build && $(CC) -shared -fPIC pouch.c -o lib/libpouch.so';
const link = '$(CC) $(CPPFLAGS) main.c -o build/demod -Llib -lpouch';

test('a library that is gone', async () => {
  await chain([makeLibrary, `${link} -Wl,-rpath,$(CURDIR)/lib`, 'rm lib/libpouch.so'], library);
  expectError(await sandbox.run(args), 'ARTIFACT_MISSING', ['libpouch.so', 'demod', '/source/lib', 'RUNPATH']);
});

test('a RUNPATH that has no room for a portable one', async () => {
  const short = mkdtempSync('/tmp/c-'); // shorter than $ORIGIN/../lib
  try {
    await chain([makeLibrary, `cp lib/libpouch.so ${short} && ${link} -Wl,-rpath,${short}`], library);
    expectError(await sandbox.run(args), 'RUNPATH_FIXED', ['$ORIGIN/../lib', short, 'The log of the build: ']);
  } finally {
    rmSync(short, { recursive: true });
  }
});

test('a daemon of the build that holds its output, in its group or out of it, is not waited for', async () => {
  await chain([compile, 'sleep 300 &', '(setsid sleep 4 &)']);
  const begun = performance.now();
  const { status } = await sandbox.run(['stage-genesis', '--home', './other']);
  expect(status).toBe(0);
  expect(performance.now() - begun).toBeLessThan(60_000);
  // what has left the group is not ours to find; it ends by itself
  for (let left = processesNaming(sandbox.root); left.length > 0; left = processesNaming(sandbox.root))
    await new Promise((resolve) => setTimeout(resolve, 100));
});

test('a Makefile that writes elsewhere, and into read-only folders of its own, hinders nothing', async () => {
  await chain([
    compile,
    'mkdir -p deep/er && touch deep/er/file && chmod 555 deep/er deep',
    'echo x > ../stray && echo y > "$$TMPDIR/stray" && rm "$$TMPDIR/stray"',
  ]);
  expect(jsonOf(await sandbox.run([...args, '--home', './other']))).toMatchObject({ ok: true });
});
