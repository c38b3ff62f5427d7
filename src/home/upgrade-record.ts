// What the supervisor remembers of an upgrade under way, so that a run after a kill goes on from where it stood, with no second
// backup, and never by starting the old binary again.
import { readFileSync, rmSync } from 'node:fs';

import { hasCode } from '../errors/cvtool-error.js';
import { parsePlanName } from '../values/plan-name.js';
import type { HomePaths } from './paths.js';
import type { StoredPlan } from './plan-files.js';
import { writeWhole } from './write-whole.js';

export interface UpgradeRecord {
  readonly plan: StoredPlan;
  readonly from: 'chain' | 'manual';
  /** `current`'s folder when it began: where that is another by now, the record is of another time. */
  readonly runningBefore: string;
  /** The backup's folder, once it is whole. */
  readonly backup: string | undefined;
  /** The backups that were there when it began: another one of this plan was made by it. undefined: not looked at. */
  readonly backupsBefore: readonly string[] | undefined;
}

/** @returns undefined where there is none, or one that is damaged: then the plan files decide, as ever @throws the system's error */
export function readUpgradeRecord(home: HomePaths): UpgradeRecord | undefined {
  try {
    const value = JSON.parse(readFileSync(home.upgradeRecord, 'utf8')) as Record<string, unknown>;
    const { name, spelled, height, info, from, runningBefore, backup, backupsBefore } = value;
    if (typeof name !== 'string' || typeof spelled !== 'string' || typeof height !== 'number') return undefined;
    if (typeof info !== 'string' || (from !== 'chain' && from !== 'manual') || typeof runningBefore !== 'string')
      return undefined;
    const plan = { name: parsePlanName(name, { recase: false, fromChain: true }), spelled, height, info };
    return {
      plan,
      from,
      runningBefore,
      backup: typeof backup === 'string' ? backup : undefined,
      backupsBefore: Array.isArray(backupsBefore) ? backupsBefore.map(String) : undefined,
    };
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'NAME_INVALID') || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Durable when it returns. */
export function writeUpgradeRecord(home: HomePaths, { plan, ...rest }: UpgradeRecord): void {
  writeWhole(home.upgradeRecord, `${JSON.stringify({ ...plan, ...rest })}\n`, 0o644);
}

/** After a switch, or where the plan is no longer one. */
export function removeUpgradeRecord(home: HomePaths): void {
  rmSync(home.upgradeRecord, { force: true });
}
