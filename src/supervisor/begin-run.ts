// What comes before the first daemon: what a killed run left is stopped and swept away, and `current` is known.
import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { CvtoolError, hasCode, messageOf } from '../errors/cvtool-error.js';
import { nextLink, readCurrent, switchCurrent } from '../home/current-link.js';
import { binaryIn, targetFolder, type HomePaths, type StagingTarget } from '../home/paths.js';
import { leftAside } from '../home/plan-files.js';
import { targetWithoutLink } from '../home/restore-current.js';
import { asideOf, removeAside } from '../home/write-whole.js';
import { findCommand } from '../host/find-command.js';
import { daemonsOf } from './daemon.js';
import type { Log } from './log.js';
import { holdersOf, isAlive, leadsSession } from './processes.js';
import type { NodeRun } from './context.js';

/** Milliseconds for a daemon that a killed supervisor left, where no grace is set. */
const orphanGrace = 10_000;

/** spec 1: a daemon left by a killed supervisor is found and stopped first, and its pid logged. */
export async function stopLeftProcesses({ home, log, config, environment }: NodeRun): Promise<void> {
  for (const pid of daemonsOf(home.daemonLock)) {
    log.warn('orphan-found', 'a daemon of a killed supervisor still runs: stopping it', { pid });
    tryKill(pid, 'SIGTERM');
    const deadline = performance.now() + (config.shutdownGrace ?? orphanGrace);
    while (isAlive(pid) && performance.now() < deadline) await delay(20);
    if (isAlive(pid)) tryKill(pid, 'SIGKILL');
    while (isAlive(pid)) await delay(20);
  }
  const helpersDie = findCommand('setpriv', environment.PATH) !== undefined;
  for (const pid of holdersOf(home.helperLock)) {
    // what a script or pre-upgrade has forked, and they themselves where they did not die with us; not what left their session
    if (helpersDie && leadsSession(pid)) continue;
    log.warn('orphan-found', 'a process of a killed upgrade still runs: ending it', { pid });
    tryKill(pid, 'SIGKILL');
    while (isAlive(pid)) await delay(20);
  }
}

function tryKill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (!hasCode(error, 'ESRCH')) throw error;
  }
}

/** Removes what a killed run left half-written, backups too. What resists is told, and is no reason to run nothing. */
export async function sweep({ home, config, log }: NodeRun, signal: AbortSignal): Promise<void> {
  for (const aside of [...leftAside(home), asideOf(home.upgradeRecord), nextLink(home)]) removeAside(aside);
  if (config.skipBackup) return;
  try {
    if (!readdirSync(config.backupDir).some((name) => name.endsWith('.partial'))) return;
    const { sweepBackups } = (await import('./steps.js')).upgradePart;
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
