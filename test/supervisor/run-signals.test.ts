// The way of a run, 1, 6 and 7, with real processes: signals, the death of the supervisor, its lock, its streams.
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import { needs } from '../support/needs.js';
import { runTool } from '../support/run-tool.js';
import { type DaemonScript, type DaemonStep } from '../support/scripted-daemon.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { onTerminal } from '../support/terminal.js';
import { isAlive, waitUntil } from '../support/wait-until.js';
import { endHomesAfterEach, makeRunHome, runTools, type RunHome, type RunTools } from './run-home.js';

const scratch = scratchFolder();
let tools: RunTools;
beforeAll(() => {
  tools = runTools(scratch);
});
endHomesAfterEach();

function homeWith(steps: readonly DaemonStep[], next: DaemonScript = { steps: ['hang'] }): RunHome {
  const home = makeRunHome(scratch, tools);
  home.genesis({ steps });
  home.upgrade('v2', next);
  return home;
}

const signals = (home: RunHome, label = 'genesis'): string[] =>
  home
    .events()
    .filter((event) => event.label === label && event.what.startsWith('signal'))
    .map(({ what }) => what.slice(7));
const asSent = { SIGTERM: 'TERM', SIGINT: 'TERM', SIGQUIT: 'QUIT', SIGHUP: 'HUP' } as const;
const stops = Object.keys(asSent) as (keyof typeof asSent)[];

describe('6: signals', () => {
  test.each(stops)(
    '%s reaches the daemon each time, and the supervisor leaves after it, with its status',
    async (signal) => {
      const home = homeWith([`ignore ${asSent[signal]}`, 'wait go', 'exit 7']);
      const run = home.start();
      await home.started('genesis');
      for (const n of [1, 2]) {
        void run.stop(signal);
        await home.saw('genesis', `signal ${asSent[signal]}`, n);
      }
      expect(run.child.exitCode).toBeNull();
      home.flag('go');
      expect(await run.ended).toBe(7);
    },
  );
  test.each(['SIGUSR1', 'SIGUSR2'] as const)('%s is passed on, each time, and stops nothing', async (signal) => {
    const home = homeWith([`ignore ${signal.slice(3)}`, 'hang']);
    const run = home.start();
    await home.started('genesis');
    for (const n of [1, 2]) {
      run.child.kill(signal);
      await home.saw('genesis', `signal ${signal.slice(3)}`, n);
    }
    expect(await run.stop()).toBe(0);
  });
  test('a daemon without a handler ends by it: 0; one that is killed after the grace: 137; one that dies by itself: its own', async () => {
    const grace = homeWith(['ignore TERM', 'hang']);
    const run = grace.start({ DAEMON_SHUTDOWN_GRACE: '200ms' });
    await grace.started('genesis');
    expect(await run.stop()).toBe(137);
    const dies = homeWith(['die 9']);
    expect(await dies.start().ended).toBe(137);
    const exits = homeWith(['exit 3']);
    expect(await exits.start().ended).toBe(3);
  });

  const isNoted = (home: RunHome): Promise<void> =>
    waitUntil('the note', () => existsSync(join(home.home, 'cosmovisor/.cvtool/upgrade.json')));
  /** Where an upgrade stands when the stop comes, and what shows that it stands there. */
  const places: readonly [string, NodeJS.ProcessEnv, (home: RunHome) => Promise<unknown>, readonly DaemonStep[]][] = [
    ['the stop of the old one', {}, (home) => home.saw('genesis', 'signal TERM'), ['slow 700', 'plan v2 10', 'hang']],
    ['a locked database', {}, isNoted, ['lock flock 2000', 'plan v2 10', 'hang']],
    ['the restart delay', { DAEMON_RESTART_DELAY: '1h' }, isNoted, ['plan v2 10', 'hang']],
    [
      'the custom script',
      { COSMOVISOR_CUSTOM_PREUPGRADE: 'pre.sh' },
      (home) => waitUntil('the script', () => existsSync(join(home.trace, 'inside'))),
      ['plan v2 10', 'hang'],
    ],
    ['pre-upgrade', {}, (home) => home.saw('v2', 'pre'), ['plan v2 10', 'hang']],
  ];
  test.each(places.flatMap((place) => stops.map((signal) => [signal, ...place] as const)))(
    '%s in %s: exit 0, nothing is started or switched, nothing is left; the next run completes',
    async (signal, place, variables, isThere, steps) => {
      const home = homeWith(steps, { steps: ['hang'], pre: [place === 'pre-upgrade' ? 'hang' : 1] });
      writeFileSync(join(home.home, 'cosmovisor/pre.sh'), '#!/bin/sh\ntouch $TEST_TRACE/inside\nexec sleep 60\n', {
        mode: 0o755,
      });
      const run = home.start(variables);
      await isThere(home);
      expect(await run.stop(signal)).toBe(0);
      expect([home.starts(), home.current(), run.stderr()]).toEqual([['genesis'], 'genesis', '']);
      expect(home.events().filter(({ pid, label, what }) => isAlive(pid) && label === 'v2' && what === 'pre')).toEqual(
        [],
      );
      home.upgrade('v2');
      writeFileSync(join(home.home, 'cosmovisor/pre.sh'), '#!/bin/sh\n');
      home.start({ COSMOVISOR_CUSTOM_PREUPGRADE: variables.COSMOVISOR_CUSTOM_PREUPGRADE });
      await home.started('v2');
      if (place !== 'the stop of the old one') expect(home.starts()).toEqual(['genesis', 'v2']); // it goes on from there
    },
  );
  test('a stop while a backup is copied: exit 0 at once, nothing of it is left, and the next run makes one', async () => {
    const home = homeWith(['plan v2 10', 'hang']);
    for (const name of ['a', 'b', 'c', 'd']) writeFileSync(join(home.home, 'data', name), Buffer.alloc(64 << 20, name)); // longer to copy than to see its beginning
    const run = home.start({ UNSAFE_SKIP_BACKUP: 'false', CVTOOL_BACKUP_MODE: 'copy' });
    await waitUntil('it is copied', () => home.backups().some((name) => name.endsWith('.partial')));
    expect(await run.stop()).toBe(0);
    expect([home.backups(), home.current(), run.stderr()]).toEqual([[], 'genesis', '']);
    home.start({ UNSAFE_SKIP_BACKUP: 'false' });
    await home.started('v2');
    expect([home.starts(), home.backups().length]).toEqual([['genesis', 'v2'], 1]);
  });
  test('a stop while `status` hangs ends both', async () => {
    const home = makeRunHome(scratch, tools);
    home.genesis({ steps: ['hang'], status: 'hang' });
    home.plan('v2', 10);
    const run = home.start();
    const asked = await home.saw('genesis', 'status');
    expect(await run.stop()).toBe(0);
    expect(isAlive(asked.pid)).toBe(false);
  });
});

describe('1: the supervisor is killed', () => {
  test('the daemon goes with it, and so does a `status` that hangs', async () => {
    const home = makeRunHome(scratch, tools);
    home.genesis({ steps: ['hang'], status: 'hang' });
    home.plan('v2', 10);
    const run = home.start();
    const asked = await home.saw('genesis', 'status');
    const daemon = await home.started('genesis');
    await run.stop('SIGKILL');
    await waitUntil('both are gone', () => !isAlive(daemon.pid) && !isAlive(asked.pid), 5000);
  });
  test.each([
    ['ignore TERM', 'hang'],
    ['ignore TERM', 'closefds', 'hang'],
  ] as const)('one that stays (%s, %s) is stopped by the next run, which names it', async (...steps) => {
    const home = homeWith(steps);
    const run = home.start();
    const left = await home.started('genesis');
    await waitUntil(
      'it is noted',
      () => readFileSync(join(home.home, 'cosmovisor/.cvtool/daemon.lock'), 'utf8') !== '',
    );
    await run.stop('SIGKILL');
    await home.saw('genesis', 'signal TERM');
    expect(isAlive(left.pid)).toBe(true);
    const next = home.start({ DAEMON_SHUTDOWN_GRACE: '300ms' });
    await home.started('genesis', 2);
    expect(isAlive(left.pid)).toBe(false);
    expect(next.stdout()).toContain(`pid=${left.pid}`);
  });
  needs({ root: true })('one with a setuid bit, which the kernel lets live, is stopped by the next run', async () => {
    const home = homeWith(['hang']);
    const binary = join(home.home, 'cosmovisor/genesis/bin/noded');
    chownSync(binary, 65534, 65534);
    chmodSync(binary, 0o4755);
    for (const folder of [scratch, home.root]) chmodSync(folder, 0o755);
    chmodSync(home.trace, 0o777);
    const run = home.start();
    const left = await home.started('genesis');
    await run.stop('SIGKILL');
    const next = home.start();
    await home.started('genesis', 2);
    expect([isAlive(left.pid), next.stdout()]).toEqual([false, expect.stringContaining(`pid=${left.pid}`)]);
    expect(statSync(binary).mode & 0o7777).toBe(0o4755);
  });
  test('without setpriv on PATH the next run stops it', async () => {
    const home = homeWith(['hang']);
    const bin = join(home.root, 'bin');
    mkdirSync(bin);
    for (const tool of ['flock', 'sh']) symlinkSync(runTool('which', [tool], { cwd: scratch }).trim(), join(bin, tool));
    const run = home.start({ PATH: bin });
    const left = await home.started('genesis');
    await run.stop('SIGKILL');
    expect(isAlive(left.pid)).toBe(true);
    const next = home.start({ PATH: bin });
    await home.started('genesis', 2);
    expect([isAlive(left.pid), await next.stop()]).toEqual([false, 0]);
  });
  test('a note whose pid is another process by now is nobody’s', async () => {
    const home = homeWith(['exit 0']);
    mkdirSync(join(home.home, 'cosmovisor/.cvtool'));
    writeFileSync(join(home.home, 'cosmovisor/.cvtool/daemon.lock'), `${process.pid} 1 another-boot\n`);
    const run = home.start();
    expect([await run.ended, run.stdout()]).toEqual([0, expect.not.stringContaining('killed supervisor')]);
  });
  test('children that a daemon leaves are not waited for', async () => {
    const home = homeWith(['fork 20000', 'exit 0']);
    expect(await home.start().ended).toBe(0);
  });
});

needs({ python3: true })('3: under nohup, with signals ignored and blocked: for the node none is', async () => {
  const home = homeWith(['hang']);
  const script = `import os, signal, sys
for each in (signal.SIGHUP, signal.SIGUSR1): signal.signal(each, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM})
os.execv(sys.argv[1], sys.argv[1:])`;
  const run = spawn('python3', ['-c', script, process.execPath, tools.program, 'start'], {
    env: home.environment,
    stdio: 'ignore',
  });
  const { pid } = await home.started('genesis');
  const masks = readFileSync(`/proc/${pid}/status`, 'utf8').match(/^Sig(?:Ign|Blk):\t(\w+)$/gm);
  run.kill('SIGKILL');
  expect(masks).toEqual(['SigBlk:\t0000000000000000', 'SigIgn:\t0000000000000000']);
});

describe('1: one supervisor', () => {
  test('a database that another supervisor’s node has open: it is named and waited for, and no second node starts', async () => {
    const home = homeWith(['exit 0']);
    const folder = join(home.home, 'data/application.db');
    mkdirSync(folder);
    writeFileSync(join(folder, 'LOCK'), '');
    const other = spawn('flock', [join(folder, 'LOCK'), 'sleep', '600'], { detached: true, stdio: 'ignore' });
    await waitUntil('it is held', () => spawnSync('flock', ['-n', join(folder, 'LOCK'), 'true']).status === 1);
    const run = home.start();
    await waitUntil('the holder is named', () => run.stdout().includes(`pid=${other.pid}`));
    expect(home.starts()).toEqual([]);
    process.kill(-(other.pid ?? 0), 'SIGKILL');
    expect(await run.ended).toBe(0);
    expect(home.starts()).toEqual(['genesis']);
  });

  test('a daemon that dies: the last message says what its status means', async () => {
    const home = homeWith(['exit 127']);
    const run = home.start();
    expect(await run.ended).toBe(127);
    expect(run.stderr()).toContain("Status 127 is the loader's");
  });

  test('a second one is refused, by whatever name, and told the pid; a lock of the dead is none', async () => {
    const home = homeWith(['hang']);
    symlinkSync(home.home, join(home.root, 'link'));
    const first = home.start();
    await home.started('genesis');
    for (const path of [home.home, join(home.root, 'link')]) {
      const second = home.start({ DAEMON_HOME: path });
      expect(await second.ended).toBe(1);
      expect(second.stderr()).toMatch(new RegExp(`^Error: another supervisor .*process ${first.pid}\\n`));
    }
    expect(home.starts()).toEqual(['genesis']);
    await first.stop('SIGKILL');
    home.start();
    await home.started('genesis', 2);
  });
});

describe('7: streams', () => {
  /** Starts a run with both streams into a pipe that `prepare` has opened for writing. */
  function startInto(home: RunHome, fd: number): { ended: Promise<number | null>; kill: () => void } {
    const child = spawn(process.execPath, [tools.program, 'start'], {
      env: home.environment,
      cwd: home.root,
      stdio: ['ignore', fd, fd],
    });
    return { ended: new Promise((resolve) => child.once('exit', resolve)), kill: () => void child.kill('SIGTERM') };
  }
  test('a reader that has gone, and a full pipe that nobody reads: lines are lost, nothing is stopped', async () => {
    for (const how of ['gone', 'full'] as const) {
      const home = homeWith(['wait go', 'plan v2 10', 'hang']);
      const fifo = join(home.root, 'fifo');
      runTool('mkfifo', [fifo], { cwd: scratch });
      const reader = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK);
      const writer = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK);
      if (how === 'full') fill(writer);
      const blocking = openSync(fifo, constants.O_RDWR); // the supervisor's own: no O_NONBLOCK to inherit
      const run = startInto(home, how === 'full' ? blocking : writer);
      closeSync(writer);
      closeSync(blocking);
      if (how === 'gone') closeSync(reader);
      home.flag('go');
      await home.started('v2');
      run.kill();
      expect(await run.ended).toBe(0);
      if (how === 'full') closeSync(reader);
    }
  });
  function fill(fd: number): void {
    for (const size of [4096, 1]) {
      try {
        for (;;) writeSync(fd, Buffer.alloc(size, 'x'));
      } catch {
        continue; // EAGAIN: it is full
      }
    }
  }
  test('our lines are whole and before those of the daemon, which stay in one piece', async () => {
    const home = homeWith(['out one', 'plan v2 10', 'hang'], { steps: ['out two', 'hang'] });
    const run = home.start();
    await home.started('v2');
    await run.stop();
    const lines = run.stdout().split('\n').slice(0, -1);
    expect(lines.filter((line) => !/^\d+:\d\d[AP]M (INF|WRN|ERR) .*module=cosmovisor/.test(line))).toEqual([
      'one',
      'two',
    ]);
    expect(lines[lines.indexOf('one') - 1]).toContain('running app');
    expect(lines[lines.indexOf('two') - 1]).toContain('running app');
  });
});

describe('a terminal', () => {
  const command = (...args: string[]): string[] => [process.execPath, tools.program, ...args];
  needs({ python3: true })('Ctrl-C reaches a node once, as SIGTERM', () => {
    const home = homeWith(['out here', 'hang']);
    const { status } = onTerminal(command('start'), [{ until: 'here' }, { type: '\x03' }], {
      environment: home.environment,
      cwd: home.root,
    });
    expect([status, signals(home)]).toEqual([0, ['TERM']]);
  });
  for (const [key, name] of [
    ['\x03', 'INT'],
    ['\x1c', 'QUIT'],
  ] as const) {
    needs({ python3: true })(
      `a short command keeps the terminal: ${name} from it reaches the command once, and its status counts`,
      () => {
        const home = homeWith([`ignore ${name}`, 'out here', 'sleep 700', 'exit 5']);
        const { status } = onTerminal(command('keys'), [{ until: 'here' }, { type: key }], {
          environment: home.environment,
          cwd: home.root,
        });
        expect([status, signals(home)]).toEqual([5, [name]]);
      },
    );
  }
  needs({ python3: true })('a short command asks for a password without showing it', () => {
    const home = homeWith(['hang']);
    const prompt =
      '#!/bin/sh\nstty -echo </dev/tty || exit 9\nprintf "password: "\nread p\nstty echo </dev/tty\necho "got $p"\n';
    writeFileSync(join(home.home, 'cosmovisor/genesis/bin/noded'), prompt);
    const { status, output } = onTerminal(command('keys', 'add'), [{ until: 'password: ' }, { type: 'hunter\n' }], {
      environment: home.environment,
      cwd: home.root,
    });
    expect(status).toBe(0);
    expect(output.match(/hunter/g)).toHaveLength(1);
  });
});
