// What a node's run needs one day, as one part of the program: the start reads its bytes, and the first need evaluates them. So a
// node that idles does not hold it, and the day finds the version that was started, whatever cvtool on the disk is by then.
import { mendStaging } from '../home/replace-folder.js';
import { heldDatabaseLock } from './database-lock.js';
import { hintOfEnd, type EndFacts } from './end-hint.js';
import { askHeight } from './height.js';
import { stopLeftProcesses } from './left-processes.js';
import { finishLeftRollback } from './left-rollback.js';
import { carryOutStep, untilUnlocked } from './steps.js';
import { backupOf, noteUpgrade, sweepBackups } from './upgrade-backup.js';

export const later = {
  askHeight,
  backupOf,
  carryOutStep,
  finishLeftRollback,
  hintOfEnd: hintOf,
  mendStaging,
  noteUpgrade,
  stopLeftProcesses,
  sweepBackups,
  untilUnlocked,
};

/** What the end of a daemon means, by what can be known without its output. */
function hintOf(facts: EndFacts, data: string): string {
  const hint = hintOfEnd({ ...facts, locked: heldDatabaseLock(data) });
  return hint ?? 'What it said last stands above: `cvtool explain` reads a log.';
}
