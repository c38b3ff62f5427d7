// A unit that has to do with a node's home: what it starts, as whom, and where.
import { realpathSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';

import { hasCode } from '../../errors/cvtool-error.js';
import type { ServiceUnit } from '../../host/systemd-units.js';
import type { User } from '../../host/users.js';
import { flagValue } from '../../supervisor/arguments.js';

export type RunBy = 'cvtool' | 'cosmovisor' | 'itself';

/** A unit that has to do with this home. */
export interface HomeUnit {
  readonly unit: ServiceUnit;
  readonly by: RunBy;
  /** DAEMON_HOME as it is set, else what its command and user make of it. */
  readonly home: string | undefined;
  /** The words after the supervisor's or daemon's own: what the daemon gets. */
  readonly arguments: readonly string[];
  readonly user: User | undefined;
}

export interface UnitReading {
  readonly daemon: string;
  /** The usual home, below a user's home folder. */
  readonly homeBelow: string;
  readonly findUser: (who: string) => User | undefined;
  /** The path of our own program. */
  readonly own: string;
}

/** @returns undefined for a service that has nothing to do with nodes */
export function homeUnit(unit: ServiceUnit, { daemon, homeBelow, findUser, own }: UnitReading): HomeUnit | undefined {
  const { exec, environment } = unit;
  const words = exec.flatMap((word, place) => (/^-\w*c$/.test(exec[place - 1] ?? '') ? word.split(/\s+/) : [word])); // sh -c '…'
  const at = words.findIndex((word) => isCvtool(word, own) || isCalled(word, 'cosmovisor'));
  const alone = words.findIndex((word) => isCalled(word, daemon));
  if (at === -1 && alone === -1) return undefined;
  const by: RunBy = at === -1 ? 'itself' : isCalled(words[at] ?? '', 'cosmovisor') ? 'cosmovisor' : 'cvtool';
  const rest = words.slice((at === -1 ? alone : at) + 1);
  const args = by === 'itself' || rest[0] !== 'run' ? rest : rest.slice(1);
  const user = findUser(unit.setting('User') ?? (unit.manager === 'system' ? 'root' : ''));
  const usual = user === undefined ? undefined : join(environment.HOME ?? user.home, homeBelow);
  const home = environment.DAEMON_HOME ?? flagValue(args, '--home') ?? usual;
  return { unit, by, home, arguments: args, user };
}

function isCalled(word: string, name: string): boolean {
  return basename(word) === name;
}

/** cvtool by its name, as npm installs it, or the very program that runs now. */
function isCvtool(word: string, own: string): boolean {
  return (
    isCalled(word, 'cvtool') || word.endsWith('/cvtool/dist/cli.js') || (isAbsolute(word) && isSameFolder(word, own))
  );
}

/** Do both paths lead to one folder? */
export function isSameFolder(one: string, other: string): boolean {
  return realPathOr(one) === realPathOr(other);
}

function realPathOr(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) return path;
    throw error;
  }
}
