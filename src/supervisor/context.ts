// What a node's run, and each step of an upgrade in it, are handed.
import type { SupervisorConfig } from '../config/supervisor-config.js';
import type { HomePaths, StagingTarget } from '../home/paths.js';
import type { Log } from './log.js';

export interface NodeRun {
  readonly config: SupervisorConfig;
  readonly home: HomePaths;
  /** The daemon's arguments. */
  readonly args: readonly string[];
  /** The whole environment, empty variables too. */
  readonly environment: NodeJS.ProcessEnv;
  readonly log: Log;
  /** How this program is started: its interpreter and its file. */
  readonly program: readonly [string, string];
  /** Calls back for each of the signals, from the first moment on. */
  readonly onSignal: (listener: (signal: NodeJS.Signals) => void) => void;
}

export interface StepContext {
  readonly config: SupervisorConfig;
  readonly home: HomePaths;
  readonly environment: NodeJS.ProcessEnv;
  /** What the new binary is to be started with, once `fetch` has told. */
  readonly newEnvironment: NodeJS.ProcessEnv | undefined;
  readonly log: Log;
  /** How this program is started: its interpreter and its file. */
  readonly program: readonly [string, string];
  /** What `current` led to when the upgrade began. */
  readonly runningBefore: StagingTarget;
}
