// The one way to run a binary of which little is known: a scratch HOME (panacead writes ~/.panacea at any command), an
// environment with nothing else in it, no input, and a time limit.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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

/**
 * @param file an absolute path
 * @param environment added to HOME, PATH and LC_ALL
 * @param timeLimit in milliseconds; then the process and its group are killed
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
  const home = mkdtempSync(join(tmpdir(), 'cvtool-home-'));
  try {
    return await runIn(home, file, args, environment, timeLimit, signal);
  } finally {
    rmSync(home, { recursive: true, force: true });
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
      child = spawn(file, args, {
        cwd: home,
        detached: true, // a group of its own, so that what it forks can be ended with it
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { HOME: home, PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', ...environment },
      });
    } catch (error) {
      const cause = error instanceof Error ? error : new Error(String(error)); // ENOEXEC comes as an exception, not an event
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
    const kill = (): void => killGroup(child.pid);
    const timer = setTimeout(() => {
      timedOut = true;
      kill();
    }, timeLimit);
    signal?.addEventListener('abort', kill);
    child.once('error', (error) => (cause = error));
    child.once('close', (status, endedBy) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', kill);
      kill(); // children that it left
      const kind =
        cause !== undefined ? 'never started' : timedOut ? 'timed out' : endedBy === null ? 'exited' : 'signalled';
      resolve({ kind, status: status ?? undefined, signal: endedBy ?? undefined, ...texts, cause });
    });
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    return; // ESRCH: the whole group has ended
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
