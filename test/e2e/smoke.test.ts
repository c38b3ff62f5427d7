// The built program answers, and loads no more than the verb needs: what `npm run check` says of the sources, seen in dist/.
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterEach, beforeEach, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cli = join(root, 'dist/cli.js');
const hook = join(root, 'test/e2e/loaded-files.cjs');

let scratch: string;
beforeEach(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'cvtool-smoke-'));
});
afterEach(async () => {
  await rm(scratch, { recursive: true, force: true });
});

test('--version says the version of package.json, and loads only its own part', async () => {
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
  const { status, stdout, loaded } = await cvtool(['--version']);
  expect({ status, loaded }).toEqual({ status: 0, loaded: ['cli.js', 'cvtool-error.js', 'version.js'] });
  expect(stdout).toContain(version);
});

test('a verb that is not there is a wrong call: status 1, named, and no stack', async () => {
  const { status, stderr } = await cvtool(['stage-genessis']);
  expect(status).toBe(1);
  expect(stderr).toContain('stage-genessis');
  expect(stderr).not.toMatch(/^\s+at /m);
});

test('an error that a verb has thrown, in a part of its own, is known to the program', async () => {
  for (const folder of ['cosmovisor', 'data']) await mkdir(join(scratch, folder));
  const { status, stderr, loaded } = await cvtool(['run'], { DAEMON_HOME: scratch, DAEMON_NAME: 'demod' });
  expect({ status, loaded }).toEqual({ status: 1, loaded: ['cli.js', 'cvtool-error.js', 'run.js'] });
  expect(stderr).toContain('cosmovisor/genesis/bin/demod');
  expect(stderr).not.toContain('a bug in cvtool');
});

test('run starts the current binary with its arguments, ends with its status, and loads only its own part', async () => {
  const bin = join(scratch, 'cosmovisor/genesis/bin');
  await mkdir(bin, { recursive: true });
  await mkdir(join(scratch, 'data'));
  await writeFile(join(bin, 'demod'), '#!/bin/sh\necho "daemon $*"\nexit 7\n', { mode: 0o755 });
  await symlink('genesis', join(scratch, 'cosmovisor/current'));
  const { status, stdout, loaded } = await cvtool(['run', 'start', '--x'], {
    DAEMON_HOME: scratch,
    DAEMON_NAME: 'demod',
  });
  expect(status).toBe(7);
  expect(stdout).toContain('daemon start --x');
  expect(loaded).toEqual(['cli.js', 'cvtool-error.js', 'run.js']);
});

test("run's part stays small: its memory is what a validator pays all day", async () => {
  const { size } = await stat(join(root, 'dist/run.js'));
  expect(size).toBeLessThanOrEqual(60 * 1024); // design: the lean runtime of `run`
});

/** @returns how it ended, and the names of the files that it had loaded, sorted */
async function cvtool(args: readonly string[], variables: NodeJS.ProcessEnv = {}) {
  const record = join(scratch, 'loaded.json');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--require', hook, cli, ...args], {
    cwd: scratch,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: scratch, TMPDIR: scratch, LOADED_FILES: record, ...variables },
  });
  const loaded = JSON.parse(await readFile(record, 'utf8')) as string[];
  return { status, stdout, stderr, loaded: loaded.map((file) => basename(file)).sort() };
}
