// `cvtool stage-all`: the demo's chain, and one of which a release fails.
import { existsSync, mkdtempSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { newRepository, type NewCommit } from '../../src/git/new-repository.js';
import { makeDemoRepository } from '../../src/stage/demo-repository.js';
import {
  expectError,
  jsonOf,
  makeSandbox,
  namesBelow,
  soundMakefile,
  soundProgram,
  treeOf,
  type Sandbox,
} from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { waitUntil } from '../support/wait-until.js';

const scratch = scratchFolder();
let demo: string;
let sandbox: Sandbox;
beforeAll(async () => {
  demo = (await makeDemoRepository(join(scratch, 'repository'), { PATH: process.env.PATH })).repository;
});
beforeEach(() => {
  sandbox = makeSandbox(mkdtempSync(join(scratch, 'at-')), { recipe: 'demo', repository: demo });
});
afterEach(() => {
  expect(sandbox.leftovers()).toEqual([]);
});

const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1) ?? '';
const staged = (): string[] =>
  namesBelow(join(sandbox.home, 'cosmovisor')).filter((name) => name.endsWith('manifest.json'));

test('all of them, once; again it leaves them as they are', async () => {
  const first = await sandbox.run(['stage-all']);
  expect({ status: first.status, stderr: first.stderr }).toEqual({ status: 0, stderr: '' });
  expect(lastLine(first.stdout)).toBe('2 staged, 0 there already, 0 failed');
  expect(first.stdout.match(/cloned from/g)).toHaveLength(1);
  expect(staged()).toEqual(['genesis/manifest.json', 'upgrades/v2.1.0/manifest.json']);
  const before = treeOf(sandbox.home);
  const again = await sandbox.run(['stage-all']);
  expect({ status: again.status, last: lastLine(again.stdout) }).toEqual({
    status: 0,
    last: '0 staged, 2 there already, 0 failed',
  });
  expect(treeOf(sandbox.home)).toEqual(before);
});

test('--no-cache clones anew, once for all', async () => {
  await sandbox.run(['stage-genesis']);
  const { status, stdout } = await sandbox.run(['stage-all', '--no-cache', '--force']);
  expect({ status, last: lastLine(stdout) }).toEqual({ status: 0, last: '1 staged, 1 there already, 0 failed' });
  expect(stdout.match(/cloned from/g)).toHaveLength(1);
});

test('--from leaves what comes before it alone', async () => {
  const { status, stdout } = await sandbox.run(['stage-all', '--from', 'v2.1.0']);
  expect({ status, last: lastLine(stdout) }).toEqual({ status: 0, last: '1 staged, 0 there already, 0 failed' });
  expect(staged()).toEqual(['upgrades/v2.1.0/manifest.json']);
  const unknown = await sandbox.run(['stage-all', '--from', 'v9', '--json']);
  expectError(unknown, 'RELEASE_UNKNOWN', ['"v9"', 'genesis, v2.1.0']);
});

test('--dry-run prints all plans and changes nothing', async () => {
  const { status, stdout } = await sandbox.run(['stage-all', '--dry-run']);
  expect(status).toBe(0);
  expect(stdout.match(/^Plan \(nothing is built or staged\):$/gm)).toHaveLength(2);
  expect(namesBelow(sandbox.home)).toEqual([]);
  const document = jsonOf(await sandbox.run(['stage-all', '--dry-run', '--json']));
  expect(document).toMatchObject({ ok: true, dryRun: true, planned: 2, failed: 0 });
});

test('--no-cache and --keep-source exclude each other', async () => {
  expectError(await sandbox.run(['stage-all', '--no-cache', '--keep-source', '--json']), 'USAGE', ['--keep-source']);
});

describe('a chain of which a release fails', () => {
  /** genesis; v1.1, which does not compile; v1.2, whose tag is not there; v1.3; and what has no place in a home. */
  async function makeChain(middle: string, commands = '[make, clean], [make, build]'): Promise<void> {
    const root = mkdtempSync(join(scratch, 'chain-'));
    const makefile = `${soundMakefile}build:\n\tmkdir -p build\n\t$(CC) $(CPPFLAGS) -o build/demod main.c\n`;
    const commit = (tag: string, day: number, program: string): NewCommit => ({
      files: new Map([
        ['Makefile', Buffer.from(makefile)],
        ['main.c', Buffer.from(`/* ${tag} */\n${program}`)],
      ]),
      message: tag,
      date: `2024-01-0${day}T09:00:00Z`,
      tag,
    });
    const commits = [commit('v1.0.0', 1, soundProgram), commit('v1.1.0', 2, middle), commit('v1.3.0', 3, soundProgram)];
    const [genesis, broken, last] = await newRepository(join(root, 'repository'), commits, { PATH: process.env.PATH });
    const recipe = join(root, 'chain.yaml');
    writeFileSync(
      recipe,
      `schema: 1
name: small
daemon: demod
home: ~/.small
build: { commands: [${commands}], timeLimit: 5m }
artifact: build/demod
version: { fields: { version: version, commit: commit } }
releases:
  - { genesis: true, tag: v1.0.0, commit: ${genesis ?? ''} }
  - { upgrade: v1.1, tag: v1.1.0, commit: ${broken ?? ''} }
  - { upgrade: v1.2, tag: v1.2.0, commit: ${'1'.repeat(40)} }
  - { tag: v1.2.1, commit: ${'2'.repeat(40)} }
  - { alphaOf: v1.4, tag: v1.4.0-rc1, commit: ${'3'.repeat(40)} }
  - { upgrade: v1.3, tag: v1.3.0, commit: ${last ?? ''} }
  - { upgrade: v1.5, tag: v1.5.0, built: false, reason: Its source is lost. }
`,
    );
    sandbox = makeSandbox(join(root, 'world'), { recipe, repository: join(root, 'repository') });
  }

  test('the others are staged, each error is shown, and the status is that of the first', async () => {
    await makeChain('this is no C\n');
    const { status, stdout, stderr } = await sandbox.run(['stage-all']);
    expect({ status, last: lastLine(stdout) }).toEqual({ status: 6, last: '2 staged, 0 there already, 2 failed' });
    expect(stderr.match(/^Error: .*/gm)).toEqual([
      expect.stringContaining('make build'),
      expect.stringContaining('v1.2.0'),
    ]);
    expect(staged()).toEqual(['genesis/manifest.json', 'upgrades/v1.3/manifest.json']);
    expect(stdout.match(/^Skipped .*/gm)).toEqual([
      'Skipped v1.2.1: no upgrade of the chain brought it.',
      'Skipped v1.4.0-rc1: an early version of v1.4.',
      'Skipped v1.5: not built here: Its source is lost.',
    ]);
  });

  test('--json is one document, with each of them', async () => {
    await makeChain('this is no C\n');
    const ended = await sandbox.run(['stage-all', '--json', '--from', 'v1.1']);
    expect(ended.status).toBe(6);
    expect(jsonOf(ended)).toMatchObject({
      ok: false,
      staged: 1,
      there: 0,
      failed: 2,
      releases: [
        { name: 'v1.1', tag: 'v1.1.0', ok: false, error: { code: 'BUILD_FAILED' } },
        { name: 'v1.2', ok: false, error: { code: 'TAG_UNKNOWN' } },
        { name: 'v1.3', ok: true, unchanged: false, target: 'upgrades/v1.3' },
      ],
      skipped: [{ name: 'v1.2.1' }, { name: 'v1.4.0-rc1' }, { name: 'v1.5', tag: 'v1.5.0' }],
    });
  });

  test('a repository out of reach: each that needs it fails, and it is asked once', async () => {
    await makeChain(soundProgram);
    await sandbox.run(['stage-genesis']);
    const repository = sandbox.environment.CVTOOL_REPO ?? '';
    renameSync(repository, `${repository}.away`);
    const { status, stdout, stderr } = await sandbox.run(['stage-all']);
    expect({ status, last: lastLine(stdout) }).toEqual({ status: 5, last: '2 staged, 1 there already, 1 failed' });
    expect(stderr.match(/^Error: .*cannot be cloned or fetched/gm)).toHaveLength(1);
  });

  test('SIGINT stops all: what was staged stays, no further one is begun', async () => {
    const mark = join(mkdtempSync(join(scratch, 'mark-')), 'begun');
    const wait = `[sh, -c, 'test "$(git describe --tags)" != v1.1.0 || { touch ${mark}; exec sleep 600; }']`;
    await makeChain(soundProgram, `[make, clean], [make, build], ${wait}`);
    const running = sandbox.start(['stage-all']);
    await waitUntil('the second build', () => existsSync(mark), 60_000);
    running.child.kill('SIGINT');
    const { status, stdout, stderr } = await running.ended;
    expect({ status, last: lastLine(stdout) }).toEqual({ status: 130, last: '1 staged, 0 there already, 0 failed' });
    expect(stderr).toContain('stopped by SIGINT; what was staged before stays');
    expect(staged()).toEqual(['genesis/manifest.json']);
    expect(stdout).not.toContain('v1.3 (');
  });
});
