// The plans that wait in data/, and what the next start would do with them: supervisor.md, 4.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { binaryIn, targetFolder, targetName, type HomePaths, type StagingTarget } from '../../home/paths.js';
import {
  lastApplied,
  manualPlansFile,
  planFile,
  readManualPlans,
  readPlan,
  type StoredPlan,
} from '../../home/plan-files.js';
import { readUpgradeRecord } from '../../home/upgrade-record.js';
import { escapePlanName, samePlanName } from '../../values/plan-name.js';
import { quoted } from '../../values/printable.js';
import type { Status } from '../../verify/finding.js';
import { row, shellWord, type Row } from './row.js';

export interface PlanFacts {
  readonly home: HomePaths;
  readonly current: StagingTarget | undefined;
  /** False: COSMOVISOR_DISABLE_RECASE=true. */
  readonly recase: boolean;
  readonly allowDownload: boolean;
  /** Of --unsafe-skip-upgrades in the daemon's arguments. */
  readonly skippedHeights: readonly number[];
  /** What verification says of a staged target: its worst row. */
  readonly verdictOf: (target: StagingTarget) => Status | undefined;
}

/** What a plan means for the next start: the status to tell it with, the words, and the way out. */
export interface Meaning {
  readonly status: Status;
  readonly text: string;
  readonly hint?: string | undefined;
}

export function judgePlans(facts: PlanFacts): Row[] {
  return [judgePlan(facts), ...judgeManualPlans(facts), ...judgeRecord(facts)];
}

function judgePlan({ home, recase, ...facts }: PlanFacts): Row {
  const file = planFile(home);
  const reading = readPlan(home, recase);
  if (reading.kind === 'none') return row('plan', 'pass', 'no plan lies in data/upgrade-info.json');
  if (reading.kind === 'unreadable') {
    const text = `${file} cannot be read as a plan, and is not acted on: ${reading.why}`;
    return row('plan', 'warn', text, `If no upgrade is going on: rm ${shellWord(file)}`);
  }
  const { status, text, hint } = meaningOf(reading.plan, { home, recase, ...facts });
  return row('plan', status, `data/upgrade-info.json: ${text}`, hint);
}

/** Of the plan in data/upgrade-info.json. */
export function meaningOf(plan: StoredPlan, facts: PlanFacts): Meaning {
  const { home, current, skippedHeights } = facts;
  const what = `upgrade ${plan.spelled} at height ${plan.height}`;
  if (current?.kind === 'upgrade' && samePlanName(current.plan, plan.name)) {
    return { status: 'pass', text: `${what} is the one that runs: nothing is to be done` };
  }
  if (skippedHeights.includes(plan.height)) {
    return { status: 'pass', text: `${what} is skipped, by --unsafe-skip-upgrades` };
  }
  const staged = stagedMeaning(plan, facts);
  if (staged.status === 'fail') return { ...staged, text: `${what} would be done by the next start: ${staged.text}` };
  const wasApplied = existsSync(join(home.upgrades, escapePlanName(plan.name), 'upgrade-info.json'));
  const again = wasApplied ? ' It was applied in this home before: data that was put back asks for it again.' : '';
  const text = `${what}: the next start switches to it, as soon as the node has reached that height, or ends before.${again} ${staged.text}`;
  return { status: 'warn', text: text.trim(), hint: staged.hint ?? 'Nothing is to be done, if that is what you want.' };
}

/** Is there what the plan needs? */
function stagedMeaning(plan: StoredPlan, { home, allowDownload, verdictOf, recase }: PlanFacts): Meaning {
  const target: StagingTarget = { kind: 'upgrade', plan: plan.name };
  const folder = targetFolder(home, target);
  const stage = `cvtool stage-upgrade ${shellWord(plan.spelled)}`;
  if (existsSync(binaryIn(home, folder))) {
    if (verdictOf(target) === 'fail') {
      return {
        status: 'fail',
        text: `what is staged for it is not fit to run`,
        hint: `cvtool verify ${shellWord(plan.name)}`,
      };
    }
    return { status: 'pass', text: 'Its binary is staged.' };
  }
  if (allowDownload && !existsSync(folder) && plan.info !== '') {
    return {
      status: 'warn',
      text: "Its binary is not staged: it would be downloaded, from the plan's info.",
      hint: stage,
    };
  }
  const why = !allowDownload
    ? 'downloads are off'
    : plan.info === ''
      ? 'the plan does not say where to download it'
      : 'its folder is there, which a download does not overwrite';
  const spelled = recase ? '' : ' (COSMOVISOR_DISABLE_RECASE=true: the case counts)';
  return { status: 'fail', text: `there is no ${binaryIn(home, folder)}, and ${why}${spelled}`, hint: stage };
}

function judgeManualPlans(facts: PlanFacts): Row[] {
  const { home, recase } = facts;
  const reading = readManualPlans(home, recase);
  const file = manualPlansFile(home);
  if ('why' in reading) {
    const text = `${file} cannot be read as a list of plans, and is not acted on: ${reading.why}`;
    return [row('manual-plans', 'warn', text, 'Write it anew: cvtool add-batch-upgrade')];
  }
  const done = lastApplied(home)?.height ?? 0;
  return [...reading.plans]
    .sort((one, other) => one.height - other.height)
    .map((plan) => {
      const what = `manual plan: upgrade ${plan.spelled} at height ${plan.height}`;
      if (plan.height <= done) {
        const text = `${what} is not above ${done}, where the last upgrade was`;
        return row('manual-plans', 'warn', text, `Take it out of ${file}.`);
      }
      const staged = stagedMeaning(plan, facts);
      return row('manual-plans', staged.status, `${what}: ${staged.text}`, staged.hint);
    });
}

/** What a supervisor that was killed in the middle left. */
function judgeRecord({ home, current }: PlanFacts): Row[] {
  const record = readUpgradeRecord(home);
  if (record === undefined) {
    if (!existsSync(home.upgradeRecord)) return [];
    const text = `${home.upgradeRecord} is damaged: the next start goes by the plan files alone`;
    return [row('interrupted', 'warn', text, 'Nothing is to be done.')];
  }
  const { plan, backup, runningBefore } = record;
  const what = `the upgrade to ${plan.spelled} at height ${plan.height}`;
  if (current === undefined || targetName(current) !== runningBefore) {
    return [
      row('interrupted', 'pass', `${what} was begun from ${quoted(runningBefore)}, and is done or of another time`),
    ];
  }
  const made = backup === undefined ? 'no backup was made yet' : `the backup is ${backup}`;
  const text = `${what} was begun and not finished (${made}): the next start goes on with it`;
  return [row('interrupted', 'warn', text, 'Start the service again; or it is at work right now: cvtool status')];
}
