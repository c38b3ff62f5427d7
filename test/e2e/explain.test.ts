// `explain` on the logs of the demo chain's real nodes, from its first halt to a binary that is too old; and its command line.
import { spawn, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { beforeAll, expect, test } from 'vitest';

import { needs } from '../support/needs.js';
import {
  cli,
  demoSandbox,
  expectError,
  jsonOf,
  recipeWithoutHandlers,
  startProcess,
  treeOf,
  type Running,
  type Sandbox,
} from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { onTerminal } from '../support/terminal.js';
import { waitUntil } from '../support/wait-until.js';

interface Told {
  readonly id: string;
  readonly means: string;
  readonly toDo: readonly string[];
}
interface Answer {
  readonly home: string | null;
  readonly last: Told | null;
  readonly earlier: readonly Told[];
  readonly block: { readonly height: number } | null;
}

const root = scratchFolder();
const noUnits = { SYSTEMD_UNIT_PATH: join(root, 'no-units') };
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await demoSandbox(root);
  for (const args of [['stage-genesis'], ['stage-upgrade', 'v2.1.0']]) {
    const { status, stderr } = await sandbox.run([...args, '--json']);
    expect(status, stderr).toBe(0);
  }
}, 300_000);

/** A copy of the staged home, without data. */
function newHome(): string {
  const home = join(mkdtempSync(join(root, 'home-')), 'home');
  spawnSync('cp', ['-a', sandbox.home, home]);
  rmSync(join(home, 'cosmovisor/current'), { force: true });
  symlinkSync('genesis', join(home, 'cosmovisor/current'));
  return home;
}

/** @param place genesis, upgrades/v2.1.0, current */
function startNode(home: string, place: string, upgradeHeight = '5'): Running {
  const args = ['start', '--home', home, '--upgrade-height', upgradeHeight, '--block-time=5'];
  return startProcess(join(home, 'cosmovisor', place, 'bin/demod'), args, sandbox.environment, root);
}

/** Runs it until it has said `words`, or has ended. */
async function logOf(node: Running, words: string): Promise<string> {
  let hasEnded = false;
  void node.ended.then(() => (hasEnded = true));
  await waitUntil(words, () => hasEnded || node.said().includes(words), 20_000);
  node.child.kill('SIGTERM');
  await node.ended;
  return node.said();
}

function explainLog(log: string | Buffer, args: readonly string[], home = sandbox.home) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, 'explain', ...args], {
    input: log,
    encoding: 'utf8',
    env: { ...sandbox.environment, ...noUnits, DAEMON_HOME: home },
  });
  return { status: status ?? -1, stdout, stderr };
}

function answerTo(log: string, home: string): Answer {
  const ended = explainLog(log, ['--json'], home);
  expect(ended).toMatchObject({ status: 0, stderr: '' });
  return jsonOf(ended) as unknown as Answer;
}

/** What it says to do is done, as an operator would: the command stands at the step's end. */
function follow(answer: Answer, command: RegExp): void {
  const step = answer.last?.toDo.map((each) => command.exec(each)?.[0]).find((each) => each !== undefined);
  if (step === undefined) throw new Error(`no ${String(command)} in ${JSON.stringify(answer)}`);
  expect(spawnSync('sh', ['-c', step]).status).toBe(0);
}

test('the whole way: reached, too old, put right by what explain says, and over', async () => {
  const home = newHome();
  const halted = await logOf(startNode(home, 'genesis'), 'CONSENSUS FAILURE!!!');
  const reached = answerTo(halted, home);
  expect(reached.last).toMatchObject({ id: 'upgrade-needed' });
  expect(reached.block?.height).toBe(4);
  expect(reached.last?.toDo[0]).toMatch(/^upgrades\/v2\.1\.0 \(v2\.1\.0, commit \w+\) is staged\. Start the service/);

  const upgraded = await logOf(startNode(home, 'upgrades/v2.1.0'), 'committed state height=7');
  const over = answerTo(halted + upgraded, home);
  expect(over).toMatchObject({ last: null, earlier: [{ id: 'upgrade-applied' }, { id: 'upgrade-needed' }] });

  const tooOld = answerTo(await logOf(startNode(home, 'genesis'), 'nothing'), home);
  expect(tooOld.last?.id).toBe('wrong-app-version');
  follow(tooOld, /ln -sfn .*/);
  expect(await logOf(startNode(home, 'current'), 'committed state height=9')).toContain('committed state height=9');
});

test('a binary that came too early: put right by what explain says', async () => {
  const home = newHome();
  await logOf(startNode(home, 'genesis', '1000000'), 'committed state height=3');
  rmSync(join(home, 'cosmovisor/current'));
  symlinkSync('upgrades/v2.1.0', join(home, 'cosmovisor/current'));
  const early = answerTo(await logOf(startNode(home, 'current'), 'CONSENSUS FAILURE!!!'), home);
  expect(early.last?.id).toBe('updated-too-early');
  follow(early, /ln -sfn .*/);
  expect(await logOf(startNode(home, 'current'), 'committed state height=5')).toContain('committed state height=5');
});

test("an upgrade's own binary without its handler, under cvtool run", async () => {
  const home = newHome();
  mkdirSync(join(home, 'data'));
  const recipe = recipeWithoutHandlers(root);
  const args = ['stage-upgrade', 'v2.1.0', '--tag', 'v2.0.6', '--recipe', recipe, '--force', '--json'];
  expect((await sandbox.run(args, { DAEMON_HOME: home })).status).toBe(0);
  const running = sandbox.start(['run', 'start', '--home', home, '--upgrade-height', '5', '--block-time', '5'], {
    ...{ DAEMON_HOME: home, DAEMON_NAME: 'demod', UNSAFE_SKIP_BACKUP: 'true' },
  });
  await running.ended;
  const answer = answerTo(running.said(), home);
  expect(answer.last).toMatchObject({ id: 'upgrade-needed' });
  expect(answer.last?.means).toContain('asks for it instead');
  expect(answer.last?.toDo.join('\n')).toContain('cvtool stage-upgrade v2.1.0 --tag v2.1.0 --force');
}, 120_000);

test('a state that differs: what is to be compared with others', () => {
  const { last } = answerTo('ERR err="wrong Block.Header.AppHash.  Expected AB, got CD"', newHome());
  expect(last?.toDo.join('\n')).toMatch(
    /Compare .*: tag v2\.0\.6, commit e86a64fa\w{32}, no Go, libwasmvm\.so sha256 \w{64}/,
  );
});

test('a library that is gone: L1, with the file', async () => {
  const home = newHome();
  rmSync(join(home, 'cosmovisor/genesis/lib'), { recursive: true });
  const { last } = answerTo(await logOf(startNode(home, 'genesis'), 'nothing'), home);
  expect(last?.id).toBe('library-missing');
  expect(last?.toDo.some((step) => step.startsWith('L1: libwasmvm.so'))).toBe(true);
});

test('from a pipe, a file and -, as text; the home stays as it was', async () => {
  const home = newHome();
  const log = await logOf(startNode(home, 'genesis'), 'CONSENSUS FAILURE!!!');
  const file = join(root, 'node.log');
  writeFileSync(file, log);
  const before = treeOf(home);
  const piped = explainLog(log, [], home);
  expect(piped).toMatchObject({ status: 0, stderr: '' });
  expect(piped.stdout).toMatch(
    /^The log ends on this, in line \d+ of \d+; the last block before it: 4:\n {2}.*UPGRADE/,
  );
  expect(piped.stdout).toMatch(/\n {2}- upgrades\/v2\.1\.0 .*is staged\. Start the service/);
  for (const args of [['-'], [file]]) expect(explainLog(log, args, home).stdout).toBe(piped.stdout);
  expect(treeOf(home)).toEqual(before);
  expect(sandbox.leftovers()).toEqual([]);
});

test('nothing known, nothing at all, and no home: said so, and no error', () => {
  const nothing = explainLog('one\ntwo\n', []);
  expect(nothing.stdout).toContain('No failure that is known here is in 2 lines.');
  expect(nothing.stdout).toContain('  two\n');
  expect(explainLog('', []).stdout).toBe('The log is empty.\n');
  const home = join(root, 'not-there');
  const { stdout, status } = explainLog('panic: UPGRADE "v2.1.0" NEEDED at height: 5: ', [], home);
  expect(status).toBe(0);
  expect(stdout).toContain('cvtool stage-upgrade v2.1.0');
  expect(stdout).toContain(`there is no home ${home}`);
  expect(existsSync(home)).toBe(false);
});

test('the keys of --json stay', () => {
  const document = jsonOf(explainLog('panic: UPGRADE "v2.1.0" NEEDED at height: 5: ', ['--json']));
  expect(Object.keys(document)).toEqual([
    ...[
      'ok',
      'home',
      'homeProblem',
      'lines',
      'leftOut',
      'last',
      'startedSince',
      'also',
      'earlier',
      'block',
      'lastLines',
    ],
  ]);
  expect(Object.keys(document.last as object)).toEqual(['id', 'kind', 'line', 'times', 'text', 'means', 'toDo']);
});

test('what is no log: a file that is not there, a folder, compressed files, one that is closed', () => {
  const json = ['--json'];
  expectError(explainLog('', [join(root, 'none.log'), ...json]), 'LOG_UNREADABLE', ['none.log', 'no such file']);
  expectError(explainLog('', [root, ...json]), 'LOG_UNREADABLE', [root, 'journalctl']);
  const zipped = join(root, 'node.log.gz');
  writeFileSync(zipped, gzipSync('panic: x'));
  expectError(explainLog('', [zipped, ...json]), 'LOG_UNREADABLE', ['gzip', 'zcat']);
  expectError(explainLog('', ['one', 'two', ...json]), 'USAGE', ['too many arguments']);
});

test('a reader that ends early stops it without a word, and Ctrl-C answers with what was read', async () => {
  const log = `${'4:18AM INF Dialing peer\n'.repeat(200_000)}panic: x\n`;
  const { status, stderr } = spawnSync('sh', ['-c', `"$0" "$1" explain | head -c 1`, process.execPath, cli], {
    ...{ input: log, encoding: 'utf8', env: sandbox.environment },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const child = spawn(process.execPath, [cli, 'explain'], {
    env: sandbox.environment,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  const line = 'panic: UPGRADE "v2.1.0" NEEDED at height: 5: \n';
  // More than fits into a pipe: that all of it went in says that it is being read.
  await new Promise((resolve) => child.stdin.write(line + 'one of very many lines\n'.repeat(100_000), resolve));
  child.kill('SIGINT');
  await new Promise((resolve) => child.once('close', resolve));
  expect(child.exitCode).toBe(0);
  expect(stdout).toContain('NEEDED');
});

needs({ python3: true })('at a terminal without a file: how it is used, and no waiting', () => {
  const { status, output } = onTerminal([process.execPath, cli, 'explain'], [], {
    environment: sandbox.environment,
    cwd: root,
  });
  expect(status).toBe(1);
  expect(output).toContain('journalctl -u');
});

test('a foreign binary of another machine in its place', () => {
  const home = newHome();
  const binary = join(home, 'cosmovisor/genesis/bin/demod');
  const bytes = readFileSync(binary);
  bytes.writeUInt16LE(process.arch === 'x64' ? 183 : 62, 18); // e_machine
  rmSync(binary);
  mkdirSync(join(root, 'foreign'), { recursive: true });
  writeFileSync(join(root, 'foreign/demod'), bytes, { mode: 0o755 });
  copyFileSync(join(root, 'foreign/demod'), binary);
  const { stderr } = spawnSync('sh', ['-c', `${binary} start`], { encoding: 'utf8', env: { LC_ALL: 'C' } });
  const { last } = answerTo(stderr, home);
  expect(last?.id).toBe('not-executable');
  expect(last?.toDo.join('\n')).toMatch(/^L0: /m);
});
