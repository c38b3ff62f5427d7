// A home with scripted daemons, real runs of the supervisor in it, and what has happened there.
import { spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { afterEach, expect } from 'vitest';

import { writeProgram } from '../support/child-program.js';
import { compileDaemon, putDaemon, type DaemonScript } from '../support/scripted-daemon.js';
import { isAlive, waitUntil } from '../support/wait-until.js';

export interface HomeEvent {
  /** `genesis`, or an upgrade's name. */
  readonly label: string;
  readonly pid: number;
  readonly what: string;
}

export interface SupervisorRun {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Its exit status, 128+n for a signal. */
  readonly ended: Promise<number>;
  stop(signal?: NodeJS.Signals): Promise<number>;
  stdout(): string;
  stderr(): string;
}

export interface RunHome {
  readonly root: string;
  readonly home: string;
  readonly trace: string;
  readonly environment: NodeJS.ProcessEnv;
  genesis(script: DaemonScript): void;
  upgrade(name: string, script?: DaemonScript): void;
  start(variables?: NodeJS.ProcessEnv, args?: readonly string[]): SupervisorRun;
  /** Waits for the n-th start of a daemon. */
  started(label: string, n?: number): Promise<HomeEvent>;
  saw(label: string, what: string, n?: number): Promise<HomeEvent>;
  events(what?: string): readonly HomeEvent[];
  /** The labels of the daemons, in the order of their starts. */
  starts(): readonly string[];
  current(): string | undefined;
  backups(folder?: string): readonly string[];
  plan(name: string, height: number, info?: string): void;
  height(height: number): void;
  flag(name: string): void;
  /** Ends all that runs from this home. */
  cut(): Promise<void>;
}

const signalNumbers: Partial<Record<NodeJS.Signals, number>> = {
  SIGKILL: 9,
  SIGTERM: 15,
  SIGINT: 2,
  SIGHUP: 1,
  SIGQUIT: 3,
};

export interface RunTools {
  /** The supervisor as one file for node. */
  readonly program: string;
  readonly daemon: string;
}

/** @param folder a scratch folder */
export function runTools(folder: string): RunTools {
  const program = writeProgram(
    folder,
    'run',
    `import { internalCommand } from './src/commands/internal.js';
     import { runCommand } from './src/commands/run.js';
     const [verb, ...rest] = process.argv.slice(2);
     const noRecipe = () => { throw new Error('no recipe is needed'); };
     process.exitCode = await (verb === 'internal' ? internalCommand(rest) : runCommand(process.argv.slice(2), noRecipe));`,
  );
  return { program, daemon: compileDaemon(folder) };
}

const open: RunHome[] = [];

/** After each test nothing of its homes runs any more, and two daemons never ran at once. */
export function endHomesAfterEach(): void {
  afterEach(async () => {
    for (const home of open.splice(0)) {
      const overlapping = home.events().filter(({ what }) => what.includes('overlap'));
      await home.cut();
      rmSync(home.root, { recursive: true, force: true });
      expect(overlapping).toEqual([]);
    }
  });
}

export function makeRunHome(folder: string, { program, daemon }: RunTools, name = 'home'): RunHome {
  const root = mkdtempSync(join(folder, 'run-'));
  const home = join(root, name);
  const trace = join(root, 'trace');
  for (const path of [trace, join(root, 'tmp'), join(home, 'data'), join(home, 'cosmovisor')])
    mkdirSync(path, { recursive: true });
  const environment = {
    PATH: process.env.PATH,
    TMPDIR: join(root, 'tmp'),
    TEST_TRACE: trace,
    DAEMON_HOME: home,
    DAEMON_NAME: 'noded',
    DAEMON_POLL_INTERVAL: '50ms',
    UNSAFE_SKIP_BACKUP: 'true',
    COSMOVISOR_COLOR_LOGS: 'false',
  };
  const binary = (place: string): string => join(home, 'cosmovisor', place, 'bin/noded');
  const runs: SupervisorRun[] = [];
  const events: RunHome['events'] = (what) =>
    (existsSync(join(trace, 'trace')) ? readFileSync(join(trace, 'trace'), 'utf8') : '')
      .split('\n')
      .slice(0, -1)
      .map((line) => {
        const [, label = '', pid, text = ''] = /^(\S+) (\d+) (.*)$/.exec(line) ?? [];
        return { label, pid: Number(pid), what: text };
      })
      .filter((event) => what === undefined || event.what === what);
  const saw: RunHome['saw'] = async (label, what, n = 1) => {
    const found = (): HomeEvent | undefined => events(what).filter((event) => event.label === label)[n - 1];
    await waitUntil(
      `${what} of ${label} (${n}); ${JSON.stringify(events())} ${runs.at(-1)?.stdout() ?? ''} ${runs.at(-1)?.stderr() ?? ''}`,
      () => found() !== undefined,
      20_000,
    );
    return found() as HomeEvent;
  };
  const made: RunHome = {
    root,
    home,
    trace,
    environment,
    events,
    saw,
    genesis: (script) => putDaemon(daemon, binary('genesis'), script),
    upgrade: (plan, script = { steps: ['hang'] }) => putDaemon(daemon, binary(`upgrades/${plan}`), script),
    start: (variables = {}, args = ['start']) => {
      const run = startRun([process.execPath, program, ...args], { ...environment, ...variables }, root);
      runs.push(run);
      return run;
    },
    started: (label, n) => saw(label, 'start', n),
    starts: () =>
      events()
        .filter(({ what }) => what.startsWith('start'))
        .map(({ label }) => label),
    current: () => {
      try {
        return readlinkSync(join(home, 'cosmovisor/current'));
      } catch {
        return undefined;
      }
    },
    backups: (place = home) => readdirSync(place).filter((each) => each.startsWith('data-backup-')),
    plan: (plan, height, info = '') => {
      writeFileSync(join(home, 'data/.new'), JSON.stringify({ name: plan, height, info }));
      renameSync(join(home, 'data/.new'), join(home, 'data/upgrade-info.json'));
    },
    height: (height) => writeFileSync(join(trace, 'height'), String(height)),
    flag: (flag) => writeFileSync(join(trace, flag), ''),
    cut: async () => {
      for (const { child } of runs) child.kill('SIGKILL');
      for (const { pid } of events()) {
        try {
          if (runsFrom(pid, root)) process.kill(pid, 'SIGKILL');
        } catch {
          continue; // it has ended
        }
      }
      await Promise.all(runs.map(({ ended }) => ended));
      await waitUntil('all daemons are gone', () => !events().some(({ pid }) => isAlive(pid) && runsFrom(pid, root)));
    },
  };
  open.push(made);
  return made;
}

/** A pid of the trace may be another process's by now. */
function runsFrom(pid: number, root: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`).startsWith(root);
  } catch {
    return false;
  }
}

/** @param command node and its arguments, or something that runs it, such as strace */
export function startRun(
  [file = '', ...args]: readonly string[],
  environment: NodeJS.ProcessEnv,
  folder: string,
): SupervisorRun {
  const child = spawn(file, args, { env: environment, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, signal) => resolve(status ?? 128 + (signalNumbers[signal ?? 'SIGTERM'] ?? 0)));
  });
  return {
    pid: child.pid ?? 0,
    child,
    ended,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
    stdout: () => said.stdout,
    stderr: () => said.stderr,
  };
}

/** Makes `upgrades/<name>` the one that runs, as an upgrade at `height` has left it. */
export function makeApplied(home: RunHome, name: string, height: number): void {
  const cosmovisor = join(home.home, 'cosmovisor');
  rmSync(join(cosmovisor, 'current'), { force: true });
  symlinkSync(`upgrades/${name}`, join(cosmovisor, 'current'));
  writeFileSync(join(cosmovisor, 'upgrades', name, 'upgrade-info.json'), JSON.stringify({ name, height }));
}
