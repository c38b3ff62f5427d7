// Signals and kills in the middle of a staging: all that it started ends with it, nothing is staged, and the next one goes through.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { needs } from '../support/needs.js';
import {
  chainSandbox,
  cli,
  demoSandbox,
  expectError,
  makeSandbox,
  namesBelow,
  processesNaming,
  soundMakefile,
  soundProgram,
  treeOf,
  type Running,
  type Sandbox,
} from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { onTerminal } from '../support/terminal.js';
import { waitUntil } from '../support/wait-until.js';

const scratch = scratchFolder();
const statuses = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Builds quickly where the file `quick` is there; otherwise it stays for five minutes, and its children do not mind SIGINT. */
async function slowSandbox(): Promise<Sandbox> {
  const root = mkdtempSync(join(scratch, 'at-'));
  const wait = `@test -e ${root}/quick || { echo waiting; trap "" INT; sleep 300 & sh -c 'sleep 300; true'; }`;
  const makefile = `${soundMakefile}build:\n\t${wait}\n\tmkdir build && $(CC) $(CPPFLAGS) main.c -o build/demod\n`;
  return chainSandbox(root, { files: { Makefile: makefile, 'main.c': soundProgram } });
}

async function expectNothingLeft(sandbox: Sandbox): Promise<void> {
  await waitUntil('all its processes have ended', () => processesNaming(sandbox.root).length === 0);
  expect(sandbox.leftovers()).toEqual([]);
  expect(namesBelow(join(sandbox.root, 'cache/cvtool/logs'))).toEqual([]);
}

async function untilItBuilds(running: Running): Promise<void> {
  await waitUntil('the build runs', () => running.said().includes('waiting'), 30_000);
}

describe('while it builds', () => {
  let sandbox: Sandbox;
  beforeEach(async () => {
    sandbox = await slowSandbox();
  });

  test.each(Object.entries(statuses))('%s: the status %d, no process, no file is left', async (signal, status) => {
    const running = sandbox.start(['stage-genesis', '--json', '--verbose']);
    await untilItBuilds(running);
    process.kill(running.pid, signal);
    expectError(await running.ended, 'INTERRUPTED', [`stopped by ${signal}; nothing was staged`], status);
    expect(existsSync(sandbox.home)).toBe(false);
    await expectNothingLeft(sandbox);
  });

  test('a second signal of another kind changes nothing of that', async () => {
    const running = sandbox.start(['stage-genesis', '--json', '--verbose']);
    await untilItBuilds(running);
    // at once when it has heard of the first: a Node that is on its way out has no handlers any more
    running.child.stderr?.on('data', (text: string) => {
      if (text.includes('stopping')) process.kill(running.pid, 'SIGINT');
    });
    process.kill(running.pid, 'SIGTERM');
    const ended = await running.ended;
    expect(ended.stderr).toContain('SIGTERM: stopping');
    expectError(ended, 'INTERRUPTED', ['stopped by SIG'], 143);
    await expectNothingLeft(sandbox);
  });

  test('kill -9: run again it stages, and the folder of the killed build goes away', async () => {
    const running = sandbox.start(['stage-genesis', '--verbose']);
    await untilItBuilds(running);
    process.kill(running.pid, 'SIGKILL');
    await running.ended;
    const orphans = processesNaming(sandbox.root);
    for (const line of orphans) process.kill(Number.parseInt(line, 10), 'SIGKILL'); // nobody could: SIGKILL leaves no time
    expect(sandbox.leftovers()).toHaveLength(1);
    writeFileSync(join(sandbox.root, 'quick'), '');
    expect((await sandbox.run(['stage-genesis'])).status).toBe(0);
    expect(sandbox.leftovers()).toEqual([]);
  });

  needs({ python3: true })('Ctrl-C on a terminal: told once, the cursor is back, no step is drawn on', async () => {
    const steps = [{ until: 'waiting' }, { type: '\x03' }];
    const { status, output } = onTerminal([process.execPath, cli, 'stage-genesis'], steps, { ...at(sandbox) });
    expect(status).toBe(130);
    expect(output.match(/stopped by SIGINT/g)).toHaveLength(1);
    expect(output.slice(output.lastIndexOf('\x1b[?25'))).toMatch(/^\x1b\[\?25h/);
    expect(output).toMatch(/nothing was staged\r\n(?:\x1b\[\?25h)?$/);
    await expectNothingLeft(sandbox);
  });

  needs({ python3: true })('a terminal that is closed ends it as well', async () => {
    const steps = [{ until: 'waiting' }, { hangUp: true } as const];
    const { status } = onTerminal([process.execPath, cli, 'stage-genesis'], steps, { ...at(sandbox) });
    expect(status).toBe(129);
    await expectNothingLeft(sandbox);
  });

  needs({ python3: true })(
    'on a narrow terminal a long line of the build takes one line, without its colours',
    async () => {
      rmSync(join(sandbox.root, 'repository'), { recursive: true });
      const long = `@printf '\\033[31m${'long '.repeat(60)}\\033[0m\\n'; sleep 1`;
      const makefile = `${soundMakefile}build:\n\t${long}\n\t@echo waiting; sleep 300\n`;
      const other = await chainSandbox(join(sandbox.root, 'narrow'), { files: { Makefile: makefile } });
      const steps = [{ until: 'waiting' }, { type: '\x03' }];
      const { output } = onTerminal([process.execPath, cli, 'stage-genesis'], steps, { ...at(other), columns: 40 });
      expect(output).toContain(`› ${'long '.repeat(6)}`);
      expect(output).not.toContain('long '.repeat(9));
      expect(output).not.toContain('\x1b[31mlong');
      expect(output).toMatch(/Build \x1b\[2m\(1\.\d s\)/); // the time goes on
    },
  );
});

test('SIGTERM as soon as a step is told: nothing is staged, or all of it; never a part', async () => {
  const sandbox = await demoSandbox(mkdtempSync(join(scratch, 'at-')));
  const titles = [
    'Preflight',
    'Resolve',
    'Fetch',
    'Check out',
    'Prepare',
    'Build',
    'Collect',
    'Make portable',
    'Verify',
    'Stage',
  ];
  const ends: number[] = [];
  for (const title of titles) {
    const running = sandbox.start(['stage-genesis']);
    await waitUntil(title, () => running.said().includes(`- ${title}`));
    process.kill(running.pid, 'SIGTERM');
    const { status, stderr } = await running.ended;
    ends.push(status);
    expect([0, 143], title).toContain(status);
    expect(stderr.includes('nothing was staged'), title).toBe(status === 143);
    expect(existsSync(join(sandbox.home, 'cosmovisor/genesis/manifest.json')), title).toBe(status === 0);
    expect(existsSync(join(sandbox.home, 'cosmovisor')), title).toBe(status === 0);
    await expectNothingLeft(sandbox);
    rmSync(sandbox.home, { recursive: true, force: true });
  }
  expect(ends.slice(0, 6)).toEqual(Array(6).fill(143)); // the later steps may be over before the signal comes
});

test('SIGINT while the repository stalls: git ends too', async () => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const address = `git://127.0.0.1:${port}/demo`;
  const sandbox = makeSandbox(mkdtempSync(join(scratch, 'at-')), { recipe: 'demo', repository: address });
  try {
    const running = sandbox.start(['stage-genesis', '--json']);
    await waitUntil('git has connected', () => processesNaming(address).length > 0);
    process.kill(running.pid, 'SIGINT');
    expectError(await running.ended, 'INTERRUPTED', ['stopped by SIGINT'], 130);
    await waitUntil('git has ended', () => processesNaming(address).length === 0);
    await expectNothingLeft(sandbox);
  } finally {
    server.close();
  }
});

describe('asked on a terminal whether to build a tag that the table lacks', () => {
  let sandbox: Sandbox;
  beforeAll(async () => {
    sandbox = await demoSandbox(mkdtempSync(join(scratch, 'at-')));
    execFileSync('git', ['-C', join(sandbox.root, 'repository'), 'tag', 'v2.2.0', 'v2.1.0']);
    mkdirSync(sandbox.home);
  });
  afterEach(async () => {
    await expectNothingLeft(sandbox);
  });

  const question = { until: 'Build commit 8f710be0beee349e1f8016ca02a4f641bf44e3ba? [y/N] ' };
  const command = [process.execPath, cli, 'stage-genesis', '--tag', 'v2.2.0'];

  for (const [what, typed, status] of [
    ['n', 'n\r', 1],
    ['Return', '\r', 1],
    ['Ctrl-D', '\x04', 1],
    ['Ctrl-C', '\x03', 130],
  ] as const) {
    needs({ python3: true })(`${what} stages nothing, and the status is ${status}`, () => {
      const before = treeOf(sandbox.home);
      const ended = onTerminal(command, [question, { type: typed }], at(sandbox));
      expect(ended.status, ended.output).toBe(status);
      expect(ended.output.match(/nothing was staged/g), ended.output).toHaveLength(1);
      expect(treeOf(sandbox.home)).toEqual(before);
    });
  }

  needs({ python3: true })('y stages it', () => {
    const { status } = onTerminal(command, [question, { type: 'y\r' }], at(sandbox));
    expect(status).toBe(0);
    expect(existsSync(join(sandbox.home, 'cosmovisor/genesis/bin/demod'))).toBe(true);
  });
});

function at({ environment, root }: Sandbox): { environment: NodeJS.ProcessEnv; cwd: string } {
  return { environment, cwd: root };
}
