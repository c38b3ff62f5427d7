// Puts a backup back. Until the journal says `decided` nothing of the home has changed, and a kill leaves what the next run or
// rollback removes; from then on a kill leaves what they finish. The backup stays as it is: what is put back shares with it the very
// files that it shares with `data`, and nothing else.
import { existsSync, lstatSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { CvtoolError, hasCode, isSystemError, messageOf } from '../errors/cvtool-error.js';
import { binaryIn, targetFolder, type HomePaths, type StagingTarget } from '../home/paths.js';
import { syncPath } from '../home/sync.js';
import { freeBytes } from '../host/folders.js';
import { below, bytePath, forSystem } from './bytes.js';
import { refuseSuspect } from './choose.js';
import { startCopier } from './copy-file.js';
import { copyTree, finishFolder, shareTree } from './fill-tree.js';
import { finishRollback, parseTarget, undo } from './finish-rollback.js';
import type { Backup } from './list.js';
import { startPace } from './pace.js';
import { readRecord, type RecordWriter } from './record.js';
import { writeJournal, type ReplacedTree, type RollbackJournal } from './rollback-journal.js';
import { shareIn, type BackupMode, type Sharing } from './share.js';
import { keepNewest, newestOf, type Kept } from './signing-state.js';

interface RestoredTree extends ReplacedTree {
  /** Of the backup. */
  readonly source: string;
}

export interface RollbackPlan {
  readonly backup: Backup;
  readonly trees: readonly RestoredTree[];
  /** undefined: the backup knows of no link, and the link stays. */
  readonly current: StagingTarget | undefined;
  readonly signing: Kept;
}

/**
 * What a rollback would do; changes nothing.
 * @throws BACKUP_UNFIT, SIGNING_STATE, NOT_STAGED where the binary is gone, ROLLBACK_FAILED where data cannot be replaced by a rename
 */
export function planRollback(home: HomePaths, backup: Backup, now: Date): RollbackPlan {
  refuseSuspect(backup);
  const current = parseTarget(backup.record.current);
  if (current !== undefined) refuseWithoutBinary(home, current);
  const stamp = now.toISOString().replace(/[-:]|\.\d+/g, '');
  const sources = [
    { tree: 'data' as const, path: home.data, source: backup.folder },
    ...(backup.wasmFolder === undefined ? [] : [{ tree: 'wasm' as const, path: home.wasm, source: backup.wasmFolder }]),
  ];
  const trees = sources.map(({ tree, path, source }) => ({ tree, source, ...placesOf(path, stamp) }));
  const [data] = trees;
  const live = data !== undefined && existsSync(data.target) ? data.target : undefined;
  return { backup, trees, current, signing: newestOf(live, backup.folder) };
}

/**
 * The caller holds the run lock, and no node runs.
 * @throws NO_SPACE, ROLLBACK_FAILED, SIGNING_STATE, the signal's reason; the home is then as it was
 */
export async function carryOutRollback(
  home: HomePaths,
  { backup, trees }: RollbackPlan,
  { mode, signal }: { readonly mode: BackupMode; readonly signal?: AbortSignal },
): Promise<void> {
  const journal: RollbackJournal = {
    schema: 1,
    state: 'building',
    backup: backup.folder,
    trees: trees.map(({ tree, target, fresh, replaced, existed }) => ({ tree, target, fresh, replaced, existed })),
    current: backup.record.current,
  };
  try {
    writeJournal(home, journal);
    for (const tree of trees) await build(tree, mode === 'copy' ? 'copy' : backup.record.mode, signal);
    writeJournal(home, { ...journal, state: 'decided' });
  } catch (error) {
    await undo(home, journal);
    throw asFailure(error, signal);
  }
  await finishRollback(home);
}

async function build({ tree, source, target, fresh }: RestoredTree, mode: BackupMode, signal?: AbortSignal) {
  const folder = bytePath(realpathSync(source));
  const partial = bytePath(fresh);
  const pace = startPace(signal);
  const copier = startCopier(pace);
  const stat = lstatSync(forSystem(folder));
  const shared = new Set<string>(readRecord(folder)?.linkedFiles.map(({ path }) => below(folder, path)));
  try {
    mkdirSync(fresh, { mode: 0o700 });
    const around = { sharing: sharingOnly(shared, mode), copier, pace, record: noRecord };
    const surveyed = await shareTree({ folder, partial }, around);
    refuseWithoutSpace(dirname(fresh), surveyed.neededBytes);
    await copyTree({ folder, partial, ...surveyed }, { copier, pace, onBytes: () => undefined });
    if (tree === 'data') keepNewest(existsSync(target) ? target : undefined, fresh);
    finishFolder(partial, stat);
    syncPath(dirname(fresh));
  } finally {
    copier.close();
  }
}

/** A file that the backup does not share with `data` is not watched by its record: then it stays the backup's own. */
function sharingOnly(shared: ReadonlySet<string>, mode: BackupMode): Sharing {
  const sharing = shareIn(mode === 'copy' ? 'copy' : 'auto');
  return { ...sharing, link: (from, to, stat) => shared.has(from) && sharing.link(from, to, stat) };
}

const noRecord: RecordWriter = { add: () => undefined, finish: () => undefined, close: () => undefined };

/** A link is followed: what it leads to is replaced, on its file system. */
function placesOf(path: string, stamp: string): Omit<ReplacedTree, 'tree'> {
  const target = realTarget(path);
  const parent = dirname(target);
  const stat = statSync(target, { throwIfNoEntry: false });
  if (stat !== undefined && (!stat.isDirectory() || statSync(parent).dev !== stat.dev)) {
    const what = stat.isDirectory() ? 'is a mount point, which no rename replaces' : 'is not a folder';
    throw new CvtoolError('ROLLBACK_FAILED', `${target} ${what}`, {
      hint: 'Let data be a folder on that disk, and a link to it, such as data -> /mnt/disk/data.',
    });
  }
  for (let number = 1; ; number += 1) {
    const mark = number === 1 ? stamp : `${stamp}.${number}`;
    const places = { fresh: `${target}-restoring-${mark}`, replaced: `${target}-replaced-${mark}` };
    if (![places.fresh, places.replaced].some(isThere)) return { target, ...places, existed: stat !== undefined };
  }
}

function realTarget(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  if (!isThere(path)) return join(realpathSync(dirname(path)), basename(path));
  throw new CvtoolError('ROLLBACK_FAILED', `${path} is a link that leads nowhere`, { hint: 'Is its disk mounted?' });
}

function isThere(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function refuseWithoutBinary(home: HomePaths, target: StagingTarget): void {
  const binary = binaryIn(home, targetFolder(home, target));
  if (statSync(binary, { throwIfNoEntry: false })?.isFile() === true) return;
  const stage = target.kind === 'genesis' ? 'stage-genesis --tag <tag>' : `stage-upgrade ${target.plan}`;
  throw new CvtoolError('NOT_STAGED', `the backup was made under ${binary}, which is not there`, {
    hint: `Stage it again: \`cvtool ${stage}\`.`,
  });
}

function refuseWithoutSpace(dir: string, needed: number): void {
  const free = freeBytes(dir);
  if (needed <= free) return;
  const [wants, has] = [needed, free].map((bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`);
  throw new CvtoolError('NO_SPACE', `no space left in ${dir}: the rollback needs ${wants}, and ${has} are free`, {
    hint: 'Free some there: `cvtool backup prune` removes old backups and what rollbacks have replaced.',
  });
}

function asFailure(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return signal.reason;
  if (error instanceof CvtoolError && error.code !== 'BACKUP_FAILED') return error;
  if (!(error instanceof CvtoolError) && !isSystemError(error)) return error;
  const isFull = hasCode(error, 'ENOSPC', 'EDQUOT');
  return new CvtoolError(
    isFull ? 'NO_SPACE' : 'ROLLBACK_FAILED',
    `the backup cannot be put back, and nothing has been changed: ${messageOf(error)}`,
    { hint: 'Is the disk in order, and may this user write beside data?', cause: error },
  );
}
