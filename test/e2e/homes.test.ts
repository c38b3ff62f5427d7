// Homes that cannot be used, or whose place is taken: refused, before a build where that can be known, and left as they were.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { makeDemoRepository } from '../../src/stage/demo-repository.js';
import { needs } from '../support/needs.js';
import {
  chainSandbox,
  cli,
  expectError,
  jsonOf,
  makeSandbox,
  namesBelow,
  soundMakefile,
  soundProgram,
  startProcess,
  treeOf,
  type Sandbox,
} from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const args = ['stage-genesis', '--json'];
let repository: string;
let sandbox: Sandbox;
let place: string;

beforeAll(async () => {
  ({ repository } = await makeDemoRepository(join(scratch, 'repository'), { PATH: process.env.PATH }));
});
beforeEach(() => {
  sandbox = makeSandbox(mkdtempSync(join(scratch, 'at-')), { recipe: 'demo', repository });
  place = join(sandbox.home, 'cosmovisor/genesis');
});
afterEach(() => {
  expect(sandbox.leftovers()).toEqual([]);
});

test.each<[string, string[]]>([
  ['home', ['stage-genesis']],
  ['home/cosmovisor', ['stage-genesis']],
  ['home/cosmovisor', ['stage-upgrade', 'v2.1.0']],
  ['home/cosmovisor/upgrades', ['stage-upgrade', 'v2.1.0']],
])('a file at %s: %j says so before it builds', async (path, verb) => {
  const file = join(sandbox.root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'mine');
  const before = treeOf(sandbox.home);
  expectError(await sandbox.run([...verb, '--json']), 'HOME_UNWRITABLE', [file, 'is not a folder']);
  expect(treeOf(sandbox.home)).toEqual(before);
  expect(existsSync(join(sandbox.root, 'cache/cvtool/mirrors'))).toBe(false);
});

test('a home below a link to nothing, and a cache where nobody can make a folder', async () => {
  symlinkSync('/nonexistent', sandbox.home);
  expectError(await sandbox.run(args), 'HOME_UNWRITABLE', [sandbox.home]);
  expectError(await sandbox.run(args, { XDG_CACHE_HOME: '/proc/cache' }), 'HOME_UNWRITABLE', [
    '/proc/cache',
    'XDG_CACHE_HOME',
  ]);
});

describe('in the place of the target', () => {
  test('other bytes are refused, and replaced with --force', async () => {
    mkdirSync(join(place, 'bin'), { recursive: true });
    writeFileSync(join(place, 'bin/demod'), 'old');
    const before = treeOf(sandbox.home);
    expectError(await sandbox.run(args), 'TARGET_DIFFERS', [
      place,
      'there:  bin/demod',
      'new:    bin/demod',
      '--force',
    ]);
    expect(treeOf(sandbox.home)).toEqual(before);
    expect(jsonOf(await sandbox.run([...args, '--force']))).toMatchObject({ unchanged: false });
    expect(version()).toBe('2.0.6\n');
    expect(namesBelow(join(sandbox.home, 'cosmovisor')).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('another release is refused before anything is built', async () => {
    await sandbox.run(args);
    rmSync(join(sandbox.root, 'cache'), { recursive: true });
    const before = treeOf(sandbox.home);
    const ended = await sandbox.run([...args, '--tag', 'v2.1.0']);
    expectError(ended, 'TARGET_DIFFERS', [place, 'tag v2.0.6', 'e86a64fa6e1f', '--force']);
    expect(ended.stderr).not.toContain('Build');
    expect(treeOf(sandbox.home)).toEqual(before);
  });

  test('the same bytes put there by hand are a success that changes nothing; but not where they cannot be executed', async () => {
    await sandbox.run(args);
    rmSync(join(place, 'manifest.json'));
    const before = treeOf(sandbox.home);
    expect(jsonOf(await sandbox.run(args))).toMatchObject({ unchanged: true });
    expect(treeOf(sandbox.home)).toEqual(before);
    chmodSync(join(place, 'bin/demod'), 0o644);
    expect(jsonOf(await sandbox.run(args))).toMatchObject({ unchanged: false });
    expect(statSync(join(place, 'bin/demod')).mode & 0o777).toBe(0o755);
  });

  test('a damaged manifest says so, and --force mends it', async () => {
    await sandbox.run(args);
    writeFileSync(join(place, 'manifest.json'), '{');
    expectError(await sandbox.run(args), 'MANIFEST_INVALID', [join(place, 'manifest.json'), '--force']);
    writeFileSync(join(place, 'bin/demod'), 'torn');
    expect(jsonOf(await sandbox.run([...args, '--force']))).toMatchObject({ unchanged: false });
    expect(version()).toBe('2.0.6\n');
  });

  test.each<[string, () => void]>([
    ['a file', () => writeFileSync(place, 'mine')],
    ['a link to nothing', () => symlinkSync('nowhere', place)],
    ['a folder for the binary', () => mkdirSync(join(place, 'bin/demod'), { recursive: true })],
    [
      'a link for the binary',
      () => (mkdirSync(join(place, 'bin'), { recursive: true }), symlinkSync('/bin/true', join(place, 'bin/demod'))),
    ],
    ['a file for bin', () => (mkdirSync(place), writeFileSync(join(place, 'bin'), ''))],
  ])('%s is refused, and replaced with --force', async (_, put) => {
    mkdirSync(join(sandbox.home, 'cosmovisor'), { recursive: true });
    put();
    const before = treeOf(sandbox.home);
    expectError(await sandbox.run(args), 'TARGET_DIFFERS', [place, '--force']);
    expect(treeOf(sandbox.home)).toEqual(before);
    expect((await sandbox.run([...args, '--force'])).status).toBe(0);
    expect(version()).toBe('2.0.6\n');
    expect(existsSync('/bin/true')).toBe(true);
  });

  test('a running daemon is named, and nothing is replaced under it', async () => {
    await sandbox.run(args);
    const daemon = spawn(join(place, 'bin/demod'), ['start', '--home', join(sandbox.root, 'data')], {
      stdio: 'ignore',
    });
    await once(daemon, 'spawn');
    try {
      const before = treeOf(sandbox.home);
      const inUse = [place, `process ${String(daemon.pid)}`, 'Stop the node'];
      expectError(await sandbox.run([...args, '--tag', 'v2.1.0', '--force']), 'TARGET_IN_USE', inUse);
      rmSync(join(place, 'manifest.json')); // as if it were staged by hand: known only when it was built
      expectError(await sandbox.run([...args, '--tag', 'v2.1.0', '--force']), 'TARGET_IN_USE', inUse);
      expect(treeOf(sandbox.home).length).toBe(before.length - 1);
    } finally {
      daemon.kill('SIGKILL');
      await once(daemon, 'exit');
    }
    expect((await sandbox.run([...args, '--tag', 'v2.1.0', '--force'])).status).toBe(0);
  });
});

needs({ root: true })('a home that is read-only', async () => {
  mkdirSync(sandbox.home);
  const ended = await mounted(
    'mount --bind "$DAEMON_HOME" "$DAEMON_HOME" && mount -o remount,bind,ro "$DAEMON_HOME"',
    sandbox,
  );
  expectError(ended, 'HOME_UNWRITABLE', [sandbox.home, 'read-only']);
});

needs({ root: true })('a home on a small disk is refused before it builds', async () => {
  mkdirSync(sandbox.home);
  const ended = await mounted('mount -t tmpfs -o size=1m none "$DAEMON_HOME"', sandbox);
  expectError(ended, 'NO_SPACE', [sandbox.home, '1 MiB free', 'at least 8 MiB']);
});

needs({ root: true })('a disk that is full when the build has ended: the old folder stays whole', async () => {
  const build =
    'build:\n\tmkdir build && $(CC) $(CPPFLAGS) main.c -o build/demod\n\tdd if=/dev/zero of=$(BALLAST) 2>/dev/null || true\n';
  const ballast = join(sandbox.root, 'full/home/ballast');
  const files = { Makefile: `BALLAST := ${ballast}\n${soundMakefile}${build}`, 'main.c': soundProgram };
  const full = await chainSandbox(join(sandbox.root, 'full'), { files });
  mkdirSync(full.home);
  const fill =
    'mount -t tmpfs -o size=20m none "$DAEMON_HOME" && mkdir -p "$DAEMON_HOME/cosmovisor/genesis/bin" && echo old > "$DAEMON_HOME/cosmovisor/genesis/bin/demod"';
  const look = 'find "$DAEMON_HOME" | sort >&2; cat "$DAEMON_HOME/cosmovisor/genesis/bin/demod" >&2';
  const ended = await mounted(fill, full, look);
  expectError(ended, 'NO_SPACE', [full.home, 'is full', 'Nothing was staged', '\nold\n']);
  expect(ended.stderr).not.toContain('.cvtool-staging');
});

/** Stages with --force in a mount namespace of its own. */
function mounted(mount: string, { environment, root }: Sandbox, after = 'true') {
  const line = `${mount} && { "$0" "$@"; status=$?; ${after}; exit $status; }`;
  return startProcess('unshare', ['-m', 'sh', '-c', line, process.execPath, cli, ...args, '--force'], environment, root)
    .ended;
}

function version(): string {
  return spawnSync(join(place, 'bin/demod'), ['version'], { env: {}, encoding: 'utf8' }).stdout;
}
