// An upgrade whose binary is downloaded, disturbed at each call by which the download changes something on disk: the download is
// killed, or the supervisor while the download stands at that call, or the disk is full. Whatever was done and whenever, the next run
// has the whole binary, starts it once, and nothing else is left.
//
// The supervisor runs the download under util-linux's setpriv, which it finds in PATH: here one that puts strace in between.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { beforeAll, beforeEach, expect, test } from 'vitest';

import { loopbackServer, type Answer } from '../support/loopback-server.js';
import { makeTar } from '../support/make-tar.js';
import { needs } from '../support/needs.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { waitUntil } from '../support/wait-until.js';
import {
  endHomesAfterEach,
  makeRunHome,
  runTools,
  type RunHome,
  type RunTools,
  type SupervisorRun,
} from '../supervisor/run-home.js';

const scratch = scratchFolder();
let tools: RunTools;
let path: string;
beforeAll(() => {
  tools = runTools(scratch);
  path = pathWithStrace();
});
endHomesAfterEach();

/** What is served: a node that is started and ends well, a library, a text. */
let archive: Buffer;
let daemon: Buffer;
let query: string;
beforeAll(() => {
  daemon = readFileSync(tools.daemon);
  archive = gzipSync(
    makeTar([
      { name: 'bin/noded', content: daemon, mode: 0o755 },
      { name: 'bin/noded.steps', content: 'exit 0\n' },
      { name: 'bin/noded.pre', content: '1\n' },
      { name: 'bin/noded.status', content: 'off' },
      { name: 'lib/libx.so', content: 'a library', mode: 0o755 },
    ]),
  );
  query = `?checksum=sha256:${createHash('sha256').update(archive).digest('hex')}`;
});

let answer: Answer;
let asked: () => number;
let address: string;
beforeEach(async () => {
  answer = (_, response) => void response.end(archive);
  const server = await loopbackServer((request, response) => answer(request, response));
  address = `${server.address}/a.tar.gz${query}`;
  asked = () => server.asked.length;
});

function pathWithStrace(): string {
  const folder = join(scratch, 'bin');
  mkdirSync(folder);
  const [real] = runTool('which', ['setpriv']).split('\n');
  const text = `#!/bin/sh
case " $* " in
*" internal download "*)
  if [ -n "$TEST_STRACE" ]; then
    options=$TEST_STRACE
    unset TEST_STRACE
    shift 3
    exec ${real} --pdeathsig KILL -- strace -D $options "$@"
  fi
esac
exec ${real} "$@"
`;
  writeFileSync(join(folder, 'setpriv'), text, { mode: 0o755 });
  return `${folder}:${process.env.PATH}`;
}

/** A home that comes to its plan. */
async function begun(variables: NodeJS.ProcessEnv = {}): Promise<{ home: RunHome; run: SupervisorRun }> {
  const home = makeRunHome(scratch, tools);
  home.genesis({ steps: ['hang'] });
  const run = start(home, { PATH: path, UV_THREADPOOL_SIZE: '1', ...variables });
  await home.started('genesis');
  home.plan('v2', 10, JSON.stringify({ binaries: { any: address } }));
  return { home, run };
}

function start(home: RunHome, variables: NodeJS.ProcessEnv = {}): SupervisorRun {
  return home.start({ DAEMON_ALLOW_DOWNLOAD_BINARIES: 'true', ...variables });
}

const changing = [
  ...['openat', 'open', 'creat', 'write', 'pwrite64', 'writev', 'pwritev', 'rename', 'renameat', 'renameat2'],
  ...['unlink', 'unlinkat', 'rmdir', 'mkdir', 'mkdirat', 'symlink', 'symlinkat', 'link', 'linkat', 'ftruncate'],
  ...['fchmod', 'chmod', 'fchmodat', 'utimensat', 'fsync', 'fdatasync', 'ioctl', 'copy_file_range', 'sendfile'],
];
const known = changing.map((call) => `?${call}`).join(',');

interface Point {
  readonly call: string;
  /** The n-th of that name of its thread. */
  readonly n: number;
}

/** The calls of the download that change something in the home. */
async function pointsOf(): Promise<Point[]> {
  const file = join(scratch, 'calls');
  const { home, run } = await begun({ TEST_STRACE: `-f -qq -y -s 4096 -o ${file} -e trace=${known}` });
  expect(await run.ended).toBe(0);
  const counts = new Map<string, number>();
  const points = new Map<string, Point>();
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const [, thread = '', call = '', args = ''] = /^(\d+) +(\w+)\((.*)$/.exec(line) ?? [];
    const n = (counts.get(`${thread} ${call}`) ?? 0) + 1;
    counts.set(`${thread} ${call}`, n);
    const isChange = !call.startsWith('open') || /O_(CREAT|WRONLY|RDWR|TRUNC)/.test(args);
    if (isChange && args.includes(home.home)) points.set(`${call} ${n}`, { call, n });
  }
  await home.cut();
  return [...points.values()];
}

function inject(what: string, { call, n }: Point, file = '/dev/null'): NodeJS.ProcessEnv {
  return { TEST_STRACE: `-f -qq -o ${file} -e trace=${call} -e inject=${call}:${what}:when=${n}` };
}

function leftovers(home: RunHome): string[] {
  const cosmovisor = join(home.home, 'cosmovisor');
  return (readdirSync(cosmovisor, { recursive: true }) as string[]).filter((name) =>
    /download-|\.cvtool-staging|cvtool-new|upgrade\.json$/.test(name),
  );
}

/** The next run, undisturbed. */
async function complete(home: RunHome, at: string): Promise<void> {
  const run = start(home);
  expect(await run.ended, `${at}\n${run.stdout()}\n${run.stderr()}`).toBe(0);
  await judge(home, at);
}

/** What must hold in the end, whatever was done; then the home is removed. */
async function judge(home: RunHome, at: string): Promise<void> {
  expect(home.starts(), at).toEqual(['genesis', 'v2']);
  expect(
    home.events().filter(({ what }) => what.includes('overlap')),
    at,
  ).toEqual([]);
  expect(home.current(), at).toBe('upgrades/v2');
  const folder = join(home.home, 'cosmovisor/upgrades/v2');
  expect(readFileSync(join(folder, 'bin/noded')).equals(daemon), at).toBe(true);
  expect(readFileSync(join(folder, 'lib/libx.so'), 'utf8'), at).toBe('a library');
  expect(leftovers(home), at).toEqual([]);
  expect(readdirSync(home.home).sort(), at).toEqual(['cosmovisor', 'data']);
  expect(processesOf(home), at).toEqual([]);
  await home.cut();
  rmSync(home.root, { recursive: true });
}

needs({ strace: true, slow: true })(
  'the download killed (SIGKILL) at each call that changes something: said, and the next run completes',
  async () => {
    const points = await pointsOf();
    let seen = 0;
    for (const point of points) {
      const at = `${point.call} ${point.n}`;
      const { home, run } = await begun(inject('signal=SIGKILL', point));
      const status = await run.ended;
      if (status === 0) continue; // another thread's n-th call was not one of the home's
      seen += 1;
      expect(status, at).toBe(1);
      expect(run.stderr(), at).toMatch(/^Error: upgrade v2 at height 10: cannot download binary\. .*SIGKILL/);
      expect(home.starts(), at).toEqual(['genesis']);
      await complete(home, at);
    }
    console.log(`SIGKILL of the download: ${seen} kills of ${points.length} calls, 0 lost`);
    expect(seen).toBeGreaterThanOrEqual(Math.max(30, points.length - 4));
  },
  3_600_000,
);

needs({ strace: true, slow: true })(
  'the supervisor killed while the download stands at each such call: both are gone, and the next run completes',
  async () => {
    const points = await pointsOf();
    let seen = 0;
    for (const point of points) {
      const at = `${point.call} ${point.n}`;
      const file = join(scratch, 'stopped');
      rmSync(file, { force: true });
      const { home, run } = await begun(inject('signal=SIGSTOP', point, file));
      const done = { status: undefined as number | undefined };
      void run.ended.then((status) => (done.status = status));
      const isStopped = (): boolean => existsSync(file) && readFileSync(file, 'utf8').includes('stopped by SIGSTOP');
      await waitUntil(`it stands: ${at}`, () => isStopped() || done.status !== undefined, 30_000);
      if (done.status === 0) continue;
      seen += 1;
      run.child.kill('SIGKILL');
      expect(await run.ended, at).toBe(137);
      await waitUntil(`no process of ours is left: ${at}`, () => processesOf(home).length === 0);
      await complete(home, at);
    }
    console.log(`SIGKILL of the supervisor in a download: ${seen} kills of ${points.length} calls, 0 lost`);
    expect(seen).toBeGreaterThanOrEqual(Math.max(30, points.length - 4));
  },
  3_600_000,
);

needs({ strace: true, slow: true })(
  'a full disk (ENOSPC) at each such call but open and write: one clear error or none, and the next run completes',
  async () => {
    // libuv aborts where its own write to an eventfd fails, and what is opened need not be in the home
    const points = (await pointsOf()).filter(({ call }) => !['write', 'open', 'openat'].includes(call));
    let failed = 0;
    for (const point of points) {
      const at = `${point.call} ${point.n}`;
      const { home, run } = await begun(inject('error=ENOSPC', point));
      const status = await run.ended;
      if (status !== 0) {
        failed += 1;
        expect(status, at).toBe(1);
        expect(run.stderr().match(/^Error: /gm), `${at}\n${run.stderr()}`).toHaveLength(1);
        expect(run.stderr(), at).toContain('no space left on device');
        expect(run.stderr(), at).not.toMatch(/^\s+at |a bug in/m);
        await complete(home, at);
      } else {
        await judge(home, at);
      }
    }
    console.log(`ENOSPC: ${points.length} calls, ${failed} ended the run`);
    expect(failed).toBeGreaterThanOrEqual(10);
  },
  3_600_000,
);

/** As long as the test wants. */
const silent: Answer = (_, response) => void response.writeHead(200, { 'content-length': archive.length }).write('x');

test('the supervisor killed while the server is silent: the download dies with it', async () => {
  const good = answer;
  answer = silent;
  const { home, run } = await begun();
  await waitUntil('it is being fetched', () => asked() === 1);
  run.child.kill('SIGKILL');
  await run.ended;
  await waitUntil('no process of ours is left', () => processesOf(home).length === 0);
  answer = good;
  await complete(home, 'silent');
});

test('told to stop while the server is silent: it ends with 0 and leaves nothing', async () => {
  const good = answer;
  answer = silent;
  const { home, run } = await begun();
  await waitUntil('it is being fetched', () => asked() === 1);
  expect(await run.stop()).toBe(0);
  expect(run.stderr()).toBe('');
  expect(processesOf(home)).toEqual([]);
  expect(leftovers(home).filter((name) => !name.endsWith('upgrade.json'))).toEqual([]);
  expect(existsSync(join(home.home, 'cosmovisor/upgrades'))).toBe(false);
  answer = good;
  await complete(home, 'stopped');
});

test('a server that is ill at first: one run is enough', async () => {
  const good = answer;
  const answers: Answer[] = [
    (_, response) => void response.writeHead(503).end(),
    (_, response) =>
      void response.writeHead(200, { 'content-length': archive.length }).write('x', () => response.destroy()),
    good,
  ];
  answer = (request, response) => (answers.shift() ?? good)(request, response);
  const { home, run } = await begun();
  expect(await run.ended).toBe(0);
  expect(asked()).toBe(3);
  expect(home.starts()).toEqual(['genesis', 'v2']);
  expect(leftovers(home)).toEqual([]);
});

/** All but zombies that have this home in their arguments. */
function processesOf(home: RunHome): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`${home.home}\0`);
    } catch {
      return false; // it has ended
    }
  });
}
