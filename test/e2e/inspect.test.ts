// `doctor` and `status` on homes of the demo chain: before anything is there, staged, running, upgraded, made by somebody else.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect, test } from 'vitest';

import { catalogue } from '../../src/errors/catalogue.js';
import { checks } from '../../src/inspect/doctor/row.js';
import { needs } from '../support/needs.js';
import { cli, demoSandbox, expectError, jsonOf, treeOf, type Ended, type Sandbox } from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { waitUntil } from '../support/wait-until.js';

const root = scratchFolder();
let sandbox: Sandbox;
let staged: string;

interface Row {
  readonly check: string;
  readonly status: string;
  readonly text: string;
  readonly hint: string | null;
}

const rowsOf = (ended: Ended): readonly Row[] => (jsonOf(ended) as { rows: Row[] }).rows;
const failed = (ended: Ended): string[] =>
  rowsOf(ended).flatMap(({ check, status }) => (status === 'fail' ? [check] : []));
/** No unit of this machine has a say. */
const noUnits = { SYSTEMD_UNIT_PATH: join(root, 'no-units') };
const doctor = (variables: NodeJS.ProcessEnv = {}) => sandbox.run(['doctor', '--json'], { ...noUnits, ...variables });

beforeAll(async () => {
  sandbox = await demoSandbox(root);
  for (const args of [['stage-genesis'], ['stage-upgrade', 'v2.1.0']]) {
    const { status, stderr } = await sandbox.run([...args, '--json']);
    expect(status, stderr).toBe(0);
  }
  staged = sandbox.home;
  mkdirSync(join(staged, 'data'));
}, 300_000);

test('an empty host: no home, no tools, no Go: told what to do first, and nothing is made', async () => {
  const home = join(root, 'not-there');
  const ended = await doctor({ DAEMON_HOME: home, PATH: join(root, 'empty'), HOME: join(root, 'nobody') });
  expect(ended.status).toBe(catalogue.DOCTOR_FAILED.exit);
  expect(failed(ended)).toEqual(['home', 'tools']);
  expect(rowsOf(ended)[0]).toMatchObject({ check: 'home', hint: expect.stringContaining('init') as string });
  expect(existsSync(home)).toBe(false);
  const status = await sandbox.run(['status', '--json'], { DAEMON_HOME: home });
  expect(status.status).toBe(0);
  expect(jsonOf(status)).toMatchObject({ staged: [], daemon: null, supervisor: null, plan: { state: 'none' } });
});

test('a staged home passes, with no word on stderr, and neither command changes a thing in it', async () => {
  const before = treeOf(staged);
  const ended = await doctor();
  expect(ended).toMatchObject({ status: 0, stderr: '' });
  expect(failed(ended)).toEqual([]);
  for (const { check } of rowsOf(ended)) expect(Object.keys(checks)).toContain(check);
  expect(
    rowsOf(ended)
      .filter(({ check }) => check === 'staged')
      .map(({ status }) => status),
  ).toEqual(['pass', 'pass']);
  const text = await sandbox.run(['doctor'], noUnits);
  expect(text.status).toBe(0);
  expect(text.stdout).toMatch(/^home\n {2}pass {2}/);
  expect(text.stdout).toContain('Nothing stands in the way: ');
  expect((await sandbox.run(['status'])).stdout).toContain('upgrades/v2.1.0');
  expect(treeOf(staged)).toEqual(before);
  expect(sandbox.leftovers()).toEqual([]);
});

test('bytes that were changed after staging: both tell, and the row names the way out', async () => {
  const home = join(root, 'changed');
  spawnSync('cp', ['-a', staged, home]);
  const library = join(home, 'cosmovisor/upgrades/v2.1.0/manifest.json');
  writeFileSync(library, '{');
  const ended = await doctor({ DAEMON_HOME: home });
  expect(ended.status).toBe(catalogue.DOCTOR_FAILED.exit);
  expect(failed(ended)).toEqual(['staged']);
  const status = await sandbox.run(['status', '--json'], { DAEMON_HOME: home });
  expect(status.status).toBe(0);
  expect((jsonOf(status) as { staged: { name: string; verdict: string }[] }).staged).toMatchObject([
    { name: 'genesis', verdict: 'pass' },
    { name: 'upgrades/v2.1.0', verdict: 'fail' },
  ]);
});

test('a plan that waits without its binary fails; a home that a person made is judged as far as it can be', async () => {
  const home = join(root, 'by-hand');
  mkdirSync(join(home, 'cosmovisor/genesis/bin'), { recursive: true });
  mkdirSync(join(home, 'data'));
  copyFileSync(join(staged, 'cosmovisor/genesis/bin/demod'), join(home, 'cosmovisor/genesis/bin/demod'));
  chmodSync(join(home, 'cosmovisor/genesis/bin/demod'), 0o755);
  symlinkSync(join(home, 'cosmovisor/genesis'), join(home, 'cosmovisor/current')); // as cosmovisor 1.4 does it
  writeFileSync(join(home, 'data/upgrade-info.json'), '{"name":"v2.1.0","height":50}');
  const ended = await doctor({ DAEMON_HOME: home });
  expect(failed(ended)).toContain('plan');
  expect(rowsOf(ended).find(({ check }) => check === 'plan')?.hint).toBe('cvtool stage-upgrade v2.1.0');
  const { current, plan } = jsonOf(await sandbox.run(['status', '--json'], { DAEMON_HOME: home })) as Record<
    string,
    object
  >;
  expect(current).toMatchObject({ target: 'genesis', tag: null, commit: null });
  expect(plan).toMatchObject({ state: 'plan', name: 'v2.1.0', height: 50, status: 'fail' });
});

test('the keys of status --json stay', async () => {
  const document = jsonOf(await sandbox.run(['status', '--json']));
  expect(Object.keys(document)).toEqual([
    ...['ok', 'home', 'daemonName', 'chain', 'current', 'levels', 'staged', 'plan', 'manualPlans'],
    ...['manualPlansProblem', 'daemon', 'supervisor', 'lastBackup'],
  ]);
  const {
    chain,
    current,
    plan,
    staged: folders,
  } = document as { chain: object; current: object; plan: object; staged: object[] };
  expect(Object.keys(chain)).toEqual(['recipe', 'name', 'id']);
  expect(Object.keys(current)).toEqual(['target', 'tag', 'commit', 'since', 'problem']);
  expect(Object.keys(plan)).toEqual(['state', 'name', 'height', 'status', 'means']);
  expect(Object.keys(folders[0] ?? {})).toEqual([
    ...['name', 'folder', 'target', 'tag', 'commit', 'height', 'time', 'current', 'verdict', 'rows'],
  ]);
});

test('a unit that names the home: its variables count, also an LD_PRELOAD that only the daemon will get', async () => {
  const folder = join(root, 'units');
  mkdirSync(folder, { recursive: true });
  const unit = `[Service]\nEnvironment=DAEMON_HOME=${staged} DAEMON_NAME=demod LD_PRELOAD=/no/such.so DAEMON_POLL_INTERVAL=1\nExecStart=${process.execPath} ${cli} run start\n`;
  writeFileSync(join(folder, 'demo.service'), unit);
  const ended = await doctor({ SYSTEMD_UNIT_PATH: folder });
  expect(failed(ended)).toContain('variables');
  expect(
    rowsOf(ended)
      .map(({ text }) => text)
      .join('\n'),
  ).toMatch(/in the daemon's environment: .*\/no\/such\.so/);
  rmSync(folder, { recursive: true });
});

test('a wrong call is one error, in JSON too; --print-unit prints a unit and nothing else', async () => {
  expectError(await sandbox.run(['doctor', '--json', '--recipe', 'nope']), 'RECIPE_UNKNOWN', ['nope']);
  expectError(await sandbox.run(['status', '--json', '--home', '~/x']), 'HOME_INVALID', ['~/x']);
  const { stdout, status } = await sandbox.run(['doctor', '--print-unit']);
  expect(status).toBe(0);
  expect(stdout).toContain(`Environment="DAEMON_HOME=${staged}"`);
  expect(stdout).not.toContain('{{');
});

test('while the node runs under cvtool: its pid, its supervisor and what that is doing', async () => {
  const home = join(root, 'running');
  spawnSync('cp', ['-a', staged, home]);
  const running = sandbox.start(['run', 'start', '--home', home], { DAEMON_HOME: home });
  const look = async () =>
    jsonOf(await sandbox.run(['status', '--json'], { DAEMON_HOME: home })) as Record<
      string,
      { pid?: number; phase?: string } | null
    >;
  await waitUntil('the supervisor says what it does', () =>
    existsSync(join(home, 'cosmovisor/.cvtool/supervisor.json')),
  );
  let seen = await look();
  for (
    const deadline = Date.now() + 20_000;
    (seen.daemon === null || seen.supervisor?.phase !== 'running') && Date.now() < deadline;
  )
    seen = await look();
  expect(seen.supervisor).toMatchObject({ pid: running.pid, phase: 'running', upgrade: null });
  expect(seen.daemon?.pid).toBeGreaterThan(0);
  expect(seen.daemon?.pid).not.toBe(running.pid);
  running.child.kill('SIGTERM');
  await running.ended;
  expect(await look()).toMatchObject({ daemon: null, supervisor: null });
});

needs({ root: true })(
  'as another user, who may look but not write: doctor says so, and is none the worse',
  async () => {
    chmodSync(root, 0o755);
    const script = `process.setgroups([]); process.setgid(65534); process.setuid(65534); process.argv.splice(1, 1); require(process.argv[1])`;
    const ended = spawnSync(process.execPath, ['-e', script, 'x', cli, 'doctor', '--json', '--home', staged], {
      encoding: 'utf8',
      env: { ...sandbox.environment, ...noUnits, HOME: '/nonexistent', XDG_CACHE_HOME: join(root, 'tmp/none') },
    });
    expect(ended.stderr).toBe('');
    expect(failed({ status: ended.status ?? -1, stdout: ended.stdout, stderr: '' })).toContain('access');
  },
);
