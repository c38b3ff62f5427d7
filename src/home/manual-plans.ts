// The writing side of data/upgrade-info.json.batch: what `add-upgrade` and `add-batch-upgrade` put there, for the supervisor to do
// in the order of the heights. x/upgrade's own file is never touched.
import { readFileSync } from 'node:fs';

import { CvtoolError } from '../errors/cvtool-error.js';
import { samePlanName, type PlanName } from '../values/plan-name.js';
import { quoted } from '../values/printable.js';
import { readCurrent } from './current-link.js';
import type { HomePaths } from './paths.js';
import { appliedHeight, lastApplied, manualPlansFile, readManualPlans, type AppliedUpgrade } from './plan-files.js';
import { prepareWhole, type PreparedFile } from './write-whole.js';

/** A plan that an operator has made. */
export interface ManualPlan {
  readonly name: PlanName;
  readonly height: number;
}

/** One entry of the file: of what is there, all that its writer has put into it stays. */
interface Entry extends ManualPlan {
  readonly raw: unknown;
}

/** What gives way to new plans: nothing, a plan of the same name, or the whole list. */
export type GivesWay = 'nothing' | 'same name' | 'all';

/**
 * The list as it will be, with `plans` on it.
 * @throws PLAN_REFUSED where the list that stays cannot be read, or a name or a height would stand there twice
 */
export function listWith(
  home: HomePaths,
  plans: readonly ManualPlan[],
  { recase, givesWay }: { readonly recase: boolean; readonly givesWay: GivesWay },
): readonly Entry[] {
  const file = manualPlansFile(home);
  const there = givesWay === 'all' ? [] : entriesOf(home, recase);
  const again = there.filter(({ name }) => plans.some((plan) => plan.name === name));
  const [same] = again;
  if (same !== undefined && givesWay === 'nothing') {
    throw refused(`a plan for ${quoted(same.name)}, at height ${same.height}, already exists in ${file}`, {
      hint: 'Run it with --force to replace it.',
    });
  }
  return inOrder([...there.filter((each) => !again.includes(each)), ...plans.map(entryOf)], file);
}

/** Writes the list beside its place. The caller holds its lock. @throws the system's error */
export function prepareList(home: HomePaths, entries: readonly Entry[]): PreparedFile {
  const list = entries.map(({ raw }) => raw);
  return prepareWhole(manualPlansFile(home), `${JSON.stringify(list, undefined, 2)}\n`, 0o644);
}

/**
 * Why a plan would be none: what runs is that very upgrade, or was applied at that height or above.
 * @returns undefined where it is one that is still to come
 */
export function whyPast({ name, height }: ManualPlan, running: Partial<AppliedUpgrade>): string | undefined {
  if (running.plan === undefined) return undefined;
  if (samePlanName(name, running.plan)) return `upgrade ${quoted(name)} is the one that runs`;
  if (running.height === undefined || height > running.height) return undefined;
  return `height ${height} is not above ${running.height}, at which upgrade ${quoted(running.plan)}, which runs, was made`;
}

/** What `current` leads to, and its height as far as its folder tells; nothing for genesis, and where the link is not sound. */
export function runningUpgrade(home: HomePaths): Partial<AppliedUpgrade> {
  try {
    const current = readCurrent(home);
    if (current === undefined) return lastApplied(home) ?? {}; // `run` restores the link to that one
    if (current.kind === 'genesis') return {};
    const height = appliedHeight(home, current);
    return { plan: current.plan, ...(height === undefined ? {} : { height }) };
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    return {}; // `run` and `doctor` say what is wrong with it
  }
}

function entriesOf(home: HomePaths, recase: boolean): readonly Entry[] {
  const file = manualPlansFile(home);
  const reading = readManualPlans(home, recase);
  if ('why' in reading) {
    throw refused(`${file} cannot be read as a list of plans: ${reading.why}`, {
      hint: '`add-batch-upgrade` writes it anew; or mend it, or remove it.',
    });
  }
  if (reading.plans.length === 0) return [];
  const raw = JSON.parse(readFileSync(file, 'utf8')) as unknown[];
  return reading.plans.map(({ name, height }, index) => ({ name, height, raw: raw[index] }));
}

/** As Go marshals a plan without info. */
function entryOf({ name, height }: ManualPlan): Entry {
  return { name, height, raw: { name, time: '0001-01-01T00:00:00Z', height } };
}

function inOrder(entries: readonly Entry[], file: string): readonly Entry[] {
  const sorted = entries.toSorted((one, other) => one.height - other.height);
  const hint = 'A chain makes one upgrade at a height, and each upgrade once: correct the plans.';
  const heights = new Map<number, PlanName>();
  const names = new Map<PlanName, number>();
  for (const { name, height } of sorted) {
    const other = heights.get(height);
    const before = names.get(name);
    if (before !== undefined)
      throw refused(`${file}: ${quoted(name)} would be made twice, at height ${before} and at ${height}`, { hint });
    if (other !== undefined)
      throw refused(`${file}: ${quoted(other)} and ${quoted(name)} would both be made at height ${height}`, { hint });
    heights.set(height, name);
    names.set(name, height);
  }
  return sorted;
}

function refused(message: string, more: { readonly hint: string }): CvtoolError {
  return new CvtoolError('PLAN_REFUSED', message, more);
}
