// A backup or a rollback by hand is for a home in which nothing runs: files of a database that is open do not fit each other.
import { CvtoolError } from '../errors/cvtool-error.js';
import type { HomePaths } from '../home/paths.js';
import { homeProcesses } from '../inspect/daemon-process.js';
import { daemonsOf } from '../supervisor/left-processes.js';
import { refuseHeldDatabase } from '../supervisor/database-lock.js';
import { lockForRun } from '../supervisor/run-lock.js';

/**
 * Locks the home against a node's run for the life of this process.
 * @throws HOME_LOCKED for a supervisor, TARGET_IN_USE for a node, each by its pid
 */
export function lockIdleHome(home: HomePaths): void {
  lockForRun(home.runLock, home.root);
  const pid = homeProcesses(home).daemon?.pid ?? daemonsOf(home.daemonLock)[0];
  if (pid !== undefined) {
    throw new CvtoolError('TARGET_IN_USE', `a node runs in ${home.root}: process ${pid}`, { hint: 'Stop it first.' });
  }
  refuseHeldDatabase(home);
}
