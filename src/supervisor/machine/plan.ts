// The two kinds of plan, and when one is due. Pure: what is known comes in, what follows goes out.
import type { PlanName } from '../../values/plan-name.js';

/** A plan as the supervisor acts on it. */
export interface Plan {
  /** Recased as the configuration says: what folders are named by, and what is compared with the running upgrade. */
  readonly name: PlanName;
  /** As the file spells it: what a custom script is told. */
  readonly spelled: string;
  readonly height: number;
  readonly info: string;
  /** `chain`: data/upgrade-info.json, written by x/upgrade at the halt; `manual`: the list of add-upgrade. */
  readonly from: 'chain' | 'manual';
}

/** What the machine knows when it asks whether a plan is due. */
export interface Knowledge {
  /** The plan's name under which the current binary runs; undefined for genesis. */
  readonly running: PlanName | undefined;
  readonly plan: Plan | undefined;
  /** Has the file come or changed while this daemon ran? */
  readonly changedWhileRunning: boolean;
  /** What this daemon has told since the file's last change; undefined: nothing. */
  readonly height: number | undefined;
  readonly manual: readonly Plan[];
  /** --unsafe-skip-upgrades. */
  readonly skipped: readonly number[];
}

/** The chain's plan, where it is an upgrade: another name than the running one's, and no height that is to be skipped. */
function chainPlan({ plan, running, skipped }: Knowledge): Plan | undefined {
  return plan === undefined || plan.name === running || skipped.includes(plan.height) ? undefined : plan;
}

/** The manual plans that are still to come, by height. */
function manualPlans({ manual, running, skipped }: Knowledge): readonly Plan[] {
  return manual
    .filter(({ name, height }) => name !== running && !skipped.includes(height))
    .toSorted((a, b) => a.height - b.height);
}

/** A manual plan whose height the node has told to be reached; the lowest first. None while no height is known. */
function dueManualPlan(known: Knowledge): Plan | undefined {
  const { height } = known;
  return height === undefined ? undefined : manualPlans(known).find((plan) => plan.height <= height);
}

/** spec 4: the plan that is due when the node has told its height: the lowest, the chain's where two are equal. */
export function dueAtHeight(known: Knowledge, height: number): Plan | undefined {
  const chain = chainPlan(known);
  return lowest(chain !== undefined && chain.height <= height ? chain : undefined, dueManualPlan({ ...known, height }));
}

function lowest(chain: Plan | undefined, manual: Plan | undefined): Plan | undefined {
  return chain === undefined || (manual !== undefined && manual.height < chain.height) ? manual : chain;
}

/**
 * spec 4: no answer means due for a file that came or changed while the daemon ran, unless the node has told since that it is
 * below the height; and says nothing of any other file.
 */
export function dueWithoutHeight(known: Knowledge): Plan | undefined {
  return known.changedWhileRunning && known.height === undefined ? dueWithChain(known, chainPlan(known)) : undefined;
}

/** x/upgrade writes its plan at the plan's height: what was planned by hand for a lower one comes first. */
function dueWithChain(known: Knowledge, chain: Plan | undefined): Plan | undefined {
  return lowest(chain, dueManualPlan({ ...known, height: known.height ?? chain?.height }));
}

/** spec 4: the daemon has exited by itself. The file decides, unless this daemon told a lower height after its last change. */
export function dueAtExit(known: Knowledge): Plan | undefined {
  const chain = chainPlan(known);
  const isDue = chain !== undefined && (known.height === undefined || known.height >= chain.height);
  return dueWithChain(known, isDue ? chain : undefined);
}

/** Does any plan wait for a height, so that it is worth asking for one? */
export function waitsForHeight(known: Knowledge): boolean {
  return chainPlan(known) !== undefined || manualPlans(known).length > 0;
}
