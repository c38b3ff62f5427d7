// The note of an upgrade under way, and its backup: one for each upgrade, however often a run is killed and goes on with it.
import { existsSync, readdirSync, realpathSync } from 'node:fs';

import { isSystemError } from '../errors/cvtool-error.js';
import { bytePath } from '../backup/bytes.js';
import { listBackups } from '../backup/list.js';
import { makeBackup } from '../backup/make.js';
import { parseBackupName } from '../backup/names.js';
import { startPace } from '../backup/pace.js';
import { removeLeftovers } from '../backup/partial.js';
import { targetName, type HomePaths } from '../home/paths.js';
import { readUpgradeRecord, writeUpgradeRecord, type UpgradeRecord } from '../home/upgrade-record.js';
import type { Log } from './log.js';
import type { Plan } from './machine/plan.js';
import type { StepContext } from './context.js';

/** Notes that the upgrade is under way; a run that goes on with one keeps what the one before it noted. Durable. */
export function noteUpgrade(plan: Plan, context: StepContext): void {
  if (!isRecorded(plan, context)) writeUpgradeRecord(context.home, newRecord(plan, context));
}

function isRecorded(plan: Plan, { home, runningBefore }: StepContext): boolean {
  const record = readUpgradeRecord(home);
  return (
    record?.plan.name === plan.name &&
    record.plan.height === plan.height &&
    record.runningBefore === targetName(runningBefore)
  );
}

function newRecord(plan: Plan, { runningBefore, config }: StepContext): UpgradeRecord {
  const { name, spelled, height, info, from } = plan;
  return {
    plan: { name, spelled, height, info },
    from,
    runningBefore: targetName(runningBefore),
    backup: undefined,
    backupsBefore: config.skipBackup ? undefined : backupNames(config.backupDir),
  };
}

/** A stop ends it cleanly. @throws what kept it from being made */
export async function backUp(plan: Plan, context: StepContext, signal: AbortSignal): Promise<void> {
  const { config, home, log } = context;
  const started = new Date();
  log.info('backup-started', 'starting to take backup of data directory', {
    'backup start time': started.toISOString(),
  });
  let made;
  try {
    made = await makeBackup({
      home: home.root,
      dataFolder: home.data,
      wasmFolder: home.wasm,
      backupDir: config.backupDir,
      plan: { name: plan.name, height: plan.height },
      current: targetName(context.runningBefore),
      mode: config.backupMode,
      now: started,
      onProgress: ({ bytes, totalBytes, rate, secondsLeft }) =>
        log.info('backup-progress', 'copying data', {
          bytes,
          of: totalBytes,
          'bytes per second': rate,
          'seconds left': Math.ceil(secondsLeft),
        }),
      signal,
    });
  } catch (error) {
    if (signal.aborted) return; // a stop ends it cleanly: nothing of it is left
    throw error;
  }
  writeUpgradeRecord(home, { ...(readUpgradeRecord(home) ?? newRecord(plan, context)), backup: made.folder });
  for (const why of made.leftovers) log.warn('backup-leftover', 'a half-made backup cannot be removed', { error: why });
  warnOf(made.special, 'backup-special', 'a backup does not hold sockets, FIFOs and devices', log);
  warnOf(
    made.leadingOut,
    'backup-leads-out',
    'links that lead out of data: what they lead to is not in the backup',
    log,
  );
  log.info('backup-completed', 'backup completed', {
    'backup completion time': new Date().toISOString(),
    'backup saved at': made.folder,
    'time taken to complete backup': Math.round(made.seconds * 1e6) / 1e3,
  });
}

function warnOf(paths: readonly string[], event: string, message: string, log: Log): void {
  if (paths.length > 0) log.warn(event, message, { files: paths.length, first: paths[0] });
}

/**
 * Removes what a killed run left of this home's backups.
 * @returns what could not be removed, and why
 * @throws the system's error, BACKUP_FAILED: it cannot be looked for
 */
export function sweepBackups(backupDir: string, home: HomePaths, signal: AbortSignal): Promise<string[]> {
  return removeLeftovers(bytePath(backupDir), realpathSync(home.root), startPace(signal));
}

/** The backup of this upgrade that an earlier run made and may have had no time to note. */
export function backupOf(
  record: UpgradeRecord,
  { config, home }: Pick<StepContext, 'config' | 'home'>,
): string | undefined {
  if (config.skipBackup) return record.backup;
  if (record.backup !== undefined && existsSync(record.backup)) return record.backup;
  const { plan, backupsBefore } = record;
  const root = realpathSync(home.root);
  const known = new Set(backupsBefore ?? []);
  const made = listBackups(config.backupDir).filter(({ name }) => backupsBefore !== undefined && !known.has(name));
  const itself = made.find(
    ({ record: { home: of, plan: by } }) => of === root && by?.name === plan.name && by.height === plan.height,
  );
  return itself?.folder;
}

/** Names alone: a record may list a hundred thousand files. undefined where the folder says nothing, as the backup will tell. */
function backupNames(dir: string): readonly string[] | undefined {
  try {
    return readdirSync(dir).filter((name) => parseBackupName(name) !== undefined);
  } catch (error) {
    if (isSystemError(error)) return undefined;
    throw error;
  }
}
