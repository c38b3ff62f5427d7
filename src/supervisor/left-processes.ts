// What a killed supervisor left running: its daemon, and what an upgrade had started. Found by the locks that they hold open.
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { hasCode } from '../errors/cvtool-error.js';
import { findCommand } from '../host/find-command.js';
import type { NodeRun } from './context.js';
import { birthOf, holdersOf, isAlive, leadsSession } from './processes.js';

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

/**
 * The daemons that a killed supervisor left: who holds `lockFile` open and leads a session (what a daemon forks does not), and
 * who is noted in it.
 */
export function daemonsOf(lockFile: string): readonly number[] {
  const noted = notedPid(lockFile);
  const holders = holdersOf(lockFile).filter(leadsSession);
  return [...new Set([...holders, ...(noted === undefined ? [] : [noted])])].filter(isAlive);
}

function notedPid(lockFile: string): number | undefined {
  try {
    const [, pid, birth] = /^(\d+) (\S.*)$/m.exec(readFileSync(lockFile, 'utf8')) ?? [];
    return pid !== undefined && birthOf(Number(pid)) === birth ? Number(pid) : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EIO', 'EACCES')) return undefined;
    throw error;
  }
}
