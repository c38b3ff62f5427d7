// `cvtool demo`: the whole way on a small chain that cvtool carries as source. What it types is what an operator types, and
// nothing in it is faked: a clone, a build, a copy, a verification, a running process.
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { readEnvironment } from '../config/environment.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { packageRoot } from '../host/package-root.js';
import { reportError } from '../report/error-text.js';
import { coloured, print } from '../report/terminal.js';
import { makeDemoRepository } from '../stage/demo-repository.js';

/** Milliseconds in which the demo's chain must have reached its upgrade's height. */
const nodeLimit = 60_000;

/** @returns the exit status */
export async function demoCommand({ keep = false }: { readonly keep?: boolean }): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'cvtool-demo-'));
  const stop = (signal: NodeJS.Signals): void => {
    if (!keep) rmSync(folder, { recursive: true, force: true });
    process.kill(process.pid, signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => stop(signal));
  try {
    await play(folder);
    print('', keep ? `All of it is left in ${folder}.` : `The temporary folder ${folder} is removed.`, ...whatNext);
    return 0;
  } catch (error) {
    return reportError(error, { debug: false });
  } finally {
    if (!keep) rmSync(folder, { recursive: true, force: true });
  }
}

const whatNext = [
  '',
  'For a real panacea node the same three commands do it, without the variables (Go 1.21 or later must be installed):',
  '  cvtool stage-genesis --tag v2.0.6      builds panacea-core with its own Go and stages it in ~/.panacea/cosmovisor/genesis',
  '  cvtool stage-upgrade v2.2.0            the same for an upgrade; the release table knows which tag that is',
  '  cvtool run                             starts it',
];

async function play(folder: string): Promise<void> {
  print(coloured('bold', 'A chain of our own, made into a git repository with the tags v2.0.6 and v2.1.0'));
  const { repository, tags } = await makeDemoRepository(join(folder, 'demo-chain'), readEnvironment());
  for (const [tag, commit] of tags) print(`  ${tag}  ${commit}`);
  const shell = prepareShell(folder, repository);
  print('', coloured('bold', 'What an operator types'));
  for (const line of shell.exports) print(`$ export ${line}`);
  await shell.type('cvtool stage-genesis --tag v2.0.6');
  await shell.type('cvtool stage-upgrade v2.1.0');
  print('', '$ cvtool run');
  await runNode(shell);
}

interface Shell {
  readonly exports: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  type(line: string): Promise<void>;
}

/** A folder on PATH with the command `cvtool`, and the variables that lead it to the demo's chain. */
function prepareShell(folder: string, repository: string): Shell {
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
  return {
    exports: Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    environment,
    async type(line) {
      print('', coloured('bold', `$ ${line}`));
      const [name = '', ...args] = line.split(' ');
      const child = spawn(name, args, { stdio: 'inherit', env: environment });
      const [status] = (await once(child, 'exit')) as [number | null];
      if (status !== 0) throw new CvtoolError('USAGE', `the demo's \`${line}\` ended with ${String(status)}`);
    },
  };
}

/** Starts the node, waits until it stands at the upgrade's height, and stops it as systemd would. */
async function runNode({ environment }: Shell): Promise<void> {
  const home = environment.DAEMON_HOME ?? '';
  mkdirSync(join(home, 'data'), { recursive: true });
  const child = spawn('cvtool', ['run'], { stdio: 'inherit', env: environment });
  const ended = once(child, 'exit') as Promise<[number | null]>;
  const deadline = performance.now() + nodeLimit;
  while (!hasPlan(home) && child.exitCode === null && performance.now() < deadline) await delay(100);
  if (!hasPlan(home)) {
    child.kill('SIGTERM');
    throw new CvtoolError('USAGE', "the demo's node did not reach its upgrade");
  }
  await delay(500); // so that the node's last words stand before ours
  print(
    '',
    "The chain stands at the upgrade's height, and v2.1.0 is staged for it. This `run` does not switch to it yet.",
  );
  print(`$ kill -TERM ${String(child.pid)}`);
  child.kill('SIGTERM');
  const [status] = await ended;
  print(`cvtool run has ended with exit status ${String(status)}.`);
  if (status !== 0) throw new CvtoolError('USAGE', "the demo's node did not end well");
}

function hasPlan(home: string): boolean {
  try {
    return readFileSync(join(home, 'data/upgrade-info.json'), 'utf8').trimEnd().endsWith('}');
  } catch {
    return false; // not written yet
  }
}
