// The names of backups, made and parsed side by side: `parseBackupName(backupName(n))` is `n`.
//   data-backup-2026-7-1                         as cosmovisor names it: local date, no padding
//   data-backup-2026-7-1-v2.2.0-9000000          the day had one: the plan's folder name and height
//   data-backup-2026-7-1-v2.2.0-9000000.2        and so had the plan; `.` since a height has none
//   data-backup-2026-7-1.2                       there is no plan, or its name is too long for a file's
// Before it is whole, `.partial` follows; what belongs to it from `wasm/` begins with `wasm-backup-`.
import { escapePlanName, unescapePlanName, type PlanName } from '../values/plan-name.js';
import { CvtoolError } from '../errors/cvtool-error.js';

export type TreeName = 'data' | 'wasm';

export interface BackupPlan {
  readonly name: PlanName;
  readonly height: number;
}

/** What the folders of one backup have in common. */
export interface BackupSuffix {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly plan?: BackupPlan | undefined;
  /** From 2 on. */
  readonly number?: number | undefined;
}

export interface BackupName extends BackupSuffix {
  readonly tree: TreeName;
  readonly partial: boolean;
}

/** The longest file name of Linux's file systems, in bytes (NAME_MAX, limits.h), without room for a number and the mark. */
const longest = 255 - '.99999.partial'.length;

export function backupName({ tree, partial, ...suffix }: BackupName): string {
  return `${tree}-backup-${suffixText(suffix)}${partial ? '.partial' : ''}`;
}

/** @returns undefined where it is no name that `backupName` makes */
export function parseBackupName(name: string): BackupName | undefined {
  const parts =
    /^(data|wasm)-backup-(\d{1,4})-(\d{1,2})-(\d{1,2})(?:-(.+)-(\d{1,16}))?(?:\.(\d{1,5}))?(\.partial)?$/.exec(name);
  if (parts === null) return undefined;
  const [, tree, year, month, day, folder, height, number, mark] = parts;
  const planName = folder === undefined ? undefined : planOf(folder);
  const parsed: BackupName = {
    tree: tree === 'wasm' ? 'wasm' : 'data',
    partial: mark !== undefined,
    year: Number(year),
    month: Number(month),
    day: Number(day),
    ...(planName !== undefined && { plan: { name: planName, height: Number(height) } }),
    ...(number !== undefined && { number: Number(number) }),
  };
  return backupName(parsed) === name ? parsed : undefined; // no leading zeros, no name that is no plan's
}

/** The names that a backup may bear, the best first, without end. @param now its local date counts */
export function* suffixesFor(now: Date, plan: BackupPlan | undefined): Generator<BackupSuffix, void> {
  const day: BackupSuffix = { year: now.getFullYear(), month: now.getMonth() + 1, day: now.getDate() };
  yield day;
  const long = { ...day, plan };
  const base = plan !== undefined && `data-backup-${suffixText(long)}`.length <= longest ? long : day;
  if (base !== day) yield base;
  for (let number = 2; ; number += 1) yield { ...base, number };
}

function suffixText({ year, month, day, plan, number }: BackupSuffix): string {
  const planned = plan === undefined ? '' : `-${escapePlanName(plan.name)}-${plan.height}`;
  return `${year}-${month}-${day}${planned}${number === undefined ? '' : `.${number}`}`;
}

function planOf(folder: string): PlanName | undefined {
  try {
    return unescapePlanName(folder);
  } catch (error) {
    if (error instanceof CvtoolError) return undefined; // somebody else's folder
    throw error;
  }
}
