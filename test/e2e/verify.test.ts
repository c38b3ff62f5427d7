// `cvtool verify` as an operator calls it, on the embedded demo's staged folders and on what was put there by hand.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { compileC } from '../support/compile-c.js';
import { demoSandbox, expectError, jsonOf, type Ended, type Sandbox } from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let sandbox: Sandbox;
let pristine: string;

beforeAll(async () => {
  sandbox = await demoSandbox(mkdtempSync(join(scratch, 'at-')));
  for (const args of [['stage-genesis'], ['stage-upgrade', 'v2.1.0']]) expect((await sandbox.run(args)).status).toBe(0);
  pristine = join(sandbox.root, 'pristine');
  cpSync(sandbox.home, pristine, { recursive: true });
});
beforeEach(() => {
  rmSync(sandbox.home, { recursive: true });
  cpSync(pristine, sandbox.home, { recursive: true });
});
afterAll(() => expect(sandbox.leftovers()).toEqual([]));

interface Answer {
  readonly ok: boolean;
  readonly worst: string;
  readonly subjects: readonly {
    readonly name: string;
    readonly target: string | null;
    readonly worst: string;
    readonly version: string | null;
    readonly files: readonly { readonly path: string; readonly sha256: string }[];
    readonly rows: readonly {
      readonly level: string;
      readonly status: string;
      readonly text: string;
      readonly hint: string | null;
      readonly environment: string;
    }[];
  }[];
}

const verify = (args: readonly string[] = [], variables: NodeJS.ProcessEnv = {}) =>
  sandbox.run(['verify', ...args], variables);
const answer = (ended: Ended): Answer => jsonOf(ended) as unknown as Answer;
const upgrades = (): string => join(sandbox.home, 'cosmovisor/upgrades');

/** `upgrades/v2.1.0: L5` for each level that fails. */
function failing({ subjects }: Answer): string[] {
  return subjects.flatMap(({ name, rows }) => [
    ...new Set(rows.filter(({ status }) => status === 'fail').map(({ level }) => `${name}: ${level}`)),
  ]);
}

test('what was staged passes all levels; the table has a block for each, and a last line', async () => {
  const { status, stdout, stderr } = await verify();
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.match(/^\S.*\/bin\/demod$/gm)).toHaveLength(2);
  for (const level of ['L0', 'L1', 'L2', 'L3', 'L4', 'L5', 'L6']) {
    expect(stdout.match(new RegExp(`^  ${level}  pass  `, 'gm'))?.length).toBeGreaterThanOrEqual(2);
  }
  expect(stdout).toMatch(/Nothing fails: \d+ passed, 0 warnings, 0 unknown, 0 failed\.\n$/);
  expect((await verify(['--all'])).stdout).toBe(stdout);
});

test('--json has the documented keys', async () => {
  const data = answer(await verify(['v2.1.0', '--json']));
  expect(data).toMatchObject({
    ok: true,
    worst: 'pass',
    subjects: [{ name: 'upgrades/v2.1.0', target: 'v2.1.0', version: '2.1.0' }],
  });
  const manual = readFileSync(new URL('../../docs/verification.md', import.meta.url), 'utf8');
  const [subject] = data.subjects;
  for (const key of Object.keys(data)) expect(manual).toContain(`\`${key}`);
  for (const key of Object.keys(subject ?? {})) expect(manual).toContain(`\`.${key}`);
  for (const key of Object.keys(subject?.rows[0] ?? {})) expect(manual).toContain(`\`${key}\``);
});

test('genesis, current, a name in capitals, a path to the folder and to the binary', async () => {
  symlinkSync('upgrades/v2.1.0', join(sandbox.home, 'cosmovisor/current'));
  const name = async (word: string) => answer(await verify([word, '--json'])).subjects.map((subject) => subject.name);
  expect(await name('genesis')).toEqual(['genesis']);
  expect(await name('current')).toEqual(['current (upgrades/v2.1.0)']);
  expect(await name('V2.1.0')).toEqual(['upgrades/v2.1.0']);
  const folder = join(upgrades(), 'v2.1.0');
  expect(await name(folder)).toEqual([folder]);
  expect(await name(join(folder, 'bin/demod'))).toEqual([join(folder, 'bin/demod')]);
});

test.each(['v9.9.9', 'v2.1.1', 'current', '/nowhere/demod'])('%s: nothing is staged there', async (word) => {
  expectError(await verify([word, '--json']), 'NOT_STAGED', [word === 'current' ? 'current' : word]);
});

test('a home with nothing in it', async () => {
  rmSync(join(sandbox.home, 'cosmovisor'), { recursive: true });
  expectError(await verify(['--json']), 'NOT_STAGED', [sandbox.home]);
});

test('a library of other bytes is found by the manifest, and nothing is started', async () => {
  writeFileSync(join(upgrades(), 'v2.1.0/lib/libwasmvm.so'), 'no library');
  const ended = await verify(['--json']);
  expect(ended.status).toBe(7);
  expect(failing(answer(ended))).toEqual(['upgrades/v2.1.0: L0', 'upgrades/v2.1.0: L1']);
  expect((await verify()).stdout).toMatch(/Not fit to run: upgrades\/v2\.1\.0 \(/);
});

test('a folder by hand, as cosmovisor has it: what only a manifest proves is unknown, nothing fails', async () => {
  rmSync(join(upgrades(), 'v2.1.0/manifest.json'));
  const data = answer(await verify(['v2.1.0', '--json']));
  expect(data).toMatchObject({ ok: true, worst: 'unknown', subjects: [{ version: null }] });
  const unknown = data.subjects[0]?.rows.filter(({ status }) => status === 'unknown').map(({ level }) => level);
  expect(unknown).toEqual(['L0', 'L2', 'L3', 'L4']);
});

test('an upgrade without its handler fails L5 alone, and names the tag that has it', async () => {
  const folder = join(upgrades(), 'v2.1.0');
  rmSync(folder, { recursive: true });
  cpSync(join(sandbox.home, 'cosmovisor/genesis'), folder, { recursive: true });
  const data = answer(await verify(['v2.1.0', '--json']));
  expect(failing(data)).toEqual(['upgrades/v2.1.0: L5']);
  expect(data.subjects[0]?.rows.find(({ status }) => status === 'fail')?.hint).toContain('--tag v2.1.0');
});

test('a folder in capitals is told now and not at the height, with the command that mends it', async () => {
  renameSync(join(upgrades(), 'v2.1.0'), join(upgrades(), 'V2.1.0'));
  const data = answer(await verify(['--json']));
  expect(failing(data)).toEqual(['upgrades/V2.1.0: L6']);
  const hint = data.subjects[1]?.rows.find(({ status }) => status === 'fail')?.hint;
  expect(hint).toBe(`mv -n ${upgrades()}/V2.1.0 ${upgrades()}/v2.1.0`);
});

test('a folder without a binary', async () => {
  rmSync(join(upgrades(), 'v2.1.0/bin/demod'));
  expect(failing(answer(await verify(['--json'])))).toEqual(['upgrades/v2.1.0: L0']);
});

test("the daemon's environment is that of the call", async () => {
  const stray = join(sandbox.root, 'stray');
  mkdirSync(stray, { recursive: true });
  compileC(stray, 'libwasmvm.so', 'int other(void) { return 1; }', ['-shared', '-fPIC', '-Wl,-soname,libwasmvm.so']);
  const ended = await verify(['v2.1.0', '--json'], { LD_LIBRARY_PATH: stray });
  expect(ended.status).toBe(7);
  const rows = answer(ended).subjects[0]?.rows.filter(({ status }) => status === 'fail') ?? [];
  expect(rows[0]).toMatchObject({ level: 'L1', environment: 'daemon', text: expect.stringContaining('other bytes') });
  expect(rows.every(({ environment }) => environment === 'daemon')).toBe(true);
});

test('--target-glibc refuses at the build and at the verification; --no-exec starts nothing', async () => {
  expect(failing(answer(await verify(['genesis', '--json', '--target-glibc', '2.17'])))).toEqual(['genesis: L2']);
  const again = ['stage-upgrade', 'v2.1.0', '--force', '--json', '--target-glibc', '2.17'];
  rmSync(join(upgrades(), 'v2.1.0'), { recursive: true });
  expectError(await sandbox.run(again), 'VERIFY_FAILED', ['L2', 'the target has 2.17']);
  expect(readdirSync(upgrades())).toEqual([]);
  expectError(await verify(['genesis', '--json', '--target-glibc', 'old']), 'CONFIG_INVALID', ['"old"']);
  expect((await verify(['genesis', '--no-exec'])).stdout).toContain('it was not started: --no-exec');
});

test('staging a tag without the handler stages nothing', async () => {
  rmSync(join(upgrades(), 'v2.1.0'), { recursive: true });
  const ended = await sandbox.run(['stage-upgrade', 'v2.1.0', '--tag', 'v2.0.6', '--json']);
  expectError(ended, 'VERIFY_FAILED', ['L5', 'v2.1.0']);
  expect(existsSync(join(upgrades(), 'v2.1.0'))).toBe(false);
});

test('nothing of the home is changed, and without a recipe for the daemon the chain is unknown', async () => {
  const list = () => readdirSync(sandbox.home, { recursive: true, encoding: 'utf8' }).sort();
  const before = list();
  await verify();
  expect(list()).toEqual(before);
  const data = answer(await verify(['genesis', '--json'], { CVTOOL_RECIPE: '', DAEMON_NAME: 'demod' })); // not panacea's daemon
  expect(failing(data)).toEqual([]);
  expect(data.subjects[0]?.rows.filter(({ text }) => text.includes('release table'))).toEqual([]);
});
