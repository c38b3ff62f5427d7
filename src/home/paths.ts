// The names of everything under DAEMON_HOME. Only this file joins them.
import { join } from 'node:path';

import { escapePlanName, type PlanName } from '../values/plan-name.js';

/** What a binary is staged for. */
export type StagingTarget = { readonly kind: 'genesis' } | { readonly kind: 'upgrade'; readonly plan: PlanName };

export interface HomePaths {
  /** DAEMON_HOME. */
  readonly root: string;
  /** The daemon's file name (DAEMON_NAME). */
  readonly daemon: string;
  readonly cosmovisor: string;
  readonly genesis: string;
  readonly upgrades: string;
  readonly current: string;
  readonly data: string;
  /** Scratch of a staging: `new/<folder>` is being filled, `old/<folder>` was moved aside. Gone when nothing is going on. */
  readonly staging: string;
}

/** @param root an absolute path @param daemon one file name */
export function homePaths(root: string, daemon: string): HomePaths {
  const cosmovisor = join(root, 'cosmovisor');
  return {
    root,
    daemon,
    cosmovisor,
    genesis: join(cosmovisor, 'genesis'),
    upgrades: join(cosmovisor, 'upgrades'),
    current: join(cosmovisor, 'current'),
    data: join(root, 'data'),
    staging: join(cosmovisor, '.cvtool-staging'),
  };
}

/** `genesis` or `upgrades/<escaped name>`: where below `cosmovisor/` a target lives. */
export function targetName(target: StagingTarget): string {
  return target.kind === 'genesis' ? 'genesis' : `upgrades/${escapePlanName(target.plan)}`;
}

/** The folder that is staged for `target`. */
export function targetFolder(home: HomePaths, target: StagingTarget): string {
  return join(home.cosmovisor, targetName(target));
}

/** The daemon's binary in a staged folder. */
export function binaryIn(home: HomePaths, folder: string): string {
  return join(folder, 'bin', home.daemon);
}
