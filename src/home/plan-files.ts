// The plans of a home as files: x/upgrade's own, the list of manual ones, and the copy of what was applied. Reading is strict, and
// what cannot be read is an answer of its own: half-written content must not be acted on, nor end the supervisor.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { hasCode, messageOf } from '../errors/cvtool-error.js';
import { escapePlanName, parsePlanName, samePlanName, unescapePlanName, type PlanName } from '../values/plan-name.js';
import { targetFolder, type HomePaths, type StagingTarget } from './paths.js';
import { lockPlanList } from './plan-list-lock.js';
import { asideOf, writeWhole } from './write-whole.js';

/** A plan as a file holds it. */
export interface StoredPlan {
  readonly name: PlanName;
  /** As the file spells it. */
  readonly spelled: string;
  readonly height: number;
  readonly info: string;
}

/** What a look at a plan file found. */
export type PlanReading =
  | { readonly kind: 'plan'; readonly plan: StoredPlan }
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable'; readonly why: string };

/** The greatest plan file that is read; the node's own are some hundred bytes, a long `info` some thousand. */
const largest = 16 * 1024 * 1024;

export function planFile(home: HomePaths): string {
  return `${home.data}/upgrade-info.json`;
}

export function manualPlansFile(home: HomePaths): string {
  return `${home.data}/upgrade-info.json.batch`;
}

/** data/upgrade-info.json. @param recase lower-case names, as COSMOVISOR_DISABLE_RECASE says */
export function readPlan(home: HomePaths, recase: boolean): PlanReading {
  const text = readText(planFile(home));
  if (typeof text !== 'string') return text;
  try {
    return { kind: 'plan', plan: parsePlan(JSON.parse(text), recase) };
  } catch (error) {
    return { kind: 'unreadable', why: messageOf(error) };
  }
}

/** The list of manual plans, in the order of the file. */
export function readManualPlans(
  home: HomePaths,
  recase: boolean,
): { readonly plans: readonly StoredPlan[] } | { readonly why: string } {
  const text = readText(manualPlansFile(home));
  if (typeof text !== 'string') return text.kind === 'unreadable' ? { why: text.why } : { plans: [] };
  try {
    const value: unknown = JSON.parse(text);
    if (value === null) return { plans: [] }; // what cosmovisor makes of an empty CSV
    if (!Array.isArray(value)) throw new Error('it is no list of plans');
    return { plans: value.map((entry) => parsePlan(entry, recase)) };
  } catch (error) {
    return { why: messageOf(error) };
  }
}

/**
 * Takes one plan off the list of manual ones, by its name. A list that cannot be read stays as it is. Where a command that writes
 * the list does not come to its end, it is not waited for any longer.
 */
export function removeManualPlan(home: HomePaths, name: PlanName, recase: boolean): void {
  if (!isListed(readManualPlans(home, recase), name)) return;
  const lock = lockPlanList(home);
  try {
    removeLocked(home, name, recase);
  } finally {
    lock?.release();
  }
}

function isListed(reading: ReturnType<typeof readManualPlans>, name: PlanName): boolean {
  return 'plans' in reading && reading.plans.some((plan) => plan.name === name);
}

function removeLocked(home: HomePaths, name: PlanName, recase: boolean): void {
  const reading = readManualPlans(home, recase);
  if ('why' in reading || !isListed(reading, name)) return;
  const all = JSON.parse(readFileSync(manualPlansFile(home), 'utf8')) as unknown[];
  const left = all.filter((_, index) => reading.plans[index]?.name !== name);
  writeWhole(manualPlansFile(home), `${JSON.stringify(left, undefined, 2)}\n`, 0o644);
}

/**
 * Puts a manual plan whose height has come where x/upgrade keeps its own: the new binary reads its store upgrades there, and a
 * plan of the past that lies there would be taken for one that is still to come. One of the chain's that really is stays.
 */
export function publishManualPlan(
  home: HomePaths,
  plan: StoredPlan,
  running: PlanName | undefined,
  recase: boolean,
): void {
  const there = readPlan(home, recase);
  const isToCome = there.kind === 'plan' && there.plan.name !== running && there.plan.height > plan.height;
  if (!isToCome) writeWhole(planFile(home), planText(plan), 0o644);
}

/**
 * Writes the copy of an applied plan into its folder: for the chain's plan the bytes of its file, whatever else stands in them.
 */
export function writeAppliedPlan(home: HomePaths, plan: StoredPlan, from: 'chain' | 'manual', recase: boolean): void {
  const file = join(home.upgrades, escapePlanName(plan.name), 'upgrade-info.json');
  const bytes = from === 'chain' ? bytesOfPlan(home, plan, recase) : undefined;
  writeWhole(file, bytes ?? planText(plan), 0o644);
}

/** As Go marshals it. */
function planText({ spelled: name, height, info }: StoredPlan): string {
  return JSON.stringify({ name, time: '0001-01-01T00:00:00Z', height, info });
}

/** The temporary names under which a run that was killed may have left something. */
export function leftAside(home: HomePaths): readonly string[] {
  return [
    planFile(home),
    manualPlansFile(home),
    ...foldersOf(home.upgrades).map((folder) => join(home.upgrades, folder, 'upgrade-info.json')),
  ].map(asideOf);
}

/** The bytes of data/upgrade-info.json where it still holds this very plan. */
function bytesOfPlan(home: HomePaths, plan: StoredPlan, recase: boolean): string | undefined {
  const text = readText(planFile(home));
  if (typeof text !== 'string') return undefined;
  const reading = readPlan(home, recase);
  return reading.kind === 'plan' && reading.plan.name === plan.name && reading.plan.height === plan.height
    ? text
    : undefined;
}

export interface AppliedUpgrade {
  readonly plan: PlanName;
  readonly height: number;
}

/** The upgrade that was applied last: the copied plan of the greatest height. undefined where none ever was. */
export function lastApplied(home: HomePaths): AppliedUpgrade | undefined {
  return appliedUpgrades(home).whole[0];
}

/** The height at which a target was made, as the copy of its plan tells; undefined for genesis, and where that is lost or torn. */
export function appliedHeight(home: HomePaths, target: StagingTarget): number | undefined {
  return heightOf(readText(join(targetFolder(home, target), 'upgrade-info.json')));
}

/** The upgrades with a copied plan, the last first, and those whose copy is torn: applied as well, but it tells no height. */
export function appliedUpgrades(home: HomePaths): {
  readonly whole: readonly AppliedUpgrade[];
  readonly torn: readonly PlanName[];
} {
  const whole: AppliedUpgrade[] = [];
  const torn: PlanName[] = [];
  for (const folder of foldersOf(home.upgrades)) {
    const plan = nameOf(folder);
    const text = readText(join(home.upgrades, folder, 'upgrade-info.json'));
    if (plan === undefined || (typeof text !== 'string' && text.kind === 'none')) continue;
    const height = heightOf(text) ?? heightInPlanFile(home, plan);
    if (height === undefined) torn.push(plan);
    else whole.push({ plan, height });
  }
  return { whole: whole.toSorted((a, b) => b.height - a.height), torn };
}

function nameOf(folder: string): PlanName | undefined {
  try {
    return unescapePlanName(folder);
  } catch (error) {
    if (hasCode(error, 'NAME_INVALID')) return undefined; // a folder that is no upgrade's
    throw error;
  }
}

function heightOf(text: ReturnType<typeof readText>): number | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    return parsePlan(JSON.parse(text), false).height;
  } catch {
    return undefined; // torn
  }
}

function heightInPlanFile(home: HomePaths, name: PlanName): number | undefined {
  const reading = readPlan(home, false);
  return reading.kind === 'plan' && samePlanName(reading.plan.name, name) ? reading.plan.height : undefined;
}

/** What tells one state of a file from another. */
export interface FileState {
  /** mtime, size and inode: where one is another, the file was written. */
  readonly written: string;
  /** ctime, which a chmod changes too: then the content decides. */
  readonly touched: bigint;
  readonly content: string;
}

/** @returns undefined where there is no file; one that cannot be read has a state of its own, so that its change is seen */
export function fileState(file: string, before: FileState | undefined): FileState | undefined {
  try {
    const { mtimeNs, ctimeNs, size, ino } = statSync(file, { bigint: true });
    const written = `${mtimeNs} ${size} ${ino}`;
    if (before?.written === written && before.touched === ctimeNs) return before;
    return { written, touched: ctimeNs, content: size > largest ? '' : readFileSync(file, 'latin1') };
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    if (!(error instanceof Error && 'code' in error)) throw error;
    return { written: String(error.code), touched: -1n, content: '' };
  }
}

/** Was the file written, made or removed between the two states? */
export function wasWritten(before: FileState | undefined, now: FileState | undefined): boolean {
  return before?.written !== now?.written || before?.content !== now?.content;
}

/** @throws Error that says what is wrong with the plan */
function parsePlan(value: unknown, recase: boolean): StoredPlan {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('it is no object');
  const field = (wanted: string): unknown =>
    (Object.entries(value).find(([key]) => key === wanted) ??
      Object.entries(value).find(([key]) => key.toLowerCase() === wanted))?.[1];
  const spelled = field('name');
  const height = field('height');
  const info = field('info') ?? '';
  if (typeof spelled !== 'string' || spelled === '') throw new Error('it has no name');
  if (typeof height !== 'number' || !Number.isSafeInteger(height) || height <= 0) {
    throw new Error(`its height is no integer greater than 0: ${JSON.stringify(height)}`);
  }
  if (typeof info !== 'string') throw new Error('its info is no text');
  return { name: parsePlanName(spelled, { recase, fromChain: true }), spelled, height, info };
}

function readText(
  file: string,
): string | { readonly kind: 'none' } | { readonly kind: 'unreadable'; readonly why: string } {
  try {
    const { size } = statSync(file);
    if (size > largest) return { kind: 'unreadable', why: `it has ${size} bytes` };
    const text = readFileSync(file, 'utf8');
    return text.trim() === '' ? { kind: 'unreadable', why: 'it is empty' } : text;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return { kind: 'none' };
    return { kind: 'unreadable', why: messageOf(error) };
  }
}

function foldersOf(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
