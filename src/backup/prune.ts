// Removes old backups. Of the whole ones of this home the last that can be put back stays, whatever was asked for, and so does one
// that an upgrade or a rollback under way leans on.
import { lstatSync, renameSync } from 'node:fs';

import type { HomePaths } from '../home/paths.js';
import { readUpgradeRecord } from '../home/upgrade-record.js';
import { syncPath } from '../home/sync.js';
import { bytePath } from './bytes.js';
import { inventory, replacedTrees, type Listed, type Replaced } from './inventory.js';
import { startPace } from './pace.js';
import { recordName } from './record.js';
import { removeFolder } from './remove.js';
import { readJournal } from './rollback-journal.js';

export interface PruneRequest {
  /** Whole backups to leave. */
  readonly keep: number | undefined;
  /** Milliseconds. */
  readonly olderThan: number | undefined;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

export interface Prunable {
  readonly backups: readonly Listed[];
  readonly replaced: readonly Replaced[];
}

/** What would be removed: all that neither `keep` nor `olderThan` spares. Changes nothing. */
export function prunable(
  home: HomePaths,
  dir: string,
  { keep = 0, olderThan = -Infinity, now }: PruneRequest,
): Prunable {
  const ours = inventory(home, dir).filter(({ state }) => state === 'whole' || state === 'suspect');
  const last = ours.find(({ state }) => state === 'whole') ?? ours[0];
  const needed = [readUpgradeRecord(home)?.backup, readJournal(home)?.backup];
  const isOld = (time: number): boolean => now - time > olderThan;
  return {
    backups: ours
      .slice(keep)
      .filter((each) => each !== last && !needed.includes(each.folder))
      .filter(({ backup }) => backup !== undefined && isOld(Date.parse(backup.record.time))),
    replaced: readJournal(home) === undefined ? replacedTrees(home).filter(({ time }) => isOld(time.getTime())) : [],
  };
}

/** Half of it may be gone after a kill: what then has a backup's name is whole, and the next backup removes the rest. */
export async function prune(dir: string, { backups, replaced }: Prunable, signal: AbortSignal): Promise<void> {
  const pace = startPace(signal);
  for (const { backup } of backups) {
    if (backup === undefined) continue;
    const folders = [backup.folder, backup.wasmFolder].filter((folder) => folder !== undefined);
    for (const folder of folders) {
      renameSync(folder, `${folder}.partial`);
      syncPath(dir);
    }
    for (const folder of folders.reverse()) await removeFolder(bytePath(`${folder}.partial`), recordName, pace);
  }
  for (const { folder } of replaced) {
    if (lstatSync(folder).isDirectory()) await removeFolder(bytePath(folder), recordName, pace);
  }
}
