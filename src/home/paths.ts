// The names of everything under DAEMON_HOME. Only this file joins them.
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
  /** Contracts of a release with wasmvm lie outside `data`. */
  readonly wasm: string;
  /** Scratch of a staging: `new/<folder>` is being filled, `old/<folder>` was moved aside. Gone when nothing is going on. */
  readonly staging: string;
  /** What the supervisor keeps: lock, status, an upgrade under way. */
  readonly state: string;
  readonly runLock: string;
  /** Held open by the daemon that runs; its text is the daemon's pid and when that began. */
  readonly daemonLock: string;
  /** Held open by what the supervisor runs besides: script, pre-upgrade, status. */
  readonly helperLock: string;
  readonly upgradeRecord: string;
  /** A rollback under way: the next run or rollback finishes it. */
  readonly rollbackJournal: string;
  /** What `cvtool status` reads of a supervisor that runs. */
  readonly supervisorStatus: string;
}

/** @param root an absolute path, normal @param daemon one file name */
export function homePaths(root: string, daemon: string): HomePaths {
  const top = root === '/' ? '' : root;
  const cosmovisor = `${top}/cosmovisor`;
  const state = `${cosmovisor}/.cvtool`;
  return {
    root,
    daemon,
    cosmovisor,
    genesis: `${cosmovisor}/genesis`,
    upgrades: `${cosmovisor}/upgrades`,
    current: `${cosmovisor}/current`,
    data: `${top}/data`,
    wasm: `${top}/wasm`,
    staging: `${cosmovisor}/.cvtool-staging`,
    state,
    runLock: `${state}/run.lock`,
    daemonLock: `${state}/daemon.lock`,
    helperLock: `${state}/helper.lock`,
    upgradeRecord: `${state}/upgrade.json`,
    rollbackJournal: `${state}/rollback.json`,
    supervisorStatus: `${state}/supervisor.json`,
  };
}

/** `genesis` or `upgrades/<escaped name>`: where below `cosmovisor/` a target lives. */
export function targetName(target: StagingTarget): string {
  return target.kind === 'genesis' ? 'genesis' : `upgrades/${escapePlanName(target.plan)}`;
}

/** The folder that is staged for `target`. */
export function targetFolder(home: HomePaths, target: StagingTarget): string {
  return `${home.cosmovisor}/${targetName(target)}`;
}

/** The daemon's binary in a staged folder. */
export function binaryIn(home: HomePaths, folder: string): string {
  return `${folder}/bin/${home.daemon}`;
}
