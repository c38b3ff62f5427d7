// The one way to run a binary of which little is known: a scratch HOME (panacead writes ~/.panacea at any command), an
// environment with nothing else in it, no input, and a time limit.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { hasCode } from '../errors/cvtool-error.js';
import { removeTree } from '../home/remove-tree.js';
import { signalGroup } from './process-group.js';

/** How a strange binary's run ended; `output` holds at most 64 KiB a stream. */
export interface StrangeEnd {
  readonly kind: 'exited' | 'signalled' | 'timed out' | 'never started';
  readonly status: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly cause: Error | undefined;
}

const limit = 64 * 1024;
/** Milliseconds after the end in which its output is still read: a child that left its group may hold the pipes for ever. */
const drain = 1000;
const longestTimer = 2 ** 31 - 1;

/**
 * @param file an absolute path
 * @param environment added to HOME, PATH and LC_ALL
 * @param timeLimit in milliseconds; then the process and its group are killed
 * @throws the signal's reason where it has fired already; where it fires later, the process is killed and told to be `signalled`
 */
export async function runStrange(
  file: string,
  args: readonly string[],
  {
    environment = {},
    timeLimit,
    signal,
  }: { environment?: Record<string, string>; timeLimit: number; signal?: AbortSignal },
): Promise<StrangeEnd> {
  signal?.throwIfAborted();
  const home = mkdtempSync(join(tmpdir(), 'cvtool-home-'));
  try {
    return await runIn(home, file, args, environment, timeLimit, signal);
  } finally {
    removeTree(home);
  }
}

function runIn(
  home: string,
  file: string,
  args: readonly string[],
  environment: Record<string, string>,
  timeLimit: number,
  signal: AbortSignal | undefined,
): Promise<StrangeEnd> {
  return new Promise((resolve) => {
    let child;
    try {
      refuseWhatNoKernelRuns(file);
      child = spawn(file, args, {
        cwd: home,
        detached: true, // a group of its own, so that what it forks can be ended with it
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { HOME: home, PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', ...environment },
      });
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error)); // a NUL in an argument, too long a list of them
      resolve({ kind: 'never started', status: undefined, signal: undefined, stdout: '', stderr: '', cause });
      return;
    }
    let timedOut = false;
    let cause: Error | undefined;
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name]
        .setEncoding('utf8')
        .on('data', (text: string) => (texts[name] = (texts[name] + text).slice(0, limit)));
    }
    const kill = (): void => void signalGroup(child.pid, 'SIGKILL');
    const timer = setTimeout(
      () => {
        timedOut = true;
        kill();
      },
      Math.min(timeLimit, longestTimer),
    );
    let drained: NodeJS.Timeout | undefined;
    signal?.addEventListener('abort', kill);
    child.once('error', (error) => (cause = error));
    child.once('exit', () => {
      clearTimeout(timer);
      kill(); // children that it left
      drained = setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, drain);
    });
    child.once('close', (status, endedBy) => {
      clearTimeout(timer);
      clearTimeout(drained);
      signal?.removeEventListener('abort', kill);
      const kind =
        cause !== undefined ? 'never started' : timedOut ? 'timed out' : endedBy === null ? 'exited' : 'signalled';
      const exitStatus = kind === 'never started' ? undefined : (status ?? undefined); // Node says -errno there
      resolve({ kind, status: exitStatus, signal: endedBy ?? undefined, ...texts, cause });
    });
  });
}

/**
 * What execve(2) refuses with ENOEXEC, execvp(3), by which Node starts a program, hands to /bin/sh: a damaged binary, or one of
 * another machine, would be read as a script. So what is neither a script nor an ELF file of node's own kind is not started.
 */
function refuseWhatNoKernelRuns(file: string): void {
  const start = startOf(file);
  if (start === undefined || start.subarray(0, 2).equals(Buffer.from('#!'))) return;
  const own = startOf(process.execPath);
  if (own !== undefined && start.length === own.length && kindOf(start).equals(kindOf(own))) return;
  throw Object.assign(new Error(`spawn ${file} ENOEXEC`), { code: 'ENOEXEC' });
}

/** Magic, class and byte order (6 bytes), and the machine (2 bytes at 18): elf(5). */
function kindOf(start: Buffer): Buffer {
  return Buffer.concat([start.subarray(0, 6), start.subarray(18, 20)]);
}

/** As much as an ELF header has; undefined where it cannot be read: the start itself says why then. */
function startOf(file: string): Buffer | undefined {
  try {
    const fd = openSync(file, 'r');
    try {
      const start = Buffer.alloc(64);
      return start.subarray(0, readSync(fd, start));
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP', 'EISDIR')) return undefined;
    throw error;
  }
}

/** One clause that says how it ended, for an error. */
export function describeStrangeEnd(end: StrangeEnd): string {
  switch (end.kind) {
    case 'exited':
      return `ended with exit status ${String(end.status)}`;
    case 'signalled':
      return `was ended by ${String(end.signal)}`;
    case 'timed out':
      return 'did not end in time and was killed';
    case 'never started':
      return `could not be started: ${end.cause?.message ?? 'unknown'}`;
  }
}
