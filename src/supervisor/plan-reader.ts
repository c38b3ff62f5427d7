// The plan files as the machine is told of them: what cannot be read, or lies in the past, is said once and not acted on.
import { isSystemError, messageOf } from '../errors/cvtool-error.js';
import { targetName, type StagingTarget } from '../home/paths.js';
import {
  appliedHeight,
  manualPlansFile,
  planFile,
  readManualPlans,
  readPlan,
  removeManualPlan,
  type StoredPlan,
} from '../home/plan-files.js';
import { readUpgradeRecord, removeUpgradeRecord, type UpgradeRecord } from '../home/upgrade-record.js';
import { parsePlanName, type PlanName } from '../values/plan-name.js';
import type { NodeRun } from './context.js';
import type { Plan } from './machine/plan.js';
import type { Events } from './machine/types.js';

/** The backup of an upgrade under way, where it has one. */
type FindBackup = (record: UpgradeRecord, run: NodeRun) => string | undefined;

export class PlanReader {
  readonly #run: NodeRun;
  readonly #recase: boolean;
  /** The manual plans that were told to be of the past. */
  readonly #past = new Set<PlanName>();
  #unreadable = { plan: false, manual: false };

  constructor(run: NodeRun) {
    this.#run = run;
    this.#recase = !run.config.disableRecase;
  }

  /** @param backupOf asked where an upgrade was begun before */
  readAll(current: StagingTarget, backupOf: FindBackup | undefined): Events['begun'] {
    const { home } = this.#run;
    const running = current.kind === 'genesis' ? undefined : this.#recased(current.plan);
    if (running !== undefined) this.#takeOffList(running); // of a run that was killed after its switch
    const plan = this.readPlan();
    const manual = this.readManual(current);
    const record = readUpgradeRecord(home);
    if (record === undefined) return { running, plan, manual, resume: undefined };
    const isOurs = record.runningBefore === targetName(current) && this.#isStillThere(record, plan, manual);
    if (!isOurs) {
      removeUpgradeRecord(home); // of another time: the plan was taken back, or is done
      return { running, plan, manual, resume: undefined };
    }
    const backupMade = backupOf?.(record, this.#run) !== undefined;
    return { running, plan, manual, resume: { plan: asPlan(record.plan, record.from), backupMade } };
  }

  /** Content that cannot be read is not acted on: said once, and read again when the file changes. */
  readPlan(): Plan | undefined {
    const reading = readPlan(this.#run.home, this.#recase);
    this.#tellUnreadable('plan', reading.kind === 'unreadable' ? reading.why : undefined);
    return reading.kind === 'plan' ? asPlan(reading.plan, 'chain') : undefined;
  }

  /** What was planned for a height that the running upgrade has gone by is no plan: it would be a step back. */
  readManual(current: StagingTarget): readonly Plan[] {
    const reading = readManualPlans(this.#run.home, this.#recase);
    this.#tellUnreadable('manual', 'why' in reading ? reading.why : undefined);
    if ('why' in reading) return [];
    const done = appliedHeight(this.#run.home, current) ?? 0;
    this.#tellPast(reading.plans.filter(({ height }) => height < done));
    return reading.plans.filter(({ height }) => height >= done).map((plan) => asPlan(plan, 'manual'));
  }

  /** As plan names are read, so that the running one's folder can be compared with them. */
  #recased(name: PlanName): PlanName {
    return parsePlanName(name, { recase: this.#recase, fromChain: true });
  }

  /** A disk that refuses it is no reason to run nothing: while it runs, its name is no upgrade. */
  #takeOffList(running: PlanName): void {
    try {
      removeManualPlan(this.#run.home, running, this.#recase);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      this.#run.log.warn('manual-plan-stays', 'a manual plan that was done cannot be taken off the list', {
        error: messageOf(error),
      });
    }
  }

  /** A plan file that cannot be read takes nothing back: the node writes it without fsync, and the power may have failed. */
  #isStillThere({ plan: recorded, from }: UpgradeRecord, plan: Plan | undefined, manual: readonly Plan[]): boolean {
    if (from === 'chain' ? this.#unreadable.plan : this.#unreadable.manual) return true;
    return [...(plan === undefined ? [] : [plan]), ...manual].some(
      ({ name, height }) => name === recorded.name && height === recorded.height,
    );
  }

  #tellPast(plans: readonly StoredPlan[]): void {
    for (const { name, height } of plans) {
      if (this.#past.has(name)) continue;
      this.#past.add(name);
      this.#run.log.warn('manual-plan-past', 'a manual plan lies below the upgrade that runs: it is not done', {
        upgrade: name,
        height,
      });
    }
  }

  #tellUnreadable(which: 'plan' | 'manual', why: string | undefined): void {
    if (why !== undefined && !this.#unreadable[which]) {
      const file = which === 'plan' ? planFile(this.#run.home) : manualPlansFile(this.#run.home);
      this.#run.log.warn('plan-unreadable', 'plan file cannot be read yet, waiting for it to change', {
        file,
        error: why,
      });
    }
    this.#unreadable[which] = why !== undefined;
  }
}

function asPlan({ name, spelled, height, info }: StoredPlan, from: Plan['from']): Plan {
  return { name, spelled, height, info, from };
}
