// `cvtool backup make|list|prune`.
import { lockIdleHome } from '../backup/idle.js';
import { finishRollback } from '../backup/finish-rollback.js';
import { inventory, replacedTrees } from '../backup/inventory.js';
import { makeBackup } from '../backup/make.js';
import { prunable, prune } from '../backup/prune.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { readCurrent } from '../home/current-link.js';
import { targetName } from '../home/paths.js';
import { backupLines, inventoryData, inventoryLines, prunableLines } from '../report/backups.js';
import { print } from '../report/terminal.js';
import { agreed, backupVerb, type BackupHome, type BackupVerbOptions } from './backup-home.js';

export interface BackupOptions extends BackupVerbOptions {
  readonly keep?: number;
  /** Milliseconds. */
  readonly olderThan?: number;
}

/** @returns the exit status */
export function backupCommand(action: 'make' | 'list' | 'prune', options: BackupOptions): Promise<number> {
  return backupVerb(options, (on) => {
    if (action === 'make') return makeByHand(on, options);
    return action === 'list' ? list(on, options) : pruneByHand(on, options);
  });
}

async function makeByHand({ home, config, signal }: BackupHome, { json }: BackupOptions): Promise<number> {
  lockIdleHome(home);
  await finishRollback(home);
  const current = readCurrent(home);
  const made = await makeBackup({
    home: home.root,
    dataFolder: home.data,
    wasmFolder: home.wasm,
    backupDir: config.backupDir,
    plan: undefined,
    current: current && targetName(current),
    mode: config.backupMode,
    now: new Date(),
    signal,
  });
  print(...(json === true ? [JSON.stringify({ ok: true, ...made })] : backupLines(made)));
  return 0;
}

function list({ home, config }: BackupHome, { json }: BackupOptions): Promise<number> {
  const [listed, replaced] = [inventory(home, config.backupDir), replacedTrees(home)];
  const now = Date.now();
  print(
    ...(json === true
      ? [JSON.stringify(inventoryData(config.backupDir, listed, replaced))]
      : inventoryLines(config.backupDir, listed, replaced, now)),
  );
  return Promise.resolve(0);
}

async function pruneByHand({ home, config, signal }: BackupHome, options: BackupOptions): Promise<number> {
  const { keep, olderThan, json } = options;
  if (keep === undefined && olderThan === undefined) {
    throw new CvtoolError('USAGE', 'neither --keep nor --older-than says what may go', {
      hint: 'cvtool backup prune --keep 3, or --older-than 720h',
    });
  }
  const old = prunable(home, config.backupDir, { keep, olderThan, now: Date.now() });
  const isNothing = old.backups.length + old.replaced.length === 0;
  if (json !== true) print(...prunableLines(old));
  if (!isNothing) {
    if (!(await agreed(options, 'Remove them?', signal))) return 1;
    await prune(config.backupDir, old, signal);
  }
  const removed = [...old.backups, ...old.replaced].map(({ folder }) => folder);
  if (json === true) print(JSON.stringify({ ok: true, removed }));
  return 0;
}
