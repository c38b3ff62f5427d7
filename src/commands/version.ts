// `cvtool version`: our own version and that of the daemon (cosmovisor, cmd/version.go).
import { spawnSync, type StdioOptions } from 'node:child_process';

import { wholeEnvironment } from '../config/environment.js';
import { readSupervisorConfig } from '../config/supervisor-config.js';
import { CvtoolError, messageOf } from '../errors/cvtool-error.js';
import { homePaths } from '../home/paths.js';
import { ownVersion } from '../host/own-version.js';
import { print } from '../report/terminal.js';
import { shortBinary } from '../supervisor/run-short.js';
import { printable } from '../values/printable.js';
import { cosmovisorVerb, sourcesOf } from './cosmovisor-verb.js';
import { readFlags } from './flags.js';

/** Bytes of the daemon's answer that are read: an SDK's `--long` lists every module. */
const largest = 64 * 1024 * 1024;

/** @returns the exit status */
export function versionCommand(args: readonly string[]): Promise<number> {
  return cosmovisorVerb(async () => {
    const { values, switches, rest } = readFlags(args, {
      withValue: { output: 'o', 'cosmovisor-config': 'c' },
      switches: ['cosmovisor-only', 'cvtool-only'],
    });
    const own = ownVersion();
    const configFile = values.get('cosmovisor-config');
    if (values.get('output') === 'json') {
      const app = switches.size > 0 ? {} : { app_version: await jsonOfApp(configFile) };
      print(JSON.stringify({ cosmovisor_version: own, ...app }));
      return 0;
    }
    print(`cvtool version: ${own}`);
    if (switches.size === 0) await callApp(configFile, rest, 'inherit');
    return 0;
  });
}

async function jsonOfApp(configFile: string | undefined): Promise<unknown> {
  const answer = await callApp(configFile, ['--long', '--output', 'json'], ['inherit', 'pipe', 'pipe']);
  const texts = [answer.stdout, answer.stderr]; // SDK 0.45 and before print it on stderr
  const [found] = texts.flatMap((text) => {
    try {
      return [JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1)) as unknown];
    } catch {
      return []; // the other stream, or none
    }
  });
  if (found !== undefined) return found;
  const got = printable(texts.join(' ').trim()).slice(0, 400);
  throw new CvtoolError('CONFIG_INVALID', `can't print version output, expected valid json from APP, got: ${got}`, {
    hint: '`cvtool version` prints its answer as it is; `cvtool version -o json --cosmovisor-only` leaves it out.',
  });
}

/** Calls the current binary with `version`. @throws CvtoolError where it cannot be called, or does not exit with 0 */
async function callApp(
  configFile: string | undefined,
  args: readonly string[],
  stdio: StdioOptions,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  try {
    const config = await readSupervisorConfig({ ...sourcesOf(configFile), folders: 'command' });
    const { binary, environment } = await shortBinary(homePaths(config.home, config.daemon), wholeEnvironment());
    const options = { env: environment, stdio, encoding: 'utf8', maxBuffer: largest } as const;
    const { status, signal, error, stdout, stderr } = spawnSync(binary, ['version', ...args], options);
    if (status === 0 && error === undefined) return { stdout, stderr };
    const end = error?.message ?? (status === null ? `signal ${String(signal)}` : `exit status ${status}`);
    throw new CvtoolError('VERIFY_FAILED', `${binary} version: ${end}`, {
      details: typeof stderr === 'string' ? stderr.trim().split('\n').slice(-5) : [],
      hint: 'Look at it with `cvtool verify current`.',
    });
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    const { code, hint, details } = error;
    throw new CvtoolError(code, `failed to run version command: ${messageOf(error)}`, { hint, details, cause: error });
  }
}
