// The daemon as a process: in a session of its own, with our streams, dying with us, and nothing else handed down but the
// descriptor of a lock by which a later run finds it should we be killed. Only this file spawns it.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';

import { isSystemError } from '../errors/cvtool-error.js';
import { findCommand } from '../host/find-command.js';
import type { End } from './machine/types.js';
import { birthOf } from './processes.js';

export interface Daemon {
  readonly pid: number;
  signal(name: NodeJS.Signals): void;
}

export interface DaemonCommand {
  readonly binary: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Held open by the daemon for its life: see left-processes.ts. */
  readonly lockFile: string;
}

/**
 * Starts the daemon. util-linux's setpriv makes it get SIGTERM when we die, and execs away.
 * @param onEnd is called once, with how the process itself ended; children that it leaves do not count
 */
export function startDaemon(
  { binary, args, environment, lockFile }: DaemonCommand,
  onEnd: (end: End) => void,
): Daemon | undefined {
  const setpriv = findCommand('setpriv', environment.PATH);
  const [file, words] =
    setpriv === undefined ? [binary, args] : [setpriv, ['--pdeathsig', 'TERM', '--', binary, ...args]];
  const lock = openSync(lockFile, 'a', 0o644);
  let child: ChildProcess;
  try {
    child = spawn(file, words, { detached: true, env: environment, stdio: ['inherit', 'inherit', 'inherit', lock] });
  } catch (error) {
    onEnd({ kind: 'never started', cause: error instanceof Error ? error.message : String(error) });
    return undefined;
  } finally {
    closeSync(lock);
  }
  let ended = false;
  const end = (how: End): void => {
    if (ended) return;
    ended = true;
    onEnd(how);
  };
  const { pid } = child;
  child.on('error', (error) => {
    if (pid === undefined) end({ kind: 'never started', cause: error.message }); // else a signal that could not be sent
  });
  child.once('exit', (status, signal) => end(endOf(status, signal)));
  if (pid === undefined) return undefined;
  notePid(lockFile, pid);
  return {
    pid,
    signal: (name) => {
      if (!ended) child.kill(name);
    },
  };
}

/** Node's pair of status and signal as one value. */
export function endOf(status: number | null, signal: NodeJS.Signals | null): End {
  return signal === null
    ? { kind: 'exited', status: status ?? 1 }
    : { kind: 'signalled', signal, number: constants.signals[signal] };
}

/** For a daemon that closes what it inherits. Without it the lock must do: a full disk is no reason to run nothing. */
function notePid(lockFile: string, pid: number): void {
  try {
    writeFileSync(lockFile, `${pid} ${birthOf(pid) ?? ''}\n`);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}
