// `cvtool reproduce`: what is staged, built again from nothing, on the embedded demo's chain and on a small one of C.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { Manifest } from '../../src/evidence/manifest.js';
import { sha256OfFile } from '../../src/evidence/sha256.js';
import { makeDemoRepository } from '../../src/stage/demo-repository.js';
import {
  chainSandbox,
  expectError,
  jsonOf,
  makeSandbox,
  namesBelow,
  processesNaming,
  soundMakefile,
  soundProgram,
  treeOf,
  type Sandbox,
} from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { waitUntil } from '../support/wait-until.js';

const scratch = scratchFolder();
let repository: string;

beforeAll(async () => {
  ({ repository } = await makeDemoRepository(join(scratch, 'repository'), { PATH: process.env.PATH }));
});

/** Neither a folder of its build nor a log of it. */
function expectNothingLeft(sandbox: Sandbox): void {
  expect(sandbox.leftovers()).toEqual([]);
  expect(namesBelow(join(sandbox.root, 'cache/cvtool/logs'))).toEqual([]);
}

describe("the demo's upgrade, staged", () => {
  let sandbox: Sandbox;
  let folder: string;
  let binary: string;
  beforeEach(async () => {
    sandbox = makeSandbox(mkdtempSync(join(scratch, 'at-')), { recipe: 'demo', repository });
    expect((await sandbox.run(['stage-upgrade', 'v2.1.0'])).status).toBe(0);
    folder = join(sandbox.home, 'cosmovisor/upgrades/v2.1.0');
    binary = join(folder, 'bin/demod');
  });
  afterEach(() => expectNothingLeft(sandbox));

  function changeManifest(change: (manifest: Manifest) => void): void {
    const path = join(folder, 'manifest.json');
    const manifest = JSON.parse(readFileSync(path, 'utf8')) as Manifest;
    change(manifest);
    writeFileSync(path, JSON.stringify(manifest));
  }

  function replaceInBinary(old: string, new_: string): void {
    const text = readFileSync(binary, 'latin1');
    expect(text).toContain(old);
    writeFileSync(binary, text.replace(old, new_), 'latin1');
  }

  test('the same bytes: status 0, each file named; neither home nor mirror is touched', async () => {
    const before = [...treeOf(sandbox.home), ...treeOf(join(sandbox.root, 'cache/cvtool/mirrors'))];
    const { status, stdout, stderr } = await sandbox.run(['reproduce', 'v2.1.0']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const path of ['bin/demod', 'lib/libwasmvm.so'])
      expect(stdout).toContain(`  ${sha256OfFile(join(folder, path))}  ${path}`);
    expect(stdout).toMatch(/cloned from .*repository/);
    expect(stdout).toMatch(
      /^Reproduced: a new build of tag v2\.1\.0 \(commit 8f710be0beee\) has the bytes of upgrades\/v2\.1\.0, in/m,
    );
    expect([...treeOf(sandbox.home), ...treeOf(join(sandbox.root, 'cache/cvtool/mirrors'))]).toEqual(before);
  });

  test('by its path, with another user, another cache, another home, and one document', async () => {
    const moved = join(sandbox.root, 'copied here');
    cpSync(folder, moved, { recursive: true });
    const elsewhere = join(sandbox.root, 'a rather long name of a folder for another user');
    const variables = {
      HOME: elsewhere,
      XDG_CACHE_HOME: join(elsewhere, 'cache'),
      DAEMON_HOME: '/dev/null/home', // nobody can write there, and nobody need
    };
    const document = jsonOf(await sandbox.run(['reproduce', moved, '--json'], variables));
    expect(document).toMatchObject({ ok: true, subject: moved, tag: 'v2.1.0', differences: [], expected: null });
    expect(document.files).toEqual(
      ['bin/demod', 'lib/libwasmvm.so'].map((path) => {
        const sha256 = sha256OfFile(join(folder, path));
        return { path, same: true, staged: sha256, recorded: sha256, built: sha256 };
      }),
    );
    expect(namesBelow(join(elsewhere, 'cache/cvtool/builds'))).toEqual([]);
  });

  test('a byte that was changed after staging: section and string, and that the manifest has the right one', async () => {
    const sound = sha256OfFile(binary);
    replaceInBinary('version: ', 'vers1on: ');
    const ended = await sandbox.run(['reproduce', 'v2.1.0', '--json']);
    expectError(ended, 'NOT_REPRODUCED', [
      'upgrades/v2.1.0 is not reproduced: a new build of tag v2.1.0 differs in bin/demod\n',
      `bin/demod: sha256 ${sha256OfFile(binary)} staged, ${sound} built`,
      'bin/demod: changed after it was staged: the new build has what its manifest says',
      'sections: bin/demod: .rodata: 1 of ',
      'strings: bin/demod: staged only: "vers1on: ',
      'strings: bin/demod: built only: "version: ',
      'stage it again with --force',
    ]);
    expect(ended.stderr).not.toContain('compiler: ');
    expect(ended.stderr).not.toContain('lib/');
    expect((jsonOf(ended).differences as { kind: string }[]).map(({ kind }) => kind)).toEqual([
      'sections',
      'strings',
      'strings',
    ]);
  });

  test('other compiler, flag and libc in the manifest: told first, in this order', async () => {
    changeManifest(({ build }) => {
      Object.assign(build, {
        cc: 'gcc 1.42',
        libc: 'glibc 1.93',
        environment: { ...build.environment, CFLAGS: '-O9' },
      });
    });
    replaceInBinary('version: ', 'vers1on: ');
    const ended = await sandbox.run(['reproduce', 'v2.1.0', '--json']);
    expectError(ended, 'NOT_REPRODUCED', [
      '  compiler: cc: gcc 1.42 at staging, gcc',
      '  compiler: CFLAGS: -O9 at staging, nothing now\n',
      '  libc: libc: glibc 1.93 at staging, glibc ',
    ]);
    const kinds = (jsonOf(ended).differences as { kind: string }[]).map(({ kind }) => kind);
    expect(kinds).toEqual(['compiler', 'compiler', 'libc', 'sections', 'strings', 'strings']);
  });

  test('the same bytes by another compiler are the same bytes, and it is said', async () => {
    changeManifest(({ build }) => void (build.cc = 'gcc 1.42'));
    const { status, stdout } = await sandbox.run(['reproduce', 'v2.1.0']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^Note: compiler: cc: gcc 1\.42 at staging, .* now; the bytes are the same$/m);
  });

  test('a library that is gone, another one, and a file that nobody built', async () => {
    rmSync(join(folder, 'lib/libwasmvm.so'));
    writeFileSync(join(folder, 'lib/libextra.so'), 'x');
    expectError(await sandbox.run(['reproduce', 'v2.1.0', '--json']), 'NOT_REPRODUCED', [
      'differs in lib/libextra.so, lib/libwasmvm.so\n',
      '  lib/libextra.so: sha256 2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881 staged, nothing built\n',
      '  lib/libextra.so: the manifest says nothing of it\n',
      '  lib/libwasmvm.so: sha256 nothing staged, ',
    ]);
  });

  test('what is published beside what is staged: both digests where they differ', async () => {
    const sha256 = sha256OfFile(binary);
    const right = await sandbox.run(['reproduce', 'v2.1.0', '--expect-sha256', `sha256:${sha256.toUpperCase()}`]);
    expect(right.status).toBe(0);
    expect(right.stdout).toContain(`bin/demod has the expected sha256 ${sha256}.`);
    const wrong = '0'.repeat(64);
    const ended = await sandbox.run(['reproduce', 'v2.1.0', '--json', '--expect-sha256', wrong]);
    expectError(ended, 'NOT_REPRODUCED', [`sha256 ${sha256} built, ${wrong} expected`, 'Was it built by cvtool']);
    expect(jsonOf(ended)).toMatchObject({
      sha256,
      expected: wrong,
      differences: [],
      files: [{ same: true }, { same: true }],
    });
  });

  test('without a manifest nothing says how it was built: its digest is in the way out', async () => {
    rmSync(join(folder, 'manifest.json'));
    expectError(await sandbox.run(['reproduce', 'v2.1.0', '--json']), 'NOT_STAGED', [
      'upgrades/v2.1.0 has no manifest: nothing says how demod was built',
      `\`cvtool reproduce v2.1.0 --tag <tag> --expect-sha256 ${sha256OfFile(binary)}\``,
    ]);
  });

  test('another platform, a damaged manifest, one that leads out of the folder, another commit', async () => {
    changeManifest(({ build }) => void (build.platform = 'linux/s390x'));
    expectError(await sandbox.run(['reproduce', 'v2.1.0', '--json']), 'HOST_NOT_READY', ['linux/s390x']);
    changeManifest(({ build }) => void (build.platform = `${process.platform}/${process.arch}`));
    changeManifest((manifest) => void Object.assign(manifest, { daemon: '../../demod' }));
    expectError(await sandbox.run(['reproduce', 'v2.1.0', '--json']), 'CONFIG_INVALID', ['../../demod']);
    changeManifest((manifest) => void Object.assign(manifest, { daemon: 'demod' }));
    changeManifest(({ source }) => void (source.commit = 'e86a64fa6e1fb6ec14aa24c8e5386a3d6c8c8dc2'));
    expectError(await sandbox.run(['reproduce', 'v2.1.0', '--json']), 'COMMIT_MISMATCH', ['e86a64f', '8f710be']);
    writeFileSync(join(folder, 'manifest.json'), '{}');
    expectError(await sandbox.run(['reproduce', 'v2.1.0', '--json']), 'MANIFEST_INVALID', ['manifest.json']);
  });

  test('the recipe that nobody named is not taken for that of another chain', async () => {
    const ended = await sandbox.run(['reproduce', folder, '--json'], { CVTOOL_RECIPE: undefined });
    expectError(ended, 'CONFIG_INVALID', ['was built by the recipe demo, and this one is panacea', '--recipe demo']);
    expect((await sandbox.run(['reproduce', folder, '--recipe', 'demo'], { CVTOOL_RECIPE: undefined })).status).toBe(0);
  });

  test('--keep-source leaves the new build, and says where', async () => {
    const { stdout } = await sandbox.run(['reproduce', 'v2.1.0', '--keep-source']);
    const kept = /^The new build is kept in (.*)\/staged$/m.exec(stdout)?.[1] ?? '';
    expect(namesBelow(join(kept, 'staged'))).toEqual(['bin', 'bin/demod', 'lib', 'lib/libwasmvm.so']);
    rmSync(kept, { recursive: true });
  });
});

describe('where nothing is staged', () => {
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = makeSandbox(mkdtempSync(join(scratch, 'at-')), { recipe: 'demo', repository });
  });
  afterEach(() => {
    expectNothingLeft(sandbox);
    expect(treeOf(sandbox.home)).toEqual([]);
  });
  const wrong = 'f'.repeat(64);

  test('a digest is held against a build of the release, or of a tag', async () => {
    const ended = await sandbox.run(['reproduce', 'v2.1.0', '--json', '--expect-sha256', wrong]);
    expectError(ended, 'NOT_REPRODUCED', [`bin/demod of a new build of tag v2.1.0 is not the expected one: sha256 `]);
    const { sha256 } = jsonOf(ended) as { sha256: string };
    for (const args of [['v2.1.0'], ['anything', '--tag', 'v2.1.0']]) {
      const again = await sandbox.run(['reproduce', ...args, '--expect-sha256', sha256]);
      expect({ status: again.status, stderr: again.stderr }).toEqual({ status: 0, stderr: '' });
      expect(again.stdout).toMatch(/^Reproduced: a new build of tag v2\.1\.0 .* is the expected one, in /m);
    }
  });

  test.each([
    { args: ['v2.1.0'], code: 'NOT_STAGED' },
    { args: ['./nowhere', '--expect-sha256', wrong], code: 'NOT_STAGED' },
    { args: ['v2.1.0', '--tag', 'v2.1.0'], code: 'USAGE' },
    { args: ['./x', '--tag', 'v2.1.0', '--expect-sha256', wrong], code: 'USAGE' },
    { args: ['v2.1.0', '--expect-sha256', 'abc'], code: 'CONFIG_INVALID' },
    { args: ['v9', '--expect-sha256', wrong], code: 'RELEASE_UNKNOWN' },
  ] as const)('$args: $code', async ({ args, code }) => {
    expectError(await sandbox.run(['reproduce', ...args, '--json']), code, []);
  });
});

test('Ctrl-C in the middle of the build: the status 130; no process and no file is left', async () => {
  const root = mkdtempSync(join(scratch, 'at-'));
  const wait = `@test ! -e ${root}/slow || { echo waiting; sleep 300 & sh -c 'sleep 300; true'; }`;
  const makefile = `${soundMakefile}build:\n\t${wait}\n\tmkdir build && $(CC) $(CPPFLAGS) main.c -o build/demod\n`;
  const sandbox = await chainSandbox(root, { files: { Makefile: makefile, 'main.c': soundProgram } });
  expect((await sandbox.run(['stage-genesis'])).status).toBe(0);
  const before = treeOf(sandbox.home);
  writeFileSync(join(root, 'slow'), '');
  const running = sandbox.start(['reproduce', 'genesis', '--json', '--verbose']);
  await waitUntil('the build runs', () => running.said().includes('waiting'), 30_000);
  process.kill(running.pid, 'SIGINT');
  expectError(await running.ended, 'INTERRUPTED', ['stopped by SIGINT; nothing was changed'], 130);
  await waitUntil('all its processes have ended', () => processesNaming(root).length === 0);
  expectNothingLeft(sandbox);
  expect(treeOf(sandbox.home)).toEqual(before);
});
