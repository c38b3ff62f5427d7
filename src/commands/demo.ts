// `cvtool demo`: the whole way on a small chain that cvtool carries as source. What it types is what an operator types, and
// nothing in it is faked: a clone, a build, a copy, a verification, a running process.
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { readEnvironment } from '../config/environment.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { readCurrent } from '../home/current-link.js';
import { homePaths, type HomePaths } from '../home/paths.js';
import { packageRoot } from '../host/package-root.js';
import { reportError } from '../report/error-text.js';
import { onInterrupt } from '../report/interrupt.js';
import { coloured, outliveReaders, print } from '../report/terminal.js';
import { makeDemoRepository } from '../stage/demo-repository.js';

/** Milliseconds in which the demo's chain must have gone through its upgrade. */
const nodeLimit = 60_000;

/** @returns the exit status */
export async function demoCommand({ keep = false }: { readonly keep?: boolean }): Promise<number> {
  outliveReaders();
  const signal = onInterrupt({ quiet: true }); // what it runs says so itself
  const folder = mkdtempSync(join(resolve(tmpdir()), 'cvtool-demo-'));
  try {
    await play(folder, signal);
    print('', keep ? `All of it is left in ${folder}.` : `The temporary folder ${folder} is removed.`, ...whatNext);
    return 0;
  } catch (error) {
    return reportError(signal.aborted ? signal.reason : error, { debug: false });
  } finally {
    if (!keep) rmSync(folder, { recursive: true, force: true });
  }
}

const whatNext = [
  '',
  'For a real panacea node the same three commands do it, without the variables (a Go of 1.21 or later, or GOPROXY, must be there):',
  '  cvtool stage-genesis --tag v2.0.6      builds panacea-core with its own Go and stages it in ~/.panacea/cosmovisor/genesis',
  '  cvtool stage-upgrade v2.2.0            the same for an upgrade; the release table knows which tag that is',
  '  cvtool run                             starts it',
];

async function play(folder: string, signal: AbortSignal): Promise<void> {
  print(coloured('bold', 'A chain of our own, made into a git repository with the tags v2.0.6 and v2.1.0'));
  const { repository, tags } = await makeDemoRepository(join(folder, 'demo-chain'), readEnvironment());
  for (const [tag, commit] of tags) print(`  ${tag}  ${commit}`);
  const shell = prepareShell(folder, repository, signal);
  print('', coloured('bold', 'What an operator types'));
  for (const line of shell.exports) print(`$ export ${line}`);
  await shell.type('cvtool stage-genesis --tag v2.0.6');
  await shell.type('cvtool stage-upgrade v2.1.0');
  print('', coloured('bold', '$ cvtool run'));
  await runNode(shell);
}

interface Shell {
  readonly exports: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Ends with the exit status 0, or throws. */
  readonly type: (line: string) => Promise<void>;
  readonly start: (line: string) => { readonly child: ChildProcess; readonly ended: Promise<number | null> };
}

/** A folder on PATH with the command `cvtool`, and the variables that lead it to the demo's chain. */
function prepareShell(folder: string, repository: string, signal: AbortSignal): Shell {
  const bin = join(folder, 'bin');
  const command = join(bin, 'cvtool');
  mkdirSync(bin);
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${join(packageRoot(), 'dist/cli.js')}' "$@"\n`);
  chmodSync(command, 0o755);
  const variables = {
    CVTOOL_RECIPE: 'demo',
    CVTOOL_REPO: repository,
    DAEMON_HOME: join(folder, 'home'),
    DAEMON_NAME: 'demod',
    DEMOD_HOME: join(folder, 'home'), // its own default is ~/.demo
    XDG_CACHE_HOME: join(folder, 'cache'),
  };
  const inherited = readEnvironment();
  const environment = { ...inherited, ...variables, PATH: `${bin}:${inherited.PATH ?? '/usr/bin:/bin'}` };
  /** An interrupt of ours ends what runs, and is told by `ended`. */
  const start: Shell['start'] = (line) => {
    signal.throwIfAborted();
    const [name = '', ...args] = line.split(' ');
    const child = spawn(name, args, { stdio: 'inherit', env: environment });
    const stop = (): void => void child.kill('SIGTERM');
    signal.addEventListener('abort', stop);
    const ended = once(child, 'exit').then(([status]: (number | null)[]) => {
      signal.removeEventListener('abort', stop);
      signal.throwIfAborted();
      return status ?? null;
    });
    return { child, ended };
  };
  return {
    exports: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    environment,
    start,
    type: async (line) => {
      print('', coloured('bold', `$ ${line}`));
      const status = await start(line).ended;
      if (status !== 0) throw new CvtoolError('USAGE', `the demo's \`${line}\` ended with ${String(status)}`);
    },
  };
}

/** Starts the node, waits until it has gone through its upgrade, and stops it as systemd would. */
async function runNode({ environment, start }: Shell): Promise<void> {
  const home = homePaths(environment.DAEMON_HOME ?? '', environment.DAEMON_NAME ?? '');
  mkdirSync(home.data, { recursive: true });
  const { child, ended } = start('cvtool run');
  ended.catch(() => undefined); // an interrupt, of which the last line of this function tells
  const deadline = performance.now() + nodeLimit;
  const waits = (): boolean => child.exitCode === null && child.signalCode === null && performance.now() < deadline;
  while (!isUpgraded(home) && waits()) await delay(100);
  if (!isUpgraded(home)) {
    child.kill('SIGTERM');
    await ended;
    throw new CvtoolError('USAGE', "the demo's node did not get through its upgrade");
  }
  await delay(1500); // a few blocks of the new binary
  print('', 'The chain stood at the height of its upgrade, and went on with v2.1.0. Now as systemd stops it:');
  print(`$ kill -TERM ${String(child.pid)}`);
  child.kill('SIGTERM');
  const status = await ended;
  print(`cvtool run has ended with exit status ${String(status)}.`);
  if (status !== 0) throw new CvtoolError('USAGE', "the demo's node did not end well");
}

function isUpgraded(home: HomePaths): boolean {
  return readCurrent(home)?.kind === 'upgrade';
}
