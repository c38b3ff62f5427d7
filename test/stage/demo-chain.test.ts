// The demo's program itself, built and run: what its Makefile and demod must do so that staging it proves something.
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';

import { readEnvironment } from '../../src/config/environment.js';
import { makeDemoRepository, type DemoRepository } from '../../src/stage/demo-repository.js';

const scratch = mkdtempSync(join(tmpdir(), 'cvtool, demo chain-')); // a checkout's path may have both
const environment = { PATH: process.env.PATH, HOME: join(scratch, 'user') };
const running = new Set<ChildProcess>();
let demo: DemoRepository;

beforeAll(async () => {
  demo = await makeDemoRepository(join(scratch, 'repository'), readEnvironment());
  for (const tag of demo.tags.keys()) build(tag, join(scratch, tag));
});
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});
afterAll(() => rmSync(scratch, { recursive: true }));

describe.each(['v2.0.6', 'v2.1.0'])('demod of %s', (tag) => {
  const version = tag.slice(1);

  test('says its version and the commit that it was built from', () => {
    const commit = demo.tags.get(tag)!;
    const long = { name: 'demo', server_name: 'demod', version, commit, build_tags: '' };
    expect(demod(tag, 'version').stdout).toBe(`${version}\n`);
    expect(demod(tag, 'version', '--long').stdout.split('\n')).toEqual([
      'name: demo',
      'server_name: demod',
      `version: ${version}`,
      `commit: ${commit}`,
      'build_tags: ""',
      '',
    ]);
    expect(JSON.parse(demod(tag, 'version', '--long', '--output', 'json').stdout)).toEqual(long);
    expect(JSON.parse(demod(tag, 'version', '--long', '--output=json').stdout)).toEqual(long);
    expect(existsSync(environment.HOME)).toBe(false); // it touches no home, as `start` and `status` alone may
  });

  test.each([
    [['pre-upgrade'], 'unknown command "pre-upgrade" for "demod"'],
    [['start', '--bogus'], 'unknown flag: --bogus'],
    [['start', '--home'], 'flag needs an argument: --home'],
    [['start', '--upgrade-height', '-1'], 'invalid argument "-1" for --upgrade-height'],
    [['version', '--output', 'xml'], 'invalid argument "xml" for --output'],
    [['status', '--home', '/nonexistent'], 'there is no chain in /nonexistent'],
  ])('refuses %j', (args, message) => {
    const { status, stdout, stderr } = demod(tag, ...args);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain(`Error: ${message}`);
  });

  test('without its library it does not start', () => {
    const moved = join(scratch, `moved-${tag}`);
    const checkout = join(scratch, tag);
    copyFileSync(join(checkout, 'build/demod'), moved);
    expect(spawnSync(moved, ['version'], { env: environment }).status).toBe(0); // the build host still has it
    renameSync(checkout, `${checkout}.gone`);
    try {
      const { status, stderr } = spawnSync(moved, ['version'], {
        env: { ...environment, LC_ALL: 'C' },
        encoding: 'utf8',
      });
      expect(stderr).toContain('error while loading shared libraries: libwasmvm.so: cannot open shared object file');
      expect(status).toBe(127);
    } finally {
      renameSync(`${checkout}.gone`, checkout);
    }
  });
});

test('make clean removes build/, and make build never keeps the binary of another release', () => {
  const checkout = join(scratch, 'switched');
  build('v2.0.6', checkout);
  execFileSync('git', ['-C', checkout, 'checkout', '-q', 'v2.1.0']);
  make(checkout, 'build');
  expect(spawnSync(join(checkout, 'build/demod'), ['version'], { encoding: 'utf8' }).stdout).toBe('2.1.0\n');
  make(checkout, 'clean');
  expect(existsSync(join(checkout, 'build'))).toBe(false);
});

test('two checkouts give the same bytes but for the path of the library', () => {
  build('v2.0.6', join(scratch, 'v2.0.x'));
  const [one, other] = ['v2.0.6', 'v2.0.x'].map((name) => {
    const path = join(scratch, name, 'modcache/');
    const bytes = readFileSync(join(scratch, name, 'build/demod'), 'latin1');
    expect(bytes.split(path)).toHaveLength(2); // once, and nothing else is left of the build host
    return bytes.replace(path, '');
  });
  expect(one === other).toBe(true);
});

test('at the height v2.0.6 halts, stays up, and v2.1.0 goes on from there', async () => {
  const home = join(scratch, 'upgraded');
  const plan = join(home, 'data/upgrade-info.json');
  const oldPlan = join(home, 'old-plan.json');
  mkdirSync(join(home, 'data'), { recursive: true });
  writeFileSync(oldPlan, 'an older plan');
  linkSync(oldPlan, plan);
  const old = start('v2.0.6', home);
  await until(old, () => old.said.includes('CONSENSUS FAILURE!!!'));
  expect(readFileSync(plan, 'utf8')).toBe('{"name":"v2.1.0","height":5}');
  expect(readFileSync(oldPlan, 'utf8')).toBe('an older plan'); // replaced whole, not written over
  expect(old.said).toContain('ERR UPGRADE "v2.1.0" NEEDED at height: 5: ');
  expect(old.said).not.toContain('committed state height=5');
  expect(heightIn('v2.0.6', home)).toBe('5');
  const beside = start('v2.1.0', home);
  expect(await ended(beside)).toEqual([1, null]); // so the halted one still holds the home
  expect(await stop(old, 'SIGTERM')).toEqual([0, null]);

  const again = start('v2.0.6', home); // as a node of the 0.45 line on halted data
  expect(await ended(again)).toEqual([2, null]);
  expect(again.said).toContain('panic: UPGRADE "v2.1.0" NEEDED at height: 5: ');

  const next = start('v2.1.0', home);
  await until(next, () => next.said.includes('committed state height=7'));
  expect(next.said).toContain('applying upgrade "v2.1.0" at height: 5');
  expect(await stop(next, 'SIGTERM')).toEqual([0, null]);

  const back = start('v2.0.6', home);
  expect(await ended(back)).toEqual([2, null]);
  expect(back.said).toContain('Wrong app version 0, upgrade handler is missing for v2.1.0 upgrade plan');
  expect(readdirSync(join(home, 'data')).sort()).toEqual(['LOCK', 'state', 'upgrade-info.json']);
});

test('v2.1.0 started before the height makes no block', async () => {
  const home = join(scratch, 'early');
  const old = start('v2.0.6', home, '1000000');
  await until(old, () => old.said.includes('committed state height=3'));
  expect(await stop(old, 'SIGINT')).toEqual([0, null]);
  const before = heightIn('v2.0.6', home);

  const early = start('v2.1.0', home);
  await until(early, () => early.said.includes('CONSENSUS FAILURE!!!'));
  expect(early.said).toContain('BINARY UPDATED BEFORE TRIGGER! UPGRADE "v2.1.0" - in binary but not executed on chain');
  expect(early.said).not.toContain('committed');
  expect(await stop(early, 'SIGTERM')).toEqual([0, null]);
  expect(heightIn('v2.0.6', home)).toBe(before);
  expect(existsSync(join(home, 'data/upgrade-info.json'))).toBe(false);

  const right = start('v2.0.6', home);
  await until(right, () => right.said.includes(`committed state height=${Number(before) + 1}`));
  expect(await stop(right, 'SIGTERM')).toEqual([0, null]);
});

test('two nodes never share a home', async () => {
  const home = join(scratch, 'shared');
  const first = start('v2.0.6', home, '0');
  await until(first, () => first.said.includes('committed state height=1'));
  const second = start('v2.0.6', home);
  expect(await ended(second)).toEqual([1, null]);
  expect(second.said).toContain('resource temporarily unavailable');
  expect(await stop(first, 'SIGTERM')).toEqual([0, null]);
});

interface Node {
  readonly child: ChildProcess;
  readonly end: Promise<unknown[]>;
  said: string;
}

function start(tag: string, home: string, upgradeHeight = '5'): Node {
  const args = ['start', '--home', home, '--upgrade-height', upgradeHeight, '--block-time=5'];
  const child = spawn(join(scratch, tag, 'build/demod'), args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  const node: Node = { child, said: '', end: once(child, 'close') };
  running.add(child);
  child.on('close', () => running.delete(child));
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (node.said += data.toString()));
  return node;
}

async function until(node: Node, holds: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 1))) {
    if (Date.now() > deadline || node.child.exitCode !== null) throw new Error(`It never came:\n${node.said}`);
  }
}

/** Status and signal. */
async function ended(node: Node): Promise<unknown[]> {
  const late = setTimeout(() => node.child.kill('SIGKILL'), 20_000);
  const end = await node.end;
  clearTimeout(late);
  return end;
}

async function stop(node: Node, signal: NodeJS.Signals): Promise<unknown[]> {
  node.child.kill(signal);
  return ended(node);
}

function demod(tag: string, ...args: string[]) {
  return spawnSync(join(scratch, tag, 'build/demod'), args, { env: environment, encoding: 'utf8' });
}

function heightIn(tag: string, home: string): string {
  const { stdout } = demod(tag, 'status', '--home', home);
  return (JSON.parse(stdout) as { sync_info: { latest_block_height: string } }).sync_info.latest_block_height;
}

function build(tag: string, checkout: string): void {
  mkdirSync(checkout);
  execFileSync('git', ['clone', '-q', '-c', 'advice.detachedHead=false', '-b', tag, demo.repository, checkout]);
  make(checkout, 'clean');
  make(checkout, 'build');
}

function make(checkout: string, target: string): void {
  const { status, stderr } = spawnSync('make', ['-C', checkout, target], {
    env: { PATH: process.env.PATH },
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' }); // no warning either
}
