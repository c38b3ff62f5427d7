// An upgrade under `cvtool run`, disturbed at each call by which the supervisor changes something on disk: killed, told to stop,
// refused by the disk. Whatever was done and whenever, the next run completes the upgrade, with one whole backup, and nothing
// temporary is left. strace follows the main
// thread, by which all of it is done, and each (call, path) is disturbed in a run of its own.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect } from 'vitest';

import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { isAlive, waitUntil } from '../support/wait-until.js';
import {
  endHomesAfterEach,
  makeRunHome,
  runTools,
  startRun,
  type RunHome,
  type SupervisorRun,
  type RunTools,
} from '../supervisor/run-home.js';

const scratch = scratchFolder();
let tools: RunTools;
beforeAll(() => {
  tools = runTools(scratch);
});
endHomesAfterEach();

const changing = [
  ...['openat', 'open', 'creat', 'write', 'pwrite64', 'writev', 'pwritev', 'rename', 'renameat', 'renameat2'],
  ...[
    'unlink',
    'unlinkat',
    'rmdir',
    'mkdir',
    'mkdirat',
    'symlink',
    'symlinkat',
    'link',
    'linkat',
    'ftruncate',
    'truncate',
  ],
  ...['fchmod', 'chmod', 'fchmodat', 'fchown', 'chown', 'lchown', 'fchownat', 'utimensat', 'fsync', 'fdatasync'],
  ...['ioctl', 'copy_file_range', 'sendfile', 'fallocate'],
];
const variables = {
  UNSAFE_SKIP_BACKUP: 'false',
  COSMOVISOR_CUSTOM_PREUPGRADE: 'pre.sh',
  UV_THREADPOOL_SIZE: '1',
  DAEMON_POLL_INTERVAL: '50ms',
};

const databases = ['application.db', 'blockstore.db', 'state.db', 'evidence.db'];

/** What comes before the commit point: so the first rename of `current`, to genesis, is none. */
const appliedCopy = '/cosmovisor/upgrades/v2/.upgrade-info.json.cvtool-new';

interface Point {
  readonly call: string;
  /** The n-th of that name on that path. */
  readonly n: number;
  readonly path: string;
  /** Of the commit point, the rename of `current`. */
  readonly side: 'before' | 'after';
}

/** Old and new binary, pre-upgrade, a script, and data with tables, links, folders, contracts beside it. */
function makeHome(from: 'chain' | 'manual'): RunHome {
  const home = makeRunHome(scratch, tools);
  home.genesis({ steps: from === 'chain' ? ['plan v2 10', 'hang'] : ['hang'] });
  home.upgrade('v2', { steps: ['hang'], pre: [0] });
  writeFileSync(join(home.home, 'cosmovisor/pre.sh'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  for (const folder of [...databases, 'empty']) mkdirSync(join(home.home, 'data', folder));
  for (const database of databases) {
    const at = (name: string): string => join(home.home, 'data', database, name);
    for (const name of ['CURRENT', 'MANIFEST-000001', '000007.log', 'LOCK', '000003.ldb', '000004.ldb'])
      writeFileSync(at(name), `${database} ${name}`);
  }
  writeFileSync(join(home.home, 'data/priv_validator_state.json'), '{"height":"10"}', { mode: 0o600 });
  mkdirSync(join(home.home, 'wasm/state'), { recursive: true });
  writeFileSync(join(home.home, 'wasm/state/code'), 'bytes');
  if (from === 'manual') {
    writeFileSync(
      join(home.home, 'data/upgrade-info.json.batch'),
      '[{"name":"v2","height":10},{"name":"v9","height":900}]',
    );
    home.height(10);
  }
  return home;
}

function traced(home: RunHome, options: readonly string[]) {
  return startRun(
    ['strace', '-qq', ...options, process.execPath, tools.program, 'start'],
    { ...home.environment, ...variables },
    home.root,
  );
}

/** The changing calls of the supervisor's main thread, until the new binary runs: each (call, path) once in each
 * state of the home that a rename has made. */
async function pointsOf(from: 'chain' | 'manual'): Promise<Point[]> {
  const home = makeHome(from);
  const file = join(home.root, 'calls');
  const known = changing.map((call) => `?${call}`).join(',');
  const run = traced(home, ['-y', '-s', '4096', '-o', file, '-e', `trace=${known}`]);
  await home.started('v2');
  await waitUntil('it is noted', () => existsSync(join(home.home, 'cosmovisor/.cvtool/supervisor.json')));
  process.kill(supervisorOf(run.pid), 'SIGTERM');
  expect(await run.ended).toBe(0);
  const counts = new Map<string, number>();
  const seen = new Set<string>();
  const points: Point[] = [];
  let side: Point['side'] = 'before';
  let renames = 0;
  let isApplied = false;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, call = '', args = ''] = /^(\w+)\((.*)$/.exec(line) ?? [];
    const named = pathsIn(args, home.home);
    const paths = call.startsWith('symlink') ? named.slice(-1) : named; // what a link says is no path to strace
    const [path] = paths;
    if (path === undefined) continue;
    for (const each of new Set(paths)) counts.set(`${call} ${each}`, (counts.get(`${call} ${each}`) ?? 0) + 1);
    if (call.startsWith('unlink') && path.endsWith('supervisor.json')) break; // the end that we asked for
    const isChange = !call.startsWith('open') || /O_(CREAT|WRONLY|RDWR|TRUNC)/.test(args);
    const id = `${call} ${path} ${renames}`;
    if (isChange && !seen.has(id)) points.push({ call, n: counts.get(`${call} ${path}`) ?? 1, path, side });
    seen.add(id);
    if (!call.startsWith('rename')) continue;
    renames += 1;
    if (path === appliedCopy) isApplied = true;
    if (isApplied && paths.includes('/cosmovisor/current')) side = 'after';
  }
  await home.cut();
  return points;
}

/** The paths of a call's arguments that lie in the home, the home's name taken off. */
function pathsIn(args: string, home: string): string[] {
  return [...args.matchAll(/[<"]([^<>"]*)[>"]/g)]
    .map(([, path = '']) => path)
    .filter((path) => path.startsWith(`${home}/`) || path === home)
    .map((path) => path.slice(home.length));
}

/** strace runs it as its child. */
function supervisorOf(strace: number): number {
  const text = readFileSync(`/proc/${strace}/task/${strace}/children`, 'utf8').trim().split(' ')[0];
  return Number(text);
}

/** Only the calls that touch the point's path are traced and counted. */
function inject(home: RunHome, what: string, { call, n, path }: Point): string[] {
  const place = ['-o', '/dev/null', '-P', `${home.home}${path}`];
  return [...place, '-e', `trace=${call}`, '-e', `inject=${call}:${what}:when=${n}`];
}

/** What must hold when the next run has come to the new binary. */
function judge(home: RunHome, at: string): void {
  const cosmovisor = join(home.home, 'cosmovisor');
  expect(home.current(), at).toBe('upgrades/v2');
  expect(JSON.parse(readFileSync(join(cosmovisor, 'upgrades/v2/upgrade-info.json'), 'utf8')), at).toMatchObject({
    name: 'v2',
    height: 10,
  });
  expect(
    home.backups().filter((name) => !name.endsWith('.partial')),
    at,
  ).toHaveLength(1);
  const backup = join(home.home, home.backups()[0] ?? '');
  for (const name of readdirSync(join(home.home, 'data'), { recursive: true }) as string[]) {
    if (name.startsWith('upgrade-info.json')) continue;
    expect(existsSync(join(backup, name)), `${at}: ${name}`).toBe(true);
  }
  expect(
    readdirSync(home.home).filter((name) => name.startsWith('wasm-backup')),
    at,
  ).toHaveLength(1);
  expect(temporaryIn(home), at).toEqual([]);
  expect(home.starts().at(-1), at).toBe('v2');
  expect(home.starts().filter((label) => label === 'v2').length, at).toBeLessThanOrEqual(2);
  const afterNew = home.starts().slice(home.starts().indexOf('v2'));
  expect(afterNew, `${at}: never back`).not.toContain('genesis');
}

function temporaryIn(home: RunHome): string[] {
  return (readdirSync(home.home, { recursive: true }) as string[]).filter((name) =>
    /\.partial|cvtool-new|\.current\.next|upgrade\.json$|json\.new$/.test(name),
  );
}

/** The next run, without strace, up to the new binary and its end. */
async function complete(home: RunHome, at: string): Promise<void> {
  const startsBefore = home.starts().filter((label) => label === 'v2').length;
  const run = home.start(variables);
  try {
    await home.started('v2', startsBefore + 1);
  } catch (error) {
    throw new Error(`lost: ${at}`, { cause: error });
  }
  judge(home, at);
  expect(await run.stop(), at).toBe(0);
  expect(run.stderr(), at).toBe('');
}

/** @throws where it does not end: the call that was to be disturbed was not made */
async function endOf(run: SupervisorRun, at: string): Promise<number> {
  const done = { status: undefined as number | undefined };
  void run.ended.then((status) => (done.status = status));
  await waitUntil(`an end: ${at}`, () => done.status !== undefined, 30_000);
  return run.ended;
}

function isSwitched(home: RunHome): boolean {
  return home.current() === 'upgrades/v2';
}

for (const from of ['chain', 'manual'] as const) {
  needs({ strace: true, slow: true })(
    `killed (SIGKILL) at each call that changes something, ${from} plan: the next run completes, none is lost`,
    async () => {
      const points = await pointsOf(from);
      const seen = { before: 0, after: 0 };
      for (const point of points) {
        const at = `${point.call} ${point.n} ${point.path}`;
        const home = makeHome(from);
        const run = traced(home, inject(home, 'signal=SIGKILL', point));
        expect(await endOf(run, at), `not killed: ${at}\n${run.stdout()}\n${run.stderr()}`).toBe(137);
        seen[isSwitched(home) ? 'after' : 'before'] += 1;
        await complete(home, at);
        await home.cut();
        rmSync(home.root, { recursive: true });
      }
      console.log(
        `SIGKILL, ${from} plan: ${points.length} kills, ${seen.before} before the commit point, ${seen.after} after it, 0 lost`,
      );
      expect(points.length).toBeGreaterThanOrEqual(200);
      expect(Math.min(seen.before, seen.after)).toBeGreaterThan(0);
    },
    3_600_000,
  );
}

needs({ strace: true, slow: true })(
  'told to stop (SIGTERM) at each such call: it ends with 0, or completes; the next run completes',
  async () => {
    const points = await pointsOf('chain');
    const seen = { before: 0, after: 0 };
    for (const point of points) {
      const at = `${point.call} ${point.n} ${point.path}`;
      const home = makeHome('chain');
      const run = traced(home, inject(home, 'signal=SIGTERM', point));
      expect(await endOf(run, at), `${at}\n${run.stdout()}\n${run.stderr()}`).toBe(0);
      expect(run.stderr(), at).toBe('');
      seen[isSwitched(home) ? 'after' : 'before'] += 1;
      await complete(home, at);
      await home.cut();
      rmSync(home.root, { recursive: true });
    }
    console.log(
      `SIGTERM: ${points.length} stops, ${seen.before} before the commit point, ${seen.after} after it, 0 lost`,
    );
    expect(Math.min(seen.before, seen.after)).toBeGreaterThan(0);
  },
  3_600_000,
);

needs({ strace: true, slow: true })(
  'refused by the disk (EIO) at each such call: one clear error or none, no daemon left, and the next run completes',
  async () => {
    const points = await pointsOf('chain');
    const seen = { failed: 0, went: 0 };
    for (const point of points) {
      const at = `${point.call} ${point.n} ${point.path}`;
      const home = makeHome('chain');
      const run = traced(home, inject(home, 'error=EIO', point));
      const done = { status: undefined as number | undefined };
      void run.ended.then((status) => (done.status = status));
      await waitUntil(`an end: ${at}`, () => done.status !== undefined || home.starts().includes('v2'), 30_000);
      if (done.status === undefined) {
        process.kill(supervisorOf(run.pid), 'SIGTERM');
        expect(await run.ended, at).toBe(0);
        seen.went += 1;
      } else {
        expect(done.status, at).toBe(1);
        expect(run.stderr().match(/^Error: /gm), `${at}\n${run.stderr()}`).toHaveLength(1);
        expect(run.stderr(), at).toMatch(/EIO|i\/o error|input\/output error/i);
        expect(run.stderr(), at).not.toMatch(/^\s+at |a bug in/m);
        seen.failed += 1;
      }
      expect(
        home.events().filter(({ pid, what }) => what === 'start' && isAlive(pid)),
        at,
      ).toEqual([]);
      await complete(home, at);
      await home.cut();
      rmSync(home.root, { recursive: true });
    }
    console.log(`EIO: ${points.length} calls, ${seen.failed} ended the run, ${seen.went} did not`);
    expect(seen.failed).toBeGreaterThan(0);
  },
  3_600_000,
);

needs({ strace: true })(
  'every file that a decision rests on is fsynced before its rename, and its folder after',
  async () => {
    const home = makeHome('manual');
    const file = join(home.root, 'calls');
    const run = traced(home, [
      '-y',
      '-s',
      '4096',
      '-o',
      file,
      '-e',
      'trace=?rename,?renameat,?renameat2,fsync,fdatasync',
    ]);
    await home.started('v2');
    process.kill(supervisorOf(run.pid), 'SIGTERM');
    await run.ended;
    const calls = readFileSync(file, 'utf8').split('\n');
    const renames = calls.flatMap((line, index) => {
      const [, from = '', to = ''] =
        /^rename\w*\((?:AT_FDCWD\S*, )?"([^"]+)", (?:AT_FDCWD\S*, )?"([^"]+)"/.exec(line) ?? [];
      return from.startsWith(home.home) ? [{ from, to, index }] : [];
    });
    const syncedAt = (path: string): number[] =>
      calls.flatMap((line, index) => (/f(data)?sync\(/.test(line) && line.includes(`<${path}>`) ? [index] : []));
    const names = renames.map(({ to }) => to.slice(home.home.length + 1));
    expect(names).toEqual(
      expect.arrayContaining([
        'cosmovisor/.cvtool/upgrade.json',
        'cosmovisor/upgrades/v2/upgrade-info.json',
        'cosmovisor/current',
        'data/upgrade-info.json',
        'data/upgrade-info.json.batch',
      ]),
    );
    expect(names.filter((name) => /^(data|wasm)-backup-[^/]*$/.test(name))).toHaveLength(2);
    for (const { from, to, index } of renames) {
      const isLink = to.endsWith('/current'); // a link has no bytes of its own
      if (!isLink)
        expect(
          syncedAt(from).some((at) => at < index),
          `${from} before its rename`,
        ).toBe(true);
      const next = renames.find((other) => other.index > index && other.to === to)?.index ?? calls.length;
      const folder = to.slice(0, to.lastIndexOf('/'));
      expect(
        syncedAt(folder).some((at) => at > index && at < next),
        `${folder} after the rename to ${to}`,
      ).toBe(true);
    }
  },
);
