// Runs the recipe's build commands, one after the other, each in a process group of its own: what is stopped is stopped
// whole (make, go, the compilers), and nothing of it outlives us.
import { closeSync, openSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { execa } from 'execa';

import { CvtoolError, hasCode } from '../errors/cvtool-error.js';
import { findCommand } from '../host/find-command.js';
import { groupLives, signalGroup } from '../host/process-group.js';
import { printable } from '../values/printable.js';

export interface BuildRun {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The full log; appended to. */
  readonly log: string;
  readonly signal: AbortSignal;
  /** Milliseconds for one command. */
  readonly timeLimit: number;
  readonly onLine: (line: string) => void;
}

/** How many lines of a failed build are shown. */
const shownLines = 40;

/** Milliseconds between SIGTERM and SIGKILL for a build that is stopped. */
const grace = 3000;

/** Milliseconds in which the output of a command that has ended is still read. */
const drain = 1000;

const longestTimer = 2 ** 31 - 1;

/**
 * @param command an argument list: it never passes a shell
 * @throws BUILD_FAILED with the last lines, BUILD_TIMEOUT, NO_SPACE for the log, or the signal's reason; the process group has
 * ended then
 */
export async function runBuildCommand(command: readonly string[], run: BuildRun): Promise<void> {
  run.signal.throwIfAborted();
  const [file = '', ...args] = dyingWithUs(command, run.environment.PATH);
  const log = openLog(run.log);
  const last: string[] = [];
  const child = execa(file, args, {
    cwd: run.folder,
    env: run.environment,
    extendEnv: false,
    detached: true, // a process group of its own; execa's own kill reaches only the child
    cleanup: false,
    buffer: false,
    reject: false,
    stdin: 'ignore',
  });
  const take = (line: string): void => {
    log.write(line);
    last.push(line);
    if (last.length > shownLines) last.shift();
    run.onLine(line);
  };
  let stopped: 'interrupted' | 'timed out' | undefined;
  const stop = (why: typeof stopped): void => {
    stopped ??= why;
    void endGroup(child.pid);
  };
  const interrupt = (): void => stop('interrupted');
  const timer = setTimeout(() => stop('timed out'), Math.min(run.timeLimit, longestTimer));
  run.signal.addEventListener('abort', interrupt);
  const exitHook = (): void => void signalGroup(child.pid, 'SIGKILL');
  process.once('exit', exitHook);
  child.once('exit', () => {
    // what a command leaves in its group would hold its output open; so may what left the group, for as long as it likes
    void endGroup(child.pid).then(() => {
      setTimeout(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      }, drain).unref();
    });
  });
  try {
    log.write(`$ ${command.join(' ')}`);
    // each stream by itself: what one has of a line may not run into the other's
    await Promise.all([
      takeLines(child.iterable({ from: 'stdout' }), take),
      takeLines(child.iterable({ from: 'stderr' }), take),
    ]);
    const end = await child;
    await endGroup(child.pid);
    run.signal.throwIfAborted();
    if (stopped === 'timed out') throw timedOut(command, run, last);
    if (end.failed) throw failed(command, run, last, end);
  } catch (error) {
    await endGroup(child.pid);
    throw error;
  } finally {
    clearTimeout(timer);
    run.signal.removeEventListener('abort', interrupt);
    process.removeListener('exit', exitHook);
    log.close();
  }
}

/** util-linux's setpriv makes the command get SIGTERM when we are killed, and execs away; make hands it on to what it runs. */
function dyingWithUs(command: readonly string[], path: string | undefined): readonly string[] {
  const setpriv = findCommand('setpriv', path);
  const found = command[0]?.includes('/') === true || findCommand(command[0] ?? '', path) !== undefined;
  return setpriv === undefined || !found ? command : [setpriv, '--pdeathsig', 'TERM', '--', ...command];
}

async function takeLines(lines: AsyncIterable<string>, take: (line: string) => void): Promise<void> {
  for await (const line of lines) take(line);
}

/** Each line is on disk before the next is read. @throws NO_SPACE */
function openLog(path: string): { write(line: string): void; close(): void } {
  const guarded = <Result>(act: () => Result): Result => {
    try {
      return act();
    } catch (error) {
      if (!hasCode(error, 'ENOSPC', 'EDQUOT')) throw error;
      throw new CvtoolError('NO_SPACE', `the disk of the build's log ${path} is full`, {
        hint: 'Make room (`cvtool cache prune`), or point XDG_CACHE_HOME elsewhere.',
        cause: error,
      });
    }
  };
  const fd = guarded(() => openSync(path, 'a'));
  return { write: (line) => void guarded(() => writeSync(fd, `${line}\n`)), close: () => closeSync(fd) };
}

/** SIGTERM to the whole group, then SIGKILL to what is left of it. */
async function endGroup(pid: number | undefined): Promise<void> {
  if (!signalGroup(pid, 'SIGTERM')) return;
  for (let waited = 0; waited < grace; waited += 50) {
    if (!groupLives(pid)) return;
    await delay(50);
  }
  signalGroup(pid, 'SIGKILL');
}

function failed(
  command: readonly string[],
  run: BuildRun,
  last: readonly string[],
  end: { exitCode?: number | undefined; signal?: string | undefined; originalMessage?: string | undefined },
): CvtoolError {
  const text = command.join(' ');
  if (end.exitCode === undefined && end.signal === undefined) {
    return new CvtoolError('BUILD_FAILED', `${text} could not be started: ${end.originalMessage ?? 'unknown'}`, {
      hint: `The full log: ${run.log}`,
    });
  }
  const how = end.signal === undefined ? `exit status ${String(end.exitCode)}` : `signal ${end.signal}`;
  return new CvtoolError('BUILD_FAILED', `${text} failed (${how})`, {
    details: last.map(printable),
    hint: `${whatToTry(last)}\nThe full log: ${run.log}`,
  });
}

function timedOut(command: readonly string[], run: BuildRun, last: readonly string[]): CvtoolError {
  return new CvtoolError('BUILD_TIMEOUT', `${command.join(' ')} took longer than ${run.timeLimit / 1000} s`, {
    details: last.map(printable),
    hint: `Set CVTOOL_BUILD_SECONDS higher if the host is slow.\nThe full log: ${run.log}`,
  });
}

/** The signatures of what usually goes wrong, each with its way out. */
const remedies: readonly (readonly [RegExp, string])[] = [
  [
    /no space left on device/i,
    'The disk is full: `cvtool cache prune`, or point XDG_CACHE_HOME and GOCACHE elsewhere.',
  ],
  [
    /dial tcp|no such host|connection refused|i\/o timeout|TLS handshake/i,
    'The module proxy cannot be reached: look at GOPROXY and HTTPS_PROXY.',
  ],
  [/checksum mismatch|SECURITY ERROR/, 'A module is not what go.sum says: do not go on before you know why.'],
  [/GOPROXY=off|module lookup disabled/, 'A module is not in the module cache: run it once without --offline.'],
  [
    /cgo: C compiler|gcc.*not found|exec: "gcc"/,
    'The C compiler is missing: apt-get install gcc libc6-dev, or dnf install gcc glibc-devel.',
  ],
  [
    /signal: killed|cannot allocate memory|out of memory/i,
    'The host ran out of memory: a build of this size wants 4 GiB.',
  ],
  [
    /requires go (version )?1\.|module requires Go|unknown directive: toolchain/,
    "The Go is not the one that this tag needs: see the recipe's `go` section.",
  ],
];

function whatToTry(lines: readonly string[]): string {
  const text = lines.join('\n');
  return (
    remedies.find(([sign]) => sign.test(text))?.[1] ??
    'Try again with --verbose to see all of it, or with --no-cache to begin from nothing; --keep-source leaves the checkout for you to look at.'
  );
}
