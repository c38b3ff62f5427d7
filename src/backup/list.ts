// The whole backups that lie in a folder, the newest first.
import { join } from 'node:path';

import { below, bytePath, shown } from './bytes.js';
import { planFileIn } from './make.js';
import { parseBackupName, type BackupName, type BackupPlan } from './names.js';
import { isThere, namesIn } from './partial.js';
import { readRecord, type BackupRecord } from './record.js';
import { realFolder } from './sources.js';

export interface Backup {
  readonly name: string;
  readonly parsed: BackupName;
  readonly folder: string;
  readonly wasmFolder: string | undefined;
  readonly record: BackupRecord;
}

/**
 * Those that cvtool made, of whatever home. A cosmovisor's bears the same kind of name, but nothing says that it is whole: it
 * is not among them.
 * @throws BACKUP_FAILED where the folder or a record in it cannot be read
 */
export function listBackups(dir: string): Backup[] {
  const found = namesIn(bytePath(dir)).flatMap((name) => backupIn(dir, shown(name)) ?? []);
  return found.sort(newestFirst);
}

/** The backup of this home that was made at this very halt: a run that resumes makes no second one. */
export function findBackup(
  dir: string,
  { home, dataFolder, plan }: { home: string; dataFolder: string; plan: BackupPlan },
): Backup | undefined {
  const now = planFileIn(dataFolder);
  const real = shown(realFolder(home, 'It is DAEMON_HOME.'));
  return listBackups(dir).find(({ record }) => {
    const isOfPlan = record.plan?.name === plan.name && record.plan.height === plan.height;
    const isOfHalt = now !== null && record.planFile?.mtimeMs === now.mtimeMs && record.planFile.size === now.size;
    return record.home === real && isOfPlan && isOfHalt;
  });
}

function backupIn(dir: string, name: string): Backup | undefined {
  const parsed = parseBackupName(name);
  if (parsed?.tree !== 'data' || parsed.partial) return undefined;
  const folder = below(bytePath(dir), bytePath(name));
  const record = readRecord(folder);
  if (record === undefined) return undefined;
  const wasm = record.wasm === null ? undefined : join(dir, record.wasm);
  if (wasm !== undefined && !isThere(bytePath(wasm))) return undefined; // half of it
  return { name, parsed, folder: join(dir, name), wasmFolder: wasm, record };
}

/** By what each says was there before it, since clocks jump; by the clock where none knows the other. */
function newestFirst(a: Backup, b: Backup): number {
  if (a.record.after.includes(b.name)) return -1;
  if (b.record.after.includes(a.name)) return 1;
  return b.record.time.localeCompare(a.record.time);
}
