// `cvtool init <path>`: begins a home as cosmovisor's own `init` does (cmd/init.go, 1.7.1): genesis/bin, `current`, config.toml. What is
// there already stays as it is. All that can be refused is looked at first, so a refused call writes nothing.
import { chmodSync, existsSync, lstatSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { configToml } from '../config/config-toml.js';
import { readFrom } from '../config/parse-variable.js';
import { readVariables, settingsError } from '../config/supervisor-config.js';
import { fields, variables, type Values } from '../config/variables.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { systemReason } from '../errors/system-reason.js';
import { copyWhole } from '../home/copy-whole.js';
import { readCurrent, switchCurrent } from '../home/current-link.js';
import { makeFolder } from '../home/make-folder.js';
import { binaryIn, homePaths, targetFolder, type HomePaths, type StagingTarget } from '../home/paths.js';
import { lastApplied } from '../home/plan-files.js';
import { removeEmptyFolders } from '../home/replace-folder.js';
import { syncPath } from '../home/sync.js';
import { asWriteProblem } from '../home/write-problem.js';
import { writeWhole } from '../home/write-whole.js';
import { printError } from '../report/terminal.js';
import { makeLog, type Log } from '../supervisor/log.js';
import { quoted } from '../values/printable.js';
import { cosmovisorVerb, sourcesOf } from './cosmovisor-verb.js';

/** @returns the exit status */
export function initCommand(executable: string): Promise<number> {
  return cosmovisorVerb(async () => {
    checkExecutable(executable);
    const sources = sourcesOf(undefined); // cosmovisor's takes the flag here, and does not heed it
    const { values, warnings } = await initialValues(sources);
    const home = homePaths(values.home, values.daemon);
    const target = currentToBe(home);
    checkGenesis(binaryIn(home, home.genesis));
    for (const warning of warnings) printError(`Warning: ${warning}`);
    try {
      begin(home, { executable, target, values, log: makeLog(values, sources.environment) });
    } catch (error) {
      throw asWriteProblem(error, home);
    }
    return 0;
  });
}

function checkExecutable(path: string): void {
  const hint = 'Give the path of the binary that the chain begins with.';
  if (path === '') throw new CvtoolError('USAGE', 'no <path to executable> provided', { hint });
  let stat;
  try {
    stat = statSync(path);
  } catch (cause) {
    const message = `executable file not found: stat ${path}: ${systemReason(cause)}`;
    throw new CvtoolError('USAGE', message, { hint, cause });
  }
  if (stat.isFile()) return;
  const what = stat.isDirectory() ? 'must not be a directory' : 'must be a regular file';
  throw new CvtoolError('USAGE', `invalid path to executable: ${what}: ${path}`, { hint });
}

/** Only home and name must be right here, as upstream; of others one is told, and config.toml gets their defaults. */
async function initialValues(sources: Parameters<typeof readVariables>[0]): Promise<{
  readonly values: Values;
  readonly warnings: readonly string[];
}> {
  const { values, problems } = await readVariables(sources);
  const fatal = problems.filter(({ field }) => field === 'home' || field === 'daemon');
  if (fatal.length > 0) throw settingsError(fatal.map(({ error }) => error));
  const defaults = Object.fromEntries(fields.map((field) => [field, readFrom(variables[field], undefined)]));
  return {
    values: { ...defaults, backupDir: values.home, ...values } as Values,
    warnings: problems.map(({ error }) => `${error.message}; it is left at its default`),
  };
}

/** @returns undefined where the link is there @throws CURRENT_NOT_OURS */
function currentToBe(home: HomePaths): StagingTarget | undefined {
  const linked = readCurrent(home);
  if (linked === undefined) {
    const last = lastApplied(home);
    return last === undefined ? { kind: 'genesis' } : { kind: 'upgrade', plan: last.plan }; // never a step back
  }
  if (linked.kind === 'genesis' || existsSync(targetFolder(home, linked))) return undefined;
  const message = `${home.current} leads to ${targetFolder(home, linked)}, which is not there`;
  throw new CvtoolError('CURRENT_NOT_OURS', message, {
    hint: 'Stage that folder again, or make the link point to what should run.',
  });
}

function checkGenesis(binary: string): void {
  if (lstatSync(binary, { throwIfNoEntry: false }) === undefined) return;
  if (statSync(binary, { throwIfNoEntry: false })?.isFile() === true) return;
  throw new CvtoolError('HOME_INVALID', `${quoted(binary)} is there, and is not a regular file`, {
    hint: 'Move it away, then run this again.',
  });
}

interface Beginning {
  readonly executable: string;
  readonly target: StagingTarget | undefined;
  readonly values: Values;
  readonly log: Log;
}

/** @throws the system's error, as it is; empty folders that were made are gone again */
function begin(home: HomePaths, { executable, target, values, log }: Beginning): void {
  const binary = binaryIn(home, home.genesis);
  const folder = dirname(binary);
  const say = (message: string): void => log.info('init', message);
  say('checking on the genesis/bin directory');
  say(
    existsSync(folder)
      ? `the "${folder}" directory already exists`
      : `creating directory (and any parents): "${folder}"`,
  );
  const made = makeFolder(folder);
  try {
    for (const path of made) {
      chmodSync(path, statSync(path).mode & 0o7755); // never writable for a group, whatever the umask allows
      syncPath(dirname(path));
    }
    say('checking on the genesis/bin executable');
    if (existsSync(binary)) {
      say(`the "${binary}" file already exists`);
    } else {
      say(`copying executable into place: "${binary}"`);
      copyWhole(executable, binary, 0o755);
    }
  } catch (error) {
    removeEmptyFolders(made);
    throw error;
  }
  say(`making sure "${binary}" is executable`);
  const { mode } = statSync(binary);
  if ((mode & 0o111) !== 0o111) chmodSync(binary, (mode & 0o7777) | 0o111);
  say('checking on the current symlink and creating it if needed');
  if (target !== undefined) switchCurrent(home, target);
  say(
    `the current symlink points to: "${binaryIn(home, targetFolder(home, readCurrent(home) ?? { kind: 'genesis' }))}"`,
  );
  writeConfig(join(home.cosmovisor, 'config.toml'), values, say);
}

function writeConfig(file: string, values: Values, say: (message: string) => void): void {
  if (lstatSync(file, { throwIfNoEntry: false }) !== undefined) {
    say(`file already exists, not overriding: ${file}`);
    return;
  }
  writeWhole(file, configToml(values), 0o644);
  say(`cosmovisor config.toml created at: ${file}`);
}
