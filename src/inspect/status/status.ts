// What a home is doing, in one look: from files and /proc alone. The node is never asked, and nothing is written.
import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';

import type { Environment } from '../../config/environment.js';
import { readNodeToml } from '../../config/node-toml.js';
import { readVariables } from '../../config/supervisor-config.js';
import { CvtoolError } from '../../errors/cvtool-error.js';
import { readCurrent } from '../../home/current-link.js';
import { binaryIn, targetFolder, targetName, type HomePaths, type StagingTarget } from '../../home/paths.js';
import { readManualPlans, readPlan, type StoredPlan } from '../../home/plan-files.js';
import type { SupervisorStatus } from '../../home/supervisor-status.js';
import type { ProcessFacts } from '../../host/processes.js';
import type { Recipe } from '../../recipe/schema.js';
import { skippedHeights } from '../../supervisor/arguments.js';
import { inChainOrder } from '../chain-order.js';
import { homeProcesses } from '../daemon-process.js';
import { meaningOf, type Meaning } from '../doctor/plans.js';
import { lastBackup, type FoundBackup } from '../last-backup.js';
import { stagedStates, type StagedState } from './staged.js';

export interface HomeStatus {
  readonly home: HomePaths;
  readonly recipe: Recipe;
  /** Of config/client.toml; undefined where it says none. */
  readonly chainId: string | undefined;
  readonly current: CurrentState;
  /** In the chain's order. */
  readonly staged: readonly StagedState[];
  readonly plan: PlanState;
  readonly manualPlans: { readonly plans: readonly ManualPlan[] } | { readonly why: string };
  readonly daemon: ProcessFacts | undefined;
  readonly supervisor: SupervisorStatus | undefined;
  readonly lastBackup: FoundBackup | undefined;
}

export type CurrentState =
  /** `since`: when the link was made, milliseconds since the epoch. */
  | { readonly kind: 'link'; readonly target: StagingTarget; readonly since: number }
  | { readonly kind: 'none' }
  | { readonly kind: 'wrong'; readonly why: string };

export type PlanState =
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable'; readonly why: string }
  | { readonly kind: 'plan'; readonly plan: StoredPlan; readonly meaning: Meaning };

export interface ManualPlan {
  readonly plan: StoredPlan;
  readonly isStaged: boolean;
}

/** @param recipe is called once the hashing has begun @throws the system's error where the home cannot be read */
export async function homeStatus(
  home: HomePaths,
  recipe: () => Promise<Recipe>,
  environment: Environment,
): Promise<HomeStatus> {
  const begun = stagedStates(home);
  begun.catch(() => undefined); // whoever awaits it is told
  const { daemon, supervisor } = homeProcesses(home);
  const { values } = await readVariables({
    environment: { ...(daemon?.environment ?? environment), DAEMON_HOME: home.root, DAEMON_NAME: home.daemon },
    defaults: () => ({ home: home.root, daemon: home.daemon }),
  });
  const recase = values.disableRecase !== true;
  const current = currentState(home);
  const staged = await begun;
  const manual = readManualPlans(home, recase);
  const table = await recipe();
  return {
    ...{ home, recipe: table, current, daemon, supervisor },
    chainId: chainIdOf(home),
    staged: inChainOrder(table, staged),
    plan: planState(home, recase, {
      current: current.kind === 'link' ? current.target : undefined,
      allowDownload: values.allowDownload === true,
      skippedHeights: skippedHeights(daemon?.arguments ?? []),
      verdictOf: (target: StagingTarget) => staged.find((each) => each.folder === targetFolder(home, target))?.verdict,
    }),
    manualPlans:
      'why' in manual ? manual : { plans: manual.plans.map((plan) => ({ plan, isStaged: isStaged(home, plan) })) },
    lastBackup: lastBackup(values.backupDir ?? home.root),
  };
}

function isStaged(home: HomePaths, { name }: StoredPlan): boolean {
  return existsSync(binaryIn(home, targetFolder(home, { kind: 'upgrade', plan: name })));
}

function currentState(home: HomePaths): CurrentState {
  try {
    const target = readCurrent(home);
    if (target === undefined) return { kind: 'none' };
    if (!existsSync(targetFolder(home, target)))
      return { kind: 'wrong', why: `it leads to ${targetName(target)}, which is not there` };
    return { kind: 'link', target, since: lstatSync(home.current).mtimeMs };
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    return { kind: 'wrong', why: error.message };
  }
}

function planState(
  home: HomePaths,
  recase: boolean,
  facts: Omit<Parameters<typeof meaningOf>[1], 'home' | 'recase'>,
): PlanState {
  const reading = readPlan(home, recase);
  if (reading.kind !== 'plan') return reading;
  return { kind: 'plan', plan: reading.plan, meaning: meaningOf(reading.plan, { home, recase, ...facts }) };
}

/** genesis.json, which has it too, may be hundreds of megabytes long. */
function chainIdOf({ root }: HomePaths): string | undefined {
  const file = readNodeToml(join(root, 'config/client.toml'));
  const id = file.kind === 'table' ? file.value('chain-id') : undefined;
  return id === '' ? undefined : id;
}
