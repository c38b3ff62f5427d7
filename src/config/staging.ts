// Where a staging's settings come from: flag, environment, recipe, in this order. All problems are told together.
import { join } from 'node:path';

import { CvtoolError } from '../errors/cvtool-error.js';
import type { Recipe } from '../recipe/schema.js';
import { parseFileName } from '../values/inner-path.js';
import { parseGitAddress, resolveGitAddress, type GitAddress } from '../values/git-address.js';
import { parseAbsolutePath, resolvePath, type AbsolutePath } from '../values/absolute-path.js';
import { quoted } from '../values/printable.js';
import type { Environment } from './environment.js';
import { userHome } from './folders.js';

export interface StagingFlags {
  readonly home?: string | undefined;
  readonly name?: string | undefined;
  readonly repo?: string | undefined;
}

export interface StagingSettings {
  /** DAEMON_HOME. */
  readonly home: string;
  /** DAEMON_NAME. */
  readonly daemon: string;
  readonly address: GitAddress;
}

/** The name or path of the recipe: --recipe, else CVTOOL_RECIPE, else panacea. */
export function recipeName(flag: string | undefined, environment: Environment): string {
  return flag ?? environment.CVTOOL_RECIPE ?? 'panacea';
}

/** Milliseconds without a word from git, or from a module proxy, before it is taken to have stalled. */
export const defaultStall = 120_000;

/**
 * @param folder where relative paths start
 * @throws HOME_INVALID, CONFIG_INVALID, ADDRESS_INVALID: one error for all that is wrong
 */
export function stagingSettings(
  recipe: Recipe,
  flags: StagingFlags,
  environment: Environment,
  folder: AbsolutePath,
): StagingSettings {
  return allOf<StagingSettings>({
    home: () => homeOf(recipe, flags, environment, folder),
    daemon: () => daemonOf(recipe, flags, environment),
    address: () => addressOf(recipe, flags, environment, folder),
  });
}

/** The same for what only looks: there, nobody need name a repository. */
export function homeSettings(
  recipe: Recipe,
  flags: StagingFlags,
  environment: Environment,
  folder: AbsolutePath,
): Omit<StagingSettings, 'address'> & { readonly address: GitAddress | undefined } {
  const isNamed = (flags.repo ?? environment.CVTOOL_REPO ?? recipe.repository) !== undefined;
  return allOf({
    home: () => homeOf(recipe, flags, environment, folder),
    daemon: () => daemonOf(recipe, flags, environment),
    address: () => (isNamed ? addressOf(recipe, flags, environment, folder) : undefined),
  });
}

function allOf<Settings extends object>(read: { readonly [Name in keyof Settings]: () => Settings[Name] }): Settings {
  const problems: CvtoolError[] = [];
  const settings: Partial<Settings> = {};
  for (const name of Object.keys(read) as (keyof Settings)[]) {
    try {
      settings[name] = read[name]();
    } catch (error) {
      if (!(error instanceof CvtoolError)) throw error;
      problems.push(error);
    }
  }
  const [first, ...others] = problems;
  if (first === undefined) return settings as Settings;
  if (others.length === 0) throw first;
  throw new CvtoolError('CONFIG_INVALID', `${problems.length} settings cannot be used`, {
    details: problems.flatMap(({ message, hint }) => [message, ...(hint === undefined ? [] : [`  ${hint}`])]),
  });
}

/**
 * The home and the daemon's name alone, for a command that builds nothing.
 * @param recipe is asked only where neither flag nor environment says it
 * @throws HOME_INVALID, CONFIG_INVALID, and what `recipe` throws
 */
export async function homeAndDaemon(
  recipe: () => Promise<Pick<Recipe, 'home' | 'daemon'>>,
  flags: StagingFlags,
  environment: Environment,
  folder: AbsolutePath,
): Promise<{ readonly home: AbsolutePath; readonly daemon: string }> {
  const home = flags.home ?? environment.DAEMON_HOME;
  const name = flags.name ?? environment.DAEMON_NAME;
  const defaults = home !== undefined && name !== undefined ? { home: '.', daemon: name } : await recipe();
  return { home: homeOf(defaults, flags, environment, folder), daemon: daemonOf(defaults, flags, environment) };
}

function homeOf(
  recipe: { readonly home: string },
  { home }: StagingFlags,
  environment: Environment,
  folder: AbsolutePath,
): AbsolutePath {
  const code = 'HOME_INVALID';
  if (home?.startsWith('~') === true) {
    throw new CvtoolError(code, `--home ${quoted(home)} starts with "~", which is not expanded here`, {
      hint: 'Write $HOME or the whole path; a folder of that name is ./~',
    });
  }
  if (home !== undefined) return resolvePath(home, folder, { what: '--home', code });
  // relative is wrong here: a node, cosmovisor and cvtool may each be started in another folder
  const { DAEMON_HOME: variable } = environment;
  if (variable !== undefined) return parseAbsolutePath(variable, { what: 'DAEMON_HOME', code });
  return parseAbsolutePath(join(userHome(environment), recipe.home), { what: "the home below the user's", code });
}

function daemonOf(recipe: { readonly daemon: string }, { name }: StagingFlags, environment: Environment): string {
  const text = name ?? environment.DAEMON_NAME ?? recipe.daemon;
  try {
    return parseFileName(text);
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    throw new CvtoolError('CONFIG_INVALID', `${name === undefined ? 'DAEMON_NAME' : '--name'}: ${error.message}`, {
      hint: 'It is the file name of the daemon, such as panacead.',
      cause: error,
    });
  }
}

function addressOf(recipe: Recipe, { repo }: StagingFlags, environment: Environment, folder: AbsolutePath): GitAddress {
  const text = repo ?? environment.CVTOOL_REPO;
  if (text !== undefined) return resolveGitAddress(parseGitAddress(text), folder);
  if (recipe.repository !== undefined) return recipe.repository;
  throw new CvtoolError('CONFIG_INVALID', `the recipe ${recipe.name} names no repository`, {
    hint: 'Give one with --repo <url or path>, or in CVTOOL_REPO.',
  });
}

/** A limit in seconds from the environment, as milliseconds. @throws CONFIG_INVALID */
export function secondsFrom(environment: Environment, name: string): number | undefined {
  const text = environment[name];
  if (text === undefined) return undefined;
  const seconds = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || seconds <= 0 || seconds > 2_000_000) {
    throw new CvtoolError(
      'CONFIG_INVALID',
      `${name} must be a number of seconds, more than 0 and at most 2000000, got ${quoted(text)}`,
      {
        hint: 'For example 600.',
      },
    );
  }
  return seconds * 1000;
}
