// Where a staging's settings come from: flag, environment, recipe, in this order. All problems are told together.
import { isAbsolute, join, resolve } from 'node:path';

import { CvtoolError } from '../errors/cvtool-error.js';
import type { Recipe } from '../recipe/schema.js';
import { parseFileName } from '../values/inner-path.js';
import { parseGitAddress, resolveGitAddress, type GitAddress } from '../values/git-address.js';
import type { AbsolutePath } from '../values/absolute-path.js';
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
  const problems: CvtoolError[] = [];
  const take = <Value>(read: () => Value): Value | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof CvtoolError)) throw error;
      problems.push(error);
      return undefined;
    }
  };
  const home = take(() => homeOf(recipe, flags, environment, folder));
  const daemon = take(() => daemonOf(recipe, flags, environment));
  const address = take(() => addressOf(recipe, flags, environment, folder));
  if (home !== undefined && daemon !== undefined && address !== undefined) return { home, daemon, address };
  const [first, ...others] = problems;
  if (first === undefined || others.length === 0) throw first ?? new Error('a setting is missing without a reason');
  throw new CvtoolError('CONFIG_INVALID', `${problems.length} settings cannot be used`, {
    details: problems.flatMap(({ message, hint }) => [message, ...(hint === undefined ? [] : [`  ${hint}`])]),
  });
}

function homeOf(recipe: Recipe, { home }: StagingFlags, environment: Environment, folder: AbsolutePath): string {
  const text = home ?? environment.DAEMON_HOME ?? join(userHome(environment), recipe.home);
  const what = home !== undefined ? '--home' : 'DAEMON_HOME';
  if (text === '')
    throw new CvtoolError('HOME_INVALID', `${what} is empty`, { hint: 'Give the absolute path of the home.' });
  if (/\p{Cc}/u.test(text))
    throw new CvtoolError('HOME_INVALID', `${what} ${quoted(text)} has a control character in it`);
  if (home === undefined && !isAbsolute(text)) {
    throw new CvtoolError('HOME_INVALID', `DAEMON_HOME must be an absolute path, got ${quoted(text)}`, {
      hint: 'Write it from / on: a node, cosmovisor and cvtool may each be started in another folder.',
    });
  }
  return resolve(folder, text);
}

function daemonOf(recipe: Recipe, { name }: StagingFlags, environment: Environment): string {
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
    throw new CvtoolError('CONFIG_INVALID', `${name} must be a number of seconds greater than 0, got ${quoted(text)}`, {
      hint: 'For example 600.',
    });
  }
  return seconds * 1000;
}
