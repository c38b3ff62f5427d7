// The processes that run from a home: the node, and the supervisor that says so in its status file.
import { existsSync } from 'node:fs';

import type { HomePaths } from '../home/paths.js';
import { readSupervisorStatus, type SupervisorStatus } from '../home/supervisor-status.js';
import { isLocked } from '../host/held-locks.js';
import { processFacts, type ProcessFacts } from '../host/processes.js';
import { processesRunningFrom } from '../host/running-from.js';
import { isNodeRun } from '../supervisor/arguments.js';

export interface HomeProcesses {
  /** The node: what the supervisor names, else the oldest process that runs a binary of this home with the word `start`. */
  readonly daemon: ProcessFacts | undefined;
  /** A supervisor of ours that holds the home's lock. */
  readonly supervisor: SupervisorStatus | undefined;
}

/** As far as /proc shows it to this user. */
export function homeProcesses(home: HomePaths): HomeProcesses {
  const supervisor = runningSupervisor(home);
  const pids = existsSync(home.cosmovisor) ? processesRunningFrom(home.cosmovisor) : [];
  const found = pids
    .map(processFacts)
    .filter((facts) => facts !== undefined)
    .filter((facts) => isNodeRun(facts.arguments));
  const named = found.find(({ pid }) => pid === supervisor?.daemon);
  const oldest = [...found].sort((one, other) => one.startedAt - other.startedAt)[0];
  return { daemon: named ?? oldest, supervisor };
}

/** A killed one leaves its file, and the pid in it may be anybody's by now: its lock went with it. */
function runningSupervisor(home: HomePaths): SupervisorStatus | undefined {
  const status = readSupervisorStatus(home);
  if (status === undefined || isLocked(home.runLock) === false) return undefined;
  return processFacts(status.pid) === undefined ? undefined : status;
}
