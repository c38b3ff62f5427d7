// What comes before the first daemon: what a killed run left is stopped and swept away, and `current` is known.
import { existsSync, readdirSync } from 'node:fs';

import { CvtoolError, messageOf } from '../errors/cvtool-error.js';
import { nextLink, readCurrent, switchCurrent } from '../home/current-link.js';
import { binaryIn, targetFolder, type HomePaths, type StagingTarget } from '../home/paths.js';
import { leftAside } from '../home/plan-files.js';
import { targetWithoutLink } from '../home/restore-current.js';
import { asideOf, removeAside } from '../home/write-whole.js';
import type { Log } from './log.js';
import type { NodeRun } from './context.js';

/** spec 1, Backups: what a killed supervisor, staging or rollback has left is ended and put in order before anything runs on it. */
export async function mend(run: NodeRun): Promise<void> {
  const { staging, daemonLock, helperLock, rollbackJournal } = run.home;
  if (![staging, daemonLock, helperLock, rollbackJournal].some((path) => existsSync(path))) return;
  const { finishLeftRollback, mendStaging, stopLeftProcesses } = (await import('./later.js')).later;
  mendStaging(run.home);
  await stopLeftProcesses(run);
  await finishLeftRollback(run);
}

/** Removes what a killed run left half-written, backups too. What resists is told, and is no reason to run nothing. */
export async function sweep({ home, config, log }: NodeRun, signal: AbortSignal): Promise<void> {
  for (const aside of [...leftAside(home), asideOf(home.upgradeRecord), nextLink(home)]) removeAside(aside);
  if (config.skipBackup) return;
  try {
    if (!readdirSync(config.backupDir).some((name) => name.endsWith('.partial'))) return;
    const { sweepBackups } = (await import('./later.js')).later;
    const left = await sweepBackups(config.backupDir, home, signal);
    for (const why of left) log.warn('backup-leftover', 'a half-made backup cannot be removed', { error: why });
  } catch (error) {
    if (signal.aborted) return;
    log.warn('backup-leftover', 'half-made backups cannot be looked for', { error: messageOf(error) });
  }
}

/** spec 2: what `current` leads to; where there is no link, genesis or the last applied upgrade, and never a silent step back. */
export function resolveCurrent(home: HomePaths, log: Log): StagingTarget {
  const linked = readCurrent(home);
  if (linked !== undefined) {
    if (existsSync(targetFolder(home, linked))) return linked;
    throw new CvtoolError(
      'CURRENT_NOT_OURS',
      `${home.current} leads to ${targetFolder(home, linked)}, which is not there`,
      {
        hint: 'Stage that folder again, or make the link point to what should run.',
      },
    );
  }
  const target = targetWithoutLink(home);
  if (target.kind === 'upgrade') {
    log.warn('current-restored', 'there is no current link: restoring it to the upgrade that was applied last', {
      upgrade: target.plan,
    });
  }
  const binary = binaryIn(home, targetFolder(home, target));
  if (!existsSync(binary)) {
    throw new CvtoolError('NOT_STAGED', `current binary is invalid: stat ${binary}: no such file or directory`, {
      hint:
        target.kind === 'genesis'
          ? 'Stage one: `cvtool stage-genesis --tag <tag>`.'
          : `Stage it again: \`cvtool stage-upgrade ${target.plan}\`.`,
    });
  }
  switchCurrent(home, target);
  return target;
}
