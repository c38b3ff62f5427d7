// Runs a short program (custom script, pre-upgrade, status) to its end: what it prints is caught, and when it is aborted or we
// die nothing of it is left.
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

import { findCommand } from '../host/find-command.js';
import { endOf } from './daemon.js';
import type { End } from './machine/types.js';

export interface HelperRun {
  readonly end: End;
  /** At most `longest` characters of each stream. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface HelperCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly folder: string | undefined;
  readonly environment: NodeJS.ProcessEnv;
  /** Held open by it and by what it forks, so that a later run finds them should we be killed. */
  readonly lockFile: string;
  /** Ends it early, with SIGKILL to its whole process group. */
  readonly signal: AbortSignal;
  /** What it prints is of no interest. */
  readonly silent?: boolean;
  /** Is handed what it prints on stdout, as it comes. */
  readonly onOutput?: (text: string) => void;
}

/** Characters: a node's status with many peers' keys has some thousand. */
const longest = 1 << 20;
/** Milliseconds for the rest of the output after the program's end. */
const lastWords = 500;

/** Runs it to its end, or to the end that `signal` makes of it; one that is aborted already is not begun. */
export async function runHelper({
  file,
  args,
  folder,
  environment,
  lockFile,
  signal,
  silent = false,
  onOutput,
}: HelperCommand): Promise<HelperRun> {
  if (signal.aborted) return { end: { kind: 'never started', cause: 'it was stopped before' }, stdout: '', stderr: '' };
  const setpriv = findCommand('setpriv', environment.PATH);
  const [command, words] =
    setpriv === undefined ? [file, args] : [setpriv, ['--pdeathsig', 'KILL', '--', file, ...args]];
  const streams = { stdout: '', stderr: '' };
  let pid: number | undefined;
  const abort = (): void => killGroup(pid);
  signal.addEventListener('abort', abort);
  const run = await new Promise<HelperRun>((resolve) => {
    const settle = (end: End): void => resolve({ end, ...streams });
    let lock: number | undefined;
    try {
      lock = openSync(lockFile, 'a', 0o644);
      const child = spawn(command, words, {
        cwd: folder,
        env: environment,
        detached: true, // a group of its own: what it forks goes with it
        stdio: silent ? ['ignore', 'ignore', 'ignore', lock] : ['ignore', 'pipe', 'pipe', lock],
      });
      pid = child.pid;
      for (const name of ['stdout', 'stderr'] as const) {
        const take = (text: string): void => void (streams[name] = (streams[name] + text).slice(0, longest));
        child[name]?.setEncoding('utf8').on('data', take);
      }
      if (onOutput !== undefined) child.stdout?.on('data', onOutput);
      child.once('error', (error) => settle({ kind: 'never started', cause: error.message }));
      child.once('exit', (status, signal) => {
        killGroup(pid); // what it left behind would hold our pipes open
        pid = undefined;
        const end = endOf(status, signal);
        child.once('close', () => settle(end));
        setTimeout(() => settle(end), lastWords).unref(); // one that left its group may hold them all the same
      });
    } catch (error) {
      settle({ kind: 'never started', cause: error instanceof Error ? error.message : String(error) });
    } finally {
      if (lock !== undefined) closeSync(lock);
    }
  });
  signal.removeEventListener('abort', abort);
  return run;
}

/** SIGKILL to a process group that may have ended. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    return; // ESRCH: all of it has ended
  }
}
