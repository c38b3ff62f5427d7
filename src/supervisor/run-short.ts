// A short command (`run version`, `run keys add`): the current binary with its arguments, streams, terminal, signals and status.
// No lock, no watching, no upgrade, nothing written: it works beside a running node.
import { spawn, type ChildProcess } from 'node:child_process';
import { isatty } from 'node:tty';

import { readCurrent } from '../home/current-link.js';
import { binaryIn, targetFolder, type HomePaths, type StagingTarget } from '../home/paths.js';
import { targetWithoutLink } from '../home/restore-current.js';
import { findCommand } from '../host/find-command.js';
import { endOf } from './daemon.js';
import { statusOf } from './machine/daemon.js';
import type { End } from './machine/types.js';
import type { Log } from './log.js';

export interface ShortRun {
  readonly home: HomePaths;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
  readonly onSignal: (listener: (signal: NodeJS.Signals) => void) => void;
}

/** @returns the command's own exit status, 128+n for a signal @throws CvtoolError where the binary cannot run */
export async function runShort({ home, args, environment: whole, log, onSignal }: ShortRun): Promise<number> {
  const { binary, environment } = await shortBinary(home, whole);
  log.info('daemon-starting', 'running app', { path: binary, args: [...args] });
  const setpriv = findCommand('setpriv', environment.PATH);
  const [file, words] =
    setpriv === undefined ? [binary, args] : [setpriv, ['--pdeathsig', 'TERM', '--', binary, ...args]];
  return statusOf(await runToEnd(() => spawn(file, words, { env: environment, stdio: 'inherit' }), onSignal));
}

/** The current binary, looked at as before a start, and its environment. @throws CvtoolError where it cannot run */
export async function shortBinary(
  home: HomePaths,
  whole: NodeJS.ProcessEnv,
): Promise<{ readonly binary: string; readonly environment: NodeJS.ProcessEnv }> {
  const { checkBinary } = await import('./check-binary.js');
  const folder = targetFolder(home, currentTarget(home));
  const binary = binaryIn(home, folder);
  const { environment } = checkBinary({ binary, folder, environment: whole });
  return { binary, environment };
}

function currentTarget(home: HomePaths): StagingTarget {
  return readCurrent(home) ?? targetWithoutLink(home);
}

function runToEnd(begin: () => ChildProcess, onSignal: ShortRun['onSignal']): Promise<End> {
  return new Promise((resolve) => {
    try {
      const child = begin();
      onSignal((signal) => {
        // Ctrl-C and Ctrl-\ reach the whole foreground group by themselves
        const fromTerminal = (signal === 'SIGINT' || signal === 'SIGQUIT') && isatty(0);
        if (!fromTerminal) child.kill(signal);
      });
      child.once('error', (error) => resolve({ kind: 'never started', cause: error.message }));
      child.once('exit', (status, signal) => resolve(endOf(status, signal)));
    } catch (error) {
      resolve({ kind: 'never started', cause: error instanceof Error ? error.message : String(error) });
    }
  });
}
