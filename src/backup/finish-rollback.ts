// Brings a rollback to its end that was killed, from wherever it stood: what was only being built is removed, what was decided is
// done. Each step may be made again. `run` loads this where a journal lies there. The caller holds the run lock.
import { lstatSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';

import { CvtoolError, messageOf } from '../errors/cvtool-error.js';
import { readCurrent, switchCurrent } from '../home/current-link.js';
import { targetName, type HomePaths, type StagingTarget } from '../home/paths.js';
import { syncPath } from '../home/sync.js';
import { removeUpgradeRecord } from '../home/upgrade-record.js';
import { unescapePlanName } from '../values/plan-name.js';
import { bytePath } from './bytes.js';
import { startPace } from './pace.js';
import { recordName } from './record.js';
import { removeFolder } from './remove.js';
import {
  readJournal,
  removeJournal,
  writeJournal,
  type ReplacedTree,
  type RollbackJournal,
} from './rollback-journal.js';
import { keepNewest } from './signing-state.js';

/**
 * @returns what was found: a rollback that was `finished` or `undone`; undefined: there was none
 * @throws ROLLBACK_FAILED, SIGNING_STATE; the journal then stays, and the next call goes on from there
 */
export async function finishRollback(
  home: HomePaths,
): Promise<{ readonly kind: 'finished' | 'undone'; readonly journal: RollbackJournal } | undefined> {
  const journal = readJournal(home);
  if (journal === undefined) return undefined;
  if (journal.state === 'building') {
    await undo(home, journal);
    return { kind: 'undone', journal };
  }
  const [first] = journal.trees;
  for (const tree of journal.trees) {
    try {
      replace(tree);
    } catch (error) {
      if (tree !== first || isThere(tree.replaced) || !isThere(tree.target)) throw error;
      await undo(home, journal); // nothing has been replaced yet
      throw asFailure(error, tree);
    }
  }
  const current = parseTarget(journal.current);
  const linked = current && readCurrent(home);
  if (current !== undefined && (linked === undefined || targetName(linked) !== targetName(current))) {
    switchCurrent(home, current);
  }
  removeUpgradeRecord(home); // of an upgrade that went on from other data
  removeJournal(home);
  return { kind: 'finished', journal };
}

/** Removes what was being built. Half of it must not be taken for what was decided, so the journal takes that back first. */
export async function undo(home: HomePaths, journal: RollbackJournal): Promise<void> {
  const noted = readJournal(home);
  if (noted?.state === 'decided') writeJournal(home, { ...journal, state: 'building' });
  for (const { fresh } of journal.trees) {
    if (isThere(fresh)) await removeFolder(bytePath(fresh), recordName, startPace(undefined));
  }
  if (noted !== undefined) removeJournal(home);
}

/** @returns what a record's `current` names; undefined where it names nothing @throws ROLLBACK_FAILED for what is no target */
export function parseTarget(text: string | null): StagingTarget | undefined {
  if (text === null) return undefined;
  if (text === 'genesis') return { kind: 'genesis' };
  const [, folder] = /^upgrades\/([^/]+)$/.exec(text) ?? [];
  if (folder !== undefined) return { kind: 'upgrade', plan: unescapePlanName(folder) };
  throw new CvtoolError('ROLLBACK_FAILED', `${JSON.stringify(text)} is neither genesis nor an upgrade's folder`, {
    hint: 'The record of that backup is damaged: `cvtool backup list` shows the others.',
  });
}

function replace({ tree, target, fresh, replaced, existed }: ReplacedTree): void {
  if (!isThere(fresh)) {
    if (isThere(target) && (!existed || isThere(replaced))) return; // done
    const missing = isThere(target) ? fresh : `${target} and ${fresh}`;
    throw new CvtoolError('ROLLBACK_FAILED', `a rollback was under way, and ${missing} cannot be found any more`, {
      hint: `Put what should be there in its place (what was replaced became ${replaced}), then remove cosmovisor/.cvtool/rollback.json.`,
    });
  }
  if (isThere(target)) {
    if (isThere(replaced)) {
      throw new CvtoolError('ROLLBACK_FAILED', `${target} was made anew while a rollback was under way`, {
        hint: `Move it away, then run cvtool again: ${fresh} takes its place. What was replaced is ${replaced}.`,
      });
    }
    if (tree === 'data') keepNewest(target, fresh); // again: a node that was started by hand may have signed
    renameSync(target, replaced);
    syncPath(dirname(target));
  } else if (tree === 'data' && isThere(replaced)) {
    keepNewest(replaced, fresh);
  }
  renameSync(fresh, target);
  syncPath(dirname(target));
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function asFailure(error: unknown, { target }: ReplacedTree): unknown {
  if (error instanceof CvtoolError) return error;
  return new CvtoolError('ROLLBACK_FAILED', `${target} cannot be replaced: ${messageOf(error)}`, {
    hint: 'Nothing has been changed. Is it a mount point, or may this user not write in the folder that it lies in?',
    cause: error,
  });
}
