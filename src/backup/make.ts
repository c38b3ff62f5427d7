// A backup of `data` (and `wasm/`) beside it. A folder that has a backup's name is whole and durable, whatever was killed and
// whenever; one that failed is gone when the error is thrown, and one that was killed is removed by the next.
import { renameSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { CvtoolError, messageOf } from '../errors/cvtool-error.js';
import { syncPath } from '../home/sync.js';
import { quoted } from '../values/printable.js';
import { below, bytePath, forSystem, shown, type BytePath } from './bytes.js';
import { failed, reading, writing } from './failure.js';
import { fillParts, type Part } from './fill-parts.js';
import { parseBackupName, type BackupPlan } from './names.js';
import { startPace } from './pace.js';
import { isThere, makePartials, namesIn, partialName, removeLeftovers, removePartials, wholeName } from './partial.js';
import type { OnProgress } from './progress.js';
import type { RecordCounts, RecordHead } from './record.js';
import type { BackupMode } from './share.js';
import { backupFolder, realFolder, sourcesOf } from './sources.js';

export interface BackupRequest {
  /** DAEMON_HOME. The caller holds its lock, and no daemon runs. */
  readonly home: string;
  /** `data`, or a link to it. */
  readonly dataFolder: string;
  /** `wasm`, or a link to it; backed up where it is there. */
  readonly wasmFolder?: string | undefined;
  /** A folder, outside of both. */
  readonly backupDir: string;
  /** undefined: made by hand. */
  readonly plan: BackupPlan | undefined;
  /** What `current` points to: `genesis` or `upgrades/<name>`. */
  readonly current: string | undefined;
  readonly mode: BackupMode;
  /** Its local date is in the name. */
  readonly now: Date;
  /** Told at most once a second, while something is copied. */
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The counts are of `data` and `wasm` together; `special` and `leadingOut` are worth a warning. */
export interface BackupResult extends RecordCounts {
  readonly folder: string;
  readonly wasmFolder: string | undefined;
  /** Why something that a killed run left could not be removed. */
  readonly leftovers: readonly string[];
  readonly seconds: number;
}

/**
 * Leaves the event loop a turn about every 20 ms.
 * @throws NO_SPACE, BACKUP_FAILED, or the signal's reason; nothing of the backup is then left
 */
export async function makeBackup(request: BackupRequest): Promise<BackupResult> {
  const start = performance.now();
  const pace = startPace(request.signal);
  const sources = sourcesOf(request.dataFolder, request.wasmFolder);
  const dir = backupFolder(request.backupDir, sources);
  const home = shown(realFolder(request.home, 'It is DAEMON_HOME.'));
  const leftovers = await removeLeftovers(dir, home, pace);
  const head = headOf(request, home, dir);
  const made: BytePath[] = [];
  try {
    const trees = sources.map(({ tree }) => tree);
    const suffix = await makePartials(dir, home, trees, { ...request, made });
    const parts = sources.map((source) => ({
      ...source,
      partial: below(dir, partialName(source.tree, suffix)),
      whole: below(dir, wholeName(source.tree, suffix)),
    }));
    const wasm = parts.length > 1 ? shown(wholeName('wasm', suffix)) : null;
    const counts = await fillParts(parts, { ...head, wasm }, request, pace);
    await pace.turn();
    publish(dir, parts);
    return {
      ...counts,
      folder: join(request.backupDir, shown(wholeName('data', suffix))),
      wasmFolder: wasm === null ? undefined : join(request.backupDir, wasm),
      leftovers,
      seconds: (performance.now() - start) / 1000,
    };
  } catch (error) {
    throw await afterRemoval(error, made);
  }
}

function headOf({ dataFolder, plan, current, mode, now }: BackupRequest, home: string, dir: BytePath): RecordHead {
  return {
    schema: 1,
    home,
    source: shown(realFolder(dataFolder, 'It is to be backed up.')),
    time: now.toISOString(),
    plan: plan ?? null,
    current: current ?? null,
    mode,
    planFile: planFileIn(dataFolder),
    wasm: null,
    after: namesIn(dir).map(shown).filter(isWholeData),
  };
}

/** What tells one halt at a plan from another: the node writes this file anew at each. */
export function planFileIn(dataFolder: string): RecordHead['planFile'] {
  const path = join(dataFolder, 'upgrade-info.json');
  const stat = reading(bytePath(path), () => statSync(path, { throwIfNoEntry: false }));
  return stat === undefined ? null : { size: stat.size, mtimeMs: stat.mtimeMs };
}

function isWholeData(name: string): boolean {
  const parsed = parseBackupName(name);
  return parsed?.tree === 'data' && !parsed.partial;
}

/** The whole names appear, that of `data` last: it is what says that there is a backup. @throws with no name taken */
function publish(dir: BytePath, parts: readonly Part[]): void {
  const renamed: Part[] = [];
  try {
    for (const part of [...parts].reverse()) {
      if (isThere(part.whole)) throw failed(`${quoted(shown(part.whole))} exists now`, 'Run cvtool again.');
      writing(part.whole, () => renameSync(forSystem(part.partial), forSystem(part.whole)));
      renamed.push(part);
      writing(dir, () => syncPath(shown(dir)));
    }
  } catch (error) {
    for (const { whole, partial } of renamed.reverse()) {
      writing(partial, () => renameSync(forSystem(whole), forSystem(partial)));
    }
    throw error;
  }
}

/** @returns what is to be thrown */
async function afterRemoval(error: unknown, made: BytePath[]): Promise<unknown> {
  const folders = made.map(shown);
  try {
    await removePartials(made);
    return error;
  } catch (cause) {
    const message = `${messageOf(error)}; and ${folders.join(', ')} cannot be removed: ${messageOf(cause)}`;
    const code = error instanceof CvtoolError ? error.code : 'BACKUP_FAILED';
    return new CvtoolError(code, message, {
      hint: error instanceof CvtoolError ? error.hint : undefined,
      cause: error,
    });
  }
}
