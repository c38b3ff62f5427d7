import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { runBuildCommand, type BuildRun } from '../../src/build/run-commands.js';
import { CvtoolError } from '../../src/errors/cvtool-error.js';
import { startProgram, writeProgram } from '../support/child-program.js';
import { needs } from '../support/needs.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { isAlive, waitUntil } from '../support/wait-until.js';

const scratch = scratchFolder();
const strays: number[] = [];
let count = 0;

afterEach(() => {
  for (const pid of strays.splice(0)) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
});

test('every line is told and logged, of both streams, after the command itself', async () => {
  const { lines, run } = makeRun();
  await runBuildCommand(['sh', '-c', 'echo one; sleep 0.2; echo two >&2; sleep 0.2; printf three'], run);
  await runBuildCommand(['echo', 'a b', '$HOME'], run);
  expect(lines).toEqual(['one', 'two', 'three', 'a b $HOME']);
  expect(readFileSync(run.log, 'utf8')).toBe(
    '$ sh -c echo one; sleep 0.2; echo two >&2; sleep 0.2; printf three\none\ntwo\nthree\n$ echo a b $HOME\na b $HOME\n',
  );
});

test('half a line of one stream does not run into the other', async () => {
  const { lines, run } = makeRun();
  await runBuildCommand(['sh', '-c', 'printf out; sleep 0.1; printf err >&2; sleep 0.1; echo put; echo or >&2'], run);
  expect(lines.sort()).toEqual(['error', 'output']);
});

test('it runs in its folder, with its environment and nothing else, and without input', async () => {
  const { lines, run } = makeRun({ environment: { PATH: '/usr/bin:/bin', ONLY: 'this' } });
  await runBuildCommand(['sh', '-c', 'pwd; env | grep -c "^HOME="; echo $ONLY; cat; echo end'], run).catch(
    () => undefined,
  );
  expect(lines).toEqual([run.folder, '0', 'this', 'end']);
});

test('a command that fails shows its last 40 lines, the whole log and what to try', async () => {
  const { run } = makeRun();
  const error = await problem(runBuildCommand(['sh', '-c', 'seq 1 100; exit 3'], run));
  expect(error).toMatchObject({
    code: 'BUILD_FAILED',
    message: 'sh -c seq 1 100; exit 3 failed (exit status 3)',
    exit: 6,
  });
  expect(error.details).toEqual(Array.from({ length: 40 }, (_, index) => String(index + 61)));
  expect(error.hint).toContain(run.log);
  expect(error.hint).toContain('--verbose');
  expect(readFileSync(run.log, 'utf8').split('\n')).toHaveLength(102);
});

test('what it said is made safe to print; the log has it as it was', async () => {
  const { run } = makeRun();
  const script = `printf '\\033[2Jclear https://u:secret@host/x\\n'; exit 1`;
  const error = await problem(runBuildCommand(['sh', '-c', script], run));
  expect(error.details).toEqual(['clear https://***@host/x']);
  expect(readFileSync(run.log, 'utf8')).toContain('\u001b[2J');
});

test.each([
  ['write /x: no space left on device', /disk is full.*cache prune/s],
  ['dial tcp: lookup proxy.example.org: no such host', /GOPROXY/],
  ['verifying module: checksum mismatch', /go\.sum/],
  ['module lookup disabled by GOPROXY=off', /--offline/],
  ['cgo: C compiler "gcc" not found', /apt-get install gcc/],
  ['go: module requires go 1.23', /recipe's `go`/],
])('%s: the way out is told', async (said, hint) => {
  const error = await problem(runBuildCommand(['sh', '-c', 'echo "$0"; exit 1', said], makeRun().run));
  expect(error.hint).toMatch(hint);
});

test('a command that a signal ended is told so', async () => {
  const error = await problem(runBuildCommand(['sh', '-c', 'kill -SEGV $$'], makeRun().run));
  expect(error).toMatchObject({ code: 'BUILD_FAILED', message: expect.stringContaining('signal SIGSEGV') });
});

test('a command that is not there could not be started', async () => {
  const error = await problem(runBuildCommand(['no-such-make', 'build'], makeRun().run));
  expect(error).toMatchObject({
    code: 'BUILD_FAILED',
    message: expect.stringMatching(/^no-such-make build could not be started: .*ENOENT/),
  });
});

test("the command is looked for along the build's own PATH", async () => {
  mkdirSync(join(scratch, 'bin'));
  writeFileSync(join(scratch, 'bin/only-here'), '#!/bin/sh\necho found\n', { mode: 0o755 });
  const { lines, run } = makeRun({ environment: { PATH: `${join(scratch, 'bin')}:/usr/bin:/bin` } });
  await runBuildCommand(['only-here'], run);
  expect(lines).toEqual(['found']);
});

test('an abort ends all of a make, a grandchild that ignores SIGTERM and SIGINT too', async () => {
  const { run, controller, folder } = makeRun();
  const pids = join(folder, 'pids');
  writeFileSync(join(folder, 'Makefile'), 'build:\n\t./stubborn\n');
  writeFileSync(
    join(folder, 'stubborn'),
    `#!/bin/sh\ntrap '' TERM INT HUP\n(while :; do sleep 1; done) & echo "$$ $!" > '${pids}'\nwhile :; do sleep 1; done\n`,
    { mode: 0o755 },
  );
  const building = problem(runBuildCommand(['make', 'build'], run));
  await waitUntil('the grandchild runs', () => existsSync(pids) && readFileSync(pids, 'utf8').endsWith('\n'));
  const running = readFileSync(pids, 'utf8').trim().split(' ').map(Number);
  strays.push(...running);
  controller.abort(new CvtoolError('INTERRUPTED', 'the operator left'));
  expect(await building).toMatchObject({ code: 'INTERRUPTED', message: 'the operator left' });
  for (const pid of running) await waitUntil(`${pid} has ended`, () => !isAlive(pid), 2000);
});

test('what ends at SIGTERM is given the time to clean up', async () => {
  const { run, controller, folder } = makeRun();
  const script = `trap 'echo cleaned > cleaned; exit 1' TERM; echo > ready; while :; do sleep 0.05; done`;
  const building = problem(runBuildCommand(['sh', '-c', script], run));
  await waitUntil('it is ready', () => existsSync(join(folder, 'ready')));
  controller.abort(new CvtoolError('INTERRUPTED', 'x'));
  await building;
  expect(readFileSync(join(folder, 'cleaned'), 'utf8')).toBe('cleaned\n');
});

test('after an abort nothing is started', async () => {
  const { run, controller, folder } = makeRun();
  controller.abort(new CvtoolError('INTERRUPTED', 'x'));
  expect(await problem(runBuildCommand(['touch', 'started'], run))).toMatchObject({ code: 'INTERRUPTED' });
  expect(existsSync(join(folder, 'started'))).toBe(false);
});

test('a background child that holds the output is ended with its command', async () => {
  const { lines, run } = makeRun();
  await runBuildCommand(['sh', '-c', 'sleep 1000 & echo $!'], run);
  const pid = Number(lines[0]);
  strays.push(pid);
  await waitUntil(`${pid} has ended`, () => !isAlive(pid));
});

test('one that left the group and holds the output does not hold up the build', async () => {
  const { lines, run } = makeRun();
  await runBuildCommand(
    ['sh', '-c', `setsid sh -c 'echo $$ > pid; exec sleep 1000' & until [ -s pid ]; do :; done; echo done`],
    run,
  );
  const pid = Number(readFileSync(join(run.folder, 'pid'), 'utf8'));
  strays.push(pid);
  expect(lines).toEqual(['done']);
  expect(isAlive(pid)).toBe(true); // nobody can reach it: else this tests nothing
});

test('a command that takes too long is ended, with the time that it had and what it said', async () => {
  const { run } = makeRun({ timeLimit: 500 });
  const error = await problem(runBuildCommand(['sh', '-c', 'echo here; sleep 1000'], run));
  expect(error).toMatchObject({ code: 'BUILD_TIMEOUT', message: expect.stringContaining('0.5 s'), details: ['here'] });
  expect(error.hint).toContain('CVTOOL_BUILD_SECONDS');
});

test('a limit of a month is no limit of a millisecond', async () => {
  const { lines, run } = makeRun({ timeLimit: 31 * 24 * 3600 * 1000 }); // more than setTimeout can wait
  await runBuildCommand(['sh', '-c', 'sleep 0.2; echo done'], run);
  expect(lines).toEqual(['done']);
});

test.each(['process.exit(3);', 'throw new Error("a bug");'])(
  'where cvtool ends by %s the build ends too',
  async (ending) => {
    const folder = makeFolder();
    const program = writeProgram(
      folder,
      'builds',
      `import { runBuildCommand } from './src/build/run-commands.js';
    void runBuildCommand(['sh', '-c', 'sleep 1000 & echo $$ $!; wait'], {
      ...{ folder: ${JSON.stringify(folder)}, log: ${JSON.stringify(join(folder, 'log'))}, timeLimit: 60_000 },
      ...{ environment: { PATH: '/usr/bin:/bin' }, signal: new AbortController().signal },
      onLine: (line) => {
        console.log(line);
        setImmediate(() => { ${ending} });
      },
    });`,
    );
    const running = startProgram(program);
    const pids = (await running.nextLine()).split(' ').map(Number);
    strays.push(...pids);
    expect(await running.end).not.toBe(0);
    for (const pid of pids) await waitUntil(`${pid} has ended`, () => !isAlive(pid));
  },
);

needs({ root: true })('a log on a full disk is told to be one, and the command is ended', async () => {
  const folder = makeFolder();
  const program = writeProgram(
    folder,
    'fills',
    `import { runBuildCommand } from './src/build/run-commands.js';
    const folder = process.argv[2] ?? '';
    try {
      await runBuildCommand(['sh', '-c', 'yes 0123456789abcdef'], {
        ...{ folder, log: folder + '/log', timeLimit: 60_000, environment: { PATH: '/usr/bin:/bin' } },
        ...{ signal: new AbortController().signal, onLine: () => undefined },
      });
    } catch (error) {
      console.log((error as { code: string }).code);
    }`,
  );
  const place = join(folder, 'small disk');
  mkdirSync(place);
  const script = `mount -t tmpfs -o size=200k none "$1" && exec "$2" "$3" "$1"`;
  const said = runTool('unshare', ['-m', '-p', '-f', 'sh', '-c', script, 'sh', place, process.execPath, program]);
  expect(said.trim()).toBe('NO_SPACE');
});

function makeFolder(): string {
  const folder = join(scratch, `folder ${(count += 1)}`);
  mkdirSync(folder);
  return folder;
}

function makeRun(changes: Partial<BuildRun> = {}) {
  const folder = makeFolder();
  const lines: string[] = [];
  const controller = new AbortController();
  const run: BuildRun = {
    folder,
    environment: { PATH: process.env.PATH ?? '', HOME: folder },
    log: join(folder, 'build.log'),
    signal: controller.signal,
    timeLimit: 60_000,
    onLine: (line) => lines.push(line),
    ...changes,
  };
  return { folder, lines, run, controller };
}

async function problem(work: Promise<unknown>): Promise<CvtoolError> {
  const error: unknown = await work.then(
    () => new Error('it went well'),
    (error: unknown) => error,
  );
  if (error instanceof CvtoolError) return error;
  throw error;
}
