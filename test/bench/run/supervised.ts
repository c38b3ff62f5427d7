// A home with the fast node in it, and a supervisor that runs there; nothing of either is left, however the bench ends.
import { spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { waitUntil } from '../../support/wait-until.js';
import { haltHeight } from './fast-node.js';

export interface Supervisor {
  readonly label: string;
  /** Its program and what comes before the verb. */
  readonly command: readonly string[];
}

export interface Bench {
  readonly scratch: string;
  readonly nodeProgram: string;
  /** cvtool first, then each cosmovisor. */
  readonly supervisors: readonly Supervisor[];
  /** What the aims are against: the first cosmovisor that was named. */
  readonly against: string;
  /** undefined: each part's own number. */
  readonly rounds: number | undefined;
}

export interface Supervised {
  readonly home: string;
  readonly pid: number;
  /** Waits for the start of the node of `genesis` or of an upgrade. @returns its CLOCK_MONOTONIC time in nanoseconds */
  started(folder: string): Promise<bigint>;
  /** Renames the plan v2 into place. @returns the CLOCK_MONOTONIC time right before, in nanoseconds */
  plan(): bigint;
  /** Ends the supervisor and its node at once, and removes the home but for what was moved out of it. */
  end(): Promise<void>;
}

const upgrade = 'v2';
const running = new Set<() => void>();
process.on('exit', () => running.forEach((kill) => kill()));

/** @returns a new home: the fast node at genesis and at v2, `current` at genesis, an empty data/ */
export function makeHome({ scratch, nodeProgram }: Bench): string {
  const home = join(mkdtempSync(join(scratch, 'run-')), 'home');
  for (const folder of ['genesis', `upgrades/${upgrade}`]) {
    const bin = join(home, 'cosmovisor', folder, 'bin');
    mkdirSync(bin, { recursive: true });
    copyFileSync(nodeProgram, join(bin, 'noded'));
  }
  mkdirSync(join(home, 'data'));
  symlinkSync(join(home, 'cosmovisor/genesis'), join(home, 'cosmovisor/current')); // cosmovisor 1.4 needs it absolute
  return home;
}

/** What a supervisor's command sees of the environment: nothing but this. */
export function environmentOf(home: string): NodeJS.ProcessEnv {
  const folder = join(home, '..');
  return {
    PATH: process.env.PATH,
    HOME: folder,
    TMPDIR: folder,
    DAEMON_HOME: home,
    DAEMON_NAME: 'noded',
    BENCH_LOG: join(folder, 'log'),
  };
}

/** @param before what the supervisor is started through, such as strace */
export function supervise({ command }: Supervisor, home: string, before: readonly string[] = []): Supervised {
  const folder = join(home, '..');
  const [file, ...args] = [...before, ...command, 'run', 'start'];
  const said = openSync(join(folder, 'said'), 'w');
  const child = spawn(file, args, { cwd: folder, env: environmentOf(home), stdio: ['ignore', said, said] });
  closeSync(said);
  const kill = (): void => killAll(child, home);
  const ended = (): boolean => child.exitCode !== null || child.signalCode !== null;
  running.add(kill);
  return {
    home,
    pid: child.pid ?? 0,
    started: async (name) => {
      const found = (): bigint | undefined => timeOf(startsIn(home), name);
      await waitUntil(`the start of ${name}`, () => found() !== undefined || ended(), 60_000);
      const time = found();
      if (time !== undefined) return time;
      throw new Error(`${command.join(' ')} ended before ${name} ran:\n${readFileSync(join(folder, 'said'), 'utf8')}`);
    },
    plan: () => {
      const file = join(home, 'data/upgrade-info.json');
      writeFileSync(`${file}.new`, JSON.stringify({ name: upgrade, height: haltHeight }));
      const now = process.hrtime.bigint();
      renameSync(`${file}.new`, file);
      return now;
    },
    end: async () => {
      kill();
      running.delete(kill);
      await waitUntil('the supervisor is gone', ended);
      kill(); // what it started in its last moment
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function timeOf(starts: readonly (readonly string[])[], name: string): bigint | undefined {
  const time = starts.find(([folder]) => folder === name)?.[2];
  return time === undefined ? undefined : BigInt(time);
}

/** The node's log: folder, pid, time of each start. */
function startsIn(home: string): readonly (readonly string[])[] {
  try {
    const lines = readFileSync(join(home, '../log'), 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => line.split(' '));
  } catch {
    return []; // none has started yet
  }
}

function killAll(child: ChildProcess, home: string): void {
  child.kill('SIGKILL');
  for (const [, pid] of startsIn(home)) {
    try {
      if (readlinkSync(`/proc/${pid}/exe`).startsWith(home)) process.kill(Number(pid), 'SIGKILL');
    } catch {
      continue; // it has ended
    }
  }
}
