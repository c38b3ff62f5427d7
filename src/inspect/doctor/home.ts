// Is there a home at all, what does `current` lead to, and what lies about in it that nobody needs.
import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

import { parseBackupName } from '../../backup/names.js';
import { CvtoolError } from '../../errors/cvtool-error.js';
import { readCurrent } from '../../home/current-link.js';
import { binaryIn, targetFolder, targetName, type HomePaths, type StagingTarget } from '../../home/paths.js';
import { lastApplied } from '../../home/plan-files.js';
import { isFolder, namesIn } from '../../host/folders.js';
import { isLocked } from '../../host/held-locks.js';
import type { Recipe } from '../../recipe/schema.js';
import type { PlanName } from '../../values/plan-name.js';
import { row, shellWord, type Row } from './row.js';

/** The folders without which nothing runs; the first step where there is none. */
export function judgeHome(home: HomePaths, recipe: Recipe): Row[] {
  if (!isFolder(home.root)) {
    const hint = `Make it with the daemon's own init: ${home.daemon} init <moniker> --home ${shellWord(home.root)}\nThen stage what ran first: cvtool stage-genesis`;
    return [row('home', 'fail', `there is no home ${home.root} (DAEMON_HOME, --home)`, hint)];
  }
  const rows: Row[] = [];
  if (!isFolder(home.cosmovisor)) {
    const hint = `cvtool stage-genesis${recipe.name === 'panacea' ? '' : ` --recipe ${recipe.name}`}, or cvtool init <path to ${home.daemon}>`;
    rows.push(row('home', 'fail', `nothing is staged: there is no ${home.cosmovisor}`, hint));
  }
  if (!isFolder(home.data)) {
    const hint = `${home.daemon} init <moniker> --home ${shellWord(home.root)}`;
    rows.push(row('home', 'fail', `there is no ${home.data}: a node's run needs it`, hint));
  }
  return rows.length > 0 ? rows : [row('home', 'pass', `${home.root} is a node's home with binaries staged`)];
}

export interface CurrentFacts {
  readonly rows: readonly Row[];
  /** What a run would start. */
  readonly target: StagingTarget | undefined;
}

export function judgeCurrent(home: HomePaths): CurrentFacts {
  if (!isFolder(home.cosmovisor)) return { rows: [], target: undefined };
  const last = lastApplied(home);
  let linked: StagingTarget | undefined;
  try {
    linked = readCurrent(home);
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    const to = last === undefined ? 'genesis' : targetName({ kind: 'upgrade', plan: last.plan });
    const hint = `mv ${shellWord(home.current)} ${shellWord(`${home.current}.old`)} && ln -s ${shellWord(to)} ${shellWord(home.current)}`;
    return { rows: [row('current', 'fail', error.message, hint)], target: undefined };
  }
  if (linked === undefined) return withoutLink(home, last?.plan);
  const binary = binaryIn(home, targetFolder(home, linked));
  if (!existsSync(binary)) {
    const stage = linked.kind === 'genesis' ? 'cvtool stage-genesis' : `cvtool stage-upgrade ${shellWord(linked.plan)}`;
    const text = `current leads to ${targetName(linked)}, and there is no ${binary}`;
    return { rows: [row('current', 'fail', text, stage)], target: linked };
  }
  const rows = [row('current', 'pass', `current leads to ${targetName(linked)}`)];
  const isLast =
    last === undefined || (linked.kind === 'upgrade' && linked.plan.toLowerCase() === last.plan.toLowerCase());
  if (!isLast) {
    const text = `current leads to ${targetName(linked)}, and the upgrade applied last was ${last.plan} at height ${last.height}: was that meant?`;
    const to = targetName({ kind: 'upgrade', plan: last.plan });
    rows[0] = row('current', 'warn', text, `If not: ln -sfn ${shellWord(to)} ${shellWord(home.current)}`);
  }
  return { rows, target: linked };
}

function withoutLink(home: HomePaths, last: PlanName | undefined): CurrentFacts {
  const target: StagingTarget = last === undefined ? { kind: 'genesis' } : { kind: 'upgrade', plan: last };
  if (!existsSync(binaryIn(home, targetFolder(home, target)))) {
    const stage = target.kind === 'genesis' ? 'cvtool stage-genesis' : `cvtool stage-upgrade ${shellWord(target.plan)}`;
    return {
      rows: [
        row(
          'current',
          'fail',
          `there is no link current, and ${targetName(target)}, to which a run would point it, is not staged`,
          stage,
        ),
      ],
      target,
    };
  }
  const text = `there is no link current: the next run makes it, and starts ${targetName(target)}`;
  if (last === undefined) return { rows: [row('current', 'pass', text)], target };
  return {
    rows: [
      row(
        'current',
        'warn',
        `${text}, which was applied last`,
        `ln -s ${shellWord(targetName(target))} ${shellWord(home.current)}`,
      ),
    ],
    target,
  };
}

/** What a killed staging, backup or build left. What a running one holds is not told. */
export function judgeLeftovers(home: HomePaths, backups: string, builds: string): Row[] {
  const found: string[] = [];
  if (existsSync(home.staging) && isLocked(home.cosmovisor) !== true) found.push(home.staging);
  const next = join(home.cosmovisor, '.current.next');
  if (lstatSync(next, { throwIfNoEntry: false }) !== undefined) found.push(next);
  const isBusy = existsSync(home.runLock) && isLocked(home.runLock) === true;
  if (!isBusy) {
    found.push(
      ...namesIn(backups)
        .filter((name) => parseBackupName(name)?.partial === true)
        .map((name) => join(backups, name)),
    );
  }
  const left = namesIn(builds).filter((name) => name.startsWith('build-')); // kept-…: somebody asked for it
  found.push(...left.map((name) => join(builds, name)).filter((path) => isLocked(path) !== true));
  if (found.length === 0) return [row('leftovers', 'pass', 'no temporary folders were left')];
  return found.map((path) =>
    row('leftovers', 'warn', `${path} was left, and takes space for nothing`, `rm -r ${shellWord(path)}`),
  );
}

/** @param named what --cosmovisor-config says in the unit @returns no row where there is no such file */
export function judgeConfigToml(home: HomePaths, named: string | undefined): Row[] {
  const file = join(home.cosmovisor, 'config.toml');
  if (!existsSync(file)) return [];
  if (named !== undefined && existsSync(named) && realpathSync(named) === realpathSync(file)) {
    return [row('config-toml', 'pass', `${file} is read: the unit names it`)];
  }
  const hint = `To use it: cvtool run --cosmovisor-config ${shellWord(file)} start; else: rm ${shellWord(file)}`;
  return [row('config-toml', 'warn', `${file} lies there and is not read: only the environment counts`, hint)];
}
