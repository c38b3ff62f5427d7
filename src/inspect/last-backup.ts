// The newest whole backup of a home, by the names in the folder where backups go.
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { parseBackupName, type BackupPlan } from '../backup/names.js';
import { hasCode } from '../errors/cvtool-error.js';

export interface FoundBackup {
  readonly path: string;
  /** When it was made whole: milliseconds since the epoch. */
  readonly at: number;
  /** Where its name tells it. */
  readonly plan: BackupPlan | undefined;
}

/** @returns undefined where there is none, or the folder cannot be read */
export function lastBackup(folder: string): FoundBackup | undefined {
  return namesIn(folder)
    .flatMap((name) => {
      const parsed = parseBackupName(name);
      if (parsed === undefined || parsed.partial || parsed.tree !== 'data') return [];
      const path = join(folder, name);
      const stat = lstatSync(path, { throwIfNoEntry: false });
      return stat?.isDirectory() === true ? [{ path, at: stat.ctimeMs, plan: parsed.plan }] : []; // ctime: of its last rename
    })
    .sort((one, other) => other.at - one.at)[0];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return [];
    throw error;
  }
}
