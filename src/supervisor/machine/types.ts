// The supervisor's state, what can happen to it, and what it wants done. Nothing here waits, reads a clock or touches a file:
// time comes in as an event.
import type { PlanName } from '../../values/plan-name.js';
import type { Plan } from './plan.js';

export const phases = [
  'begin', // nothing runs yet
  'checking', // can the current binary start here?
  'running', // the daemon runs
  'stopping', // the daemon was told to end, for an upgrade or on request
  'unlocking', // it has ended; is its database free?
  'delaying', // DAEMON_RESTART_DELAY
  'backingUp',
  'scripting', // COSMOVISOR_CUSTOM_PREUPGRADE
  'fetching', // is the new binary there, and sound? else it is downloaded
  'preparing', // `pre-upgrade` of the new binary
  'pausing', // between two tries of it
  'switching', // the commit point lies in here
  'ended',
] as const;
export type Phase = (typeof phases)[number];

/** What of the configuration decides. Durations in milliseconds. */
export interface Rules {
  /** DAEMON_SHUTDOWN_GRACE; undefined: 10 s for an upgrade's stop, no limit for a requested one. */
  readonly grace: number | undefined;
  readonly restartDelay: number | undefined;
  readonly restartAfterUpgrade: boolean;
  readonly skipBackup: boolean;
  readonly customScript: boolean;
  readonly preUpgradeRetries: number;
  /** --unsafe-skip-upgrades */
  readonly skippedHeights: readonly number[];
}

export interface State {
  readonly phase: Phase;
  readonly rules: Rules;
  /** undefined: genesis. */
  readonly running: PlanName | undefined;
  readonly plan: Plan | undefined;
  readonly manual: readonly Plan[];
  /** Counts up when the file changes and when a daemon starts: an answer to an older question does not count. */
  readonly generation: number;
  readonly changedWhileRunning: boolean;
  /** Told by the daemon that runs, in this generation. */
  readonly height: number | undefined;
  /** A height was asked for and has not been told yet. */
  readonly asking: boolean;
  /** The upgrade under way. */
  readonly upgrade: Plan | undefined;
  /** A backup of this very upgrade, made before this run. */
  readonly backupMade: boolean;
  readonly attempts: number;
  /** The signal that asked for a stop. */
  readonly stopRequested: NodeJS.Signals | undefined;
  /** We have sent SIGKILL. */
  readonly killed: boolean;
  readonly status: number | undefined;
}

export const upgradeSteps = ['unlock', 'backup', 'script', 'fetch', 'preUpgrade', 'switch'] as const;
export type UpgradeStep = (typeof upgradeSteps)[number];
/** `check`: can the current binary start here? */
export type StepName = 'check' | UpgradeStep;
export const timers = ['ask', 'grace', 'delay', 'retry'] as const;
export type TimerName = (typeof timers)[number];

/** How a process of ours ended. */
export type End =
  | { readonly kind: 'exited'; readonly status: number }
  | { readonly kind: 'signalled'; readonly signal: NodeJS.Signals; readonly number: number }
  | { readonly kind: 'never started'; readonly cause: string };

export interface Events {
  /** Everything was read; `resume` is an upgrade that an earlier run began and did not end. */
  begun: {
    readonly running: PlanName | undefined;
    readonly plan: Plan | undefined;
    readonly manual: readonly Plan[];
    readonly resume: { readonly plan: Plan; readonly backupMade: boolean } | undefined;
  };
  /** data/upgrade-info.json is another than before: its plan, or none. */
  planChanged: { readonly plan: Plan | undefined };
  manualChanged: { readonly manual: readonly Plan[] };
  heightTold: { readonly height: number | undefined; readonly generation: number };
  daemonEnded: { readonly end: End };
  signalled: { readonly signal: NodeJS.Signals };
  timerFired: { readonly timer: TimerName };
  stepDone: { readonly step: StepName };
  stepFailed: { readonly step: StepName };
  preUpgradeEnded: { readonly end: End };
}
export type EventKind = keyof Events;
export type Event = { readonly [Kind in EventKind]: Events[Kind] & { readonly kind: Kind } }[EventKind];

export type Effect =
  | { readonly do: 'start' }
  | { readonly do: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly do: 'askHeight'; readonly generation: number }
  | { readonly do: 'setTimer'; readonly timer: TimerName; readonly milliseconds: number }
  | { readonly do: 'clearTimer'; readonly timer: TimerName }
  /** Begin a step; its end comes back as an event. */
  | { readonly do: 'step'; readonly step: UpgradeStep; readonly plan: Plan; readonly attempt: number }
  | { readonly do: 'check' } // a step too
  | { readonly do: 'note'; readonly plan: Plan } // that this upgrade is under way, while its daemon ends
  /** End the step under way and every process of it; its end still comes back as an event. */
  | { readonly do: 'abort' }
  | { readonly do: 'forget' } // the record of an upgrade that is no longer one
  | { readonly do: 'say'; readonly what: Saying; readonly plan?: Plan | undefined; readonly end?: End | undefined }
  | { readonly do: 'end'; readonly status: number };

/** What is worth a line; the words are log.ts's. */
export type Saying =
  | 'upgrade: stopping the daemon'
  | 'upgrade: the daemon has ended'
  | 'upgrade: resuming'
  | 'upgrade: relaunching'
  | 'upgrade: done, no restart'
  | 'grace exceeded'
  | 'pre-upgrade: successful'
  | 'pre-upgrade: no such command'
  | 'pre-upgrade: failed'
  | 'pre-upgrade: retrying'
  | 'pre-upgrade: no more retries'
  | 'pre-upgrade: cannot run'
  | 'pre-upgrade: unknown status'
  | 'no handler'
  | 'daemon failed';

export interface Next {
  readonly state: State;
  readonly effects: readonly Effect[];
}
