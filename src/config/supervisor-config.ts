// The configuration of the supervisor: environment over the config.toml that was named, over the defaults. All problems are told
// together, each in cosmovisor's words with its variable (or key) and value, and a way out; nothing on disk is changed.
import { CvtoolError } from '../errors/cvtool-error.js';
import { parseAbsolutePath } from '../values/absolute-path.js';
import { goDurationMilliseconds } from '../values/go-duration.js';
import { parseFileName } from '../values/inner-path.js';
import type { Environment } from './environment.js';
import { folderProblems, type FoldersNeeded } from './folder-checks.js';
import { readFrom, type Place } from './parse-variable.js';
import { fields, tomlKey, variables, type Field, type ValueOf, type Values } from './variables.js';

/** As `Values`, but durations are whole milliseconds, rounded up; they may be longer than a timer of Node can wait. */
export type SupervisorConfig = {
  readonly [Name in Field]: ValueOf<Name> extends bigint | undefined ? InMilliseconds<ValueOf<Name>> : ValueOf<Name>;
};
type InMilliseconds<Value> = Value extends bigint ? number : Value;

export interface Defaults {
  readonly home: string;
  readonly daemon: string;
}

export interface Sources {
  readonly environment: Environment;
  /** The config.toml that --cosmovisor-config named; none is looked for. */
  readonly configFile?: string | undefined;
  /** Of the recipe; asked only where neither environment nor file names both. */
  readonly defaults: () => Defaults | Promise<Defaults>;
}

/** @throws CONFIG_INVALID: one error for all that is wrong, variables and folders */
export async function readSupervisorConfig(sources: Sources & { folders: FoldersNeeded }): Promise<SupervisorConfig> {
  return inMilliseconds(await readValues(sources));
}

/** The same with exact durations. */
export async function readValues({ folders, ...sources }: Sources & { folders: FoldersNeeded }): Promise<Values> {
  const { values, problems } = await readVariables(sources);
  const all = [...problems.map(({ error }) => error), ...folderProblems(values, folders)];
  if (all.length > 0) throw settingsError(all);
  return values as Values; // without a problem each has its value
}

export interface VariableProblem {
  readonly field: Field;
  readonly error: CvtoolError;
}

/**
 * Reads all variables; the ones with a problem are left out.
 * @throws CONFIG_INVALID where the file that was named cannot be read at all; RECIPE_UNKNOWN, RECIPE_INVALID
 */
export async function readVariables({ environment, configFile, defaults }: Sources): Promise<{
  readonly values: Partial<Values>;
  readonly problems: readonly VariableProblem[];
}> {
  const file = configFile === undefined ? undefined : (await import('./toml-file.js')).readTomlFile(configFile);
  const place = (field: Field): Place | undefined => {
    const { name } = variables[field];
    const text = environment[name];
    if (text !== undefined) return { kind: 'environment', name, text };
    const value = file?.get(tomlKey(name));
    return value === undefined ? undefined : { kind: 'file', name: tomlKey(name), path: configFile ?? '', value };
  };
  const values: Partial<Record<Field, unknown>> = {};
  const problems: VariableProblem[] = [];
  const take = (field: Field, read: () => unknown): void => {
    try {
      values[field] = read();
    } catch (error) {
      if (!(error instanceof CvtoolError)) throw error;
      problems.push({ field, error });
    }
  };
  for (const field of fields) take(field, () => readFrom(variables[field], place(field)));
  const missing = (field: Field): boolean => field in values && values[field] === undefined;
  if (missing('home') || missing('daemon')) {
    const recipe = await defaults();
    if (missing('home')) take('home', () => parseAbsolutePath(recipe.home, { what: 'the default of DAEMON_HOME' }));
    if (missing('daemon')) take('daemon', () => parseFileName(recipe.daemon));
  }
  if (missing('backupDir')) values.backupDir = values.home;
  return { values: values as Partial<Values>, problems };
}

function inMilliseconds(values: Values): SupervisorConfig {
  const entries = Object.entries(values).map(([field, value]) => [
    field,
    typeof value === 'bigint' ? goDurationMilliseconds(value) : value,
  ]);
  return Object.fromEntries(entries) as SupervisorConfig;
}

/** One error for all problems. */
export function settingsError(problems: readonly CvtoolError[]): CvtoolError {
  const [first] = problems;
  if (first !== undefined && problems.length === 1) return first;
  return new CvtoolError('CONFIG_INVALID', `${problems.length} settings cannot be used`, {
    details: problems.flatMap(({ message, hint }) => [message, ...(hint === undefined ? [] : [`  ${hint}`])]),
  });
}
