// spec 5: from one step of an upgrade to the next, with no daemon.
import { end, say, stay, step } from './move.js';
import type { Plan } from './plan.js';
import { start } from './daemon.js';
import type { Events, Next, Saying, State } from './types.js';

/** Milliseconds. */
const retryPause = 1000;

export function planOf({ upgrade }: State): Plan {
  if (upgrade === undefined) throw new Error('a step of an upgrade without its plan');
  return upgrade;
}

export function backUp(state: State, plan: Plan): Next {
  if (state.rules.skipBackup || state.backupMade) return script(state, plan);
  return step({ ...state, phase: 'backingUp' }, 'backup', plan);
}

export function script(state: State, plan: Plan): Next {
  if (!state.rules.customScript) return step({ ...state, phase: 'fetching' }, 'fetch', plan);
  return step({ ...state, phase: 'scripting' }, 'script', plan);
}

/** 0: go on; 1: no such command, go on; 30: fail; 31: retry; 126, 127, a signal: it cannot run; another: warn and go on. */
export function afterPreUpgrade(state: State, { end: how }: Events['preUpgradeEnded']): Next {
  const plan = planOf(state);
  if (state.stopRequested !== undefined) return end(state, 0);
  const goOn = (what: Saying): Next => step({ ...state, phase: 'switching' }, 'switch', plan, say(what, plan, how));
  if (how.kind !== 'exited' || how.status === 126 || how.status === 127)
    return end(state, 1, say('pre-upgrade: cannot run', plan, how));
  switch (how.status) {
    case 0:
      return goOn('pre-upgrade: successful');
    case 1:
      return goOn('pre-upgrade: no such command');
    case 30:
      return end(state, 1, say('pre-upgrade: failed', plan, how));
    case 31:
      if (state.attempts > state.rules.preUpgradeRetries)
        return end(state, 1, say('pre-upgrade: no more retries', plan, how));
      return stay({ ...state, phase: 'pausing' }, say('pre-upgrade: retrying', plan, how), {
        do: 'setTimer',
        timer: 'retry',
        milliseconds: retryPause,
      });
    default:
      return goOn('pre-upgrade: unknown status');
  }
}

export function afterSwitch(state: State, plan: Plan): Next {
  const switched: State = { ...state, running: plan.name };
  if (!state.rules.restartAfterUpgrade) return end(switched, 0, say('upgrade: done, no restart', plan));
  return start(switched, say('upgrade: relaunching', plan));
}
