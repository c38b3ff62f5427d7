// The heart: what follows from an event. `rules` has a cell for each phase and each kind of event, so that a forgotten one is a
// type error; each bears the paragraph of the contract that it carries out (spec: The way of a run). A cell that cannot be
// reached says so, and reaching it is a bug: the state stays as it is.
import {
  ask,
  begin,
  changed,
  endedByItself,
  endedOnRequest,
  heightTold,
  signalledWhileRunning,
  signalledWhileStopping,
  start,
  stops,
} from './daemon.js';
import { end, say, stay, step } from './move.js';
import type { Plan } from './plan.js';
import type { Event, EventKind, Events, Next, Phase, Rules, State, TimerName, UpgradeStep } from './types.js';
import { afterPreUpgrade, afterSwitch, backUp, planOf, script } from './upgrade.js';

export function initialState(rules: Rules): State {
  return {
    phase: 'begin',
    rules,
    running: undefined,
    plan: undefined,
    manual: [],
    generation: 0,
    changedWhileRunning: false,
    height: undefined,
    asking: false,
    upgrade: undefined,
    backupMade: false,
    attempts: 0,
    stopRequested: undefined,
    killed: false,
    status: undefined,
  };
}

/** @returns the state after `event`, and what is to be done, in order */
export function next(state: State, event: Event): Next {
  const rule = rules[state.phase][event.kind] as Rule<EventKind>;
  return rule.apply(state, event);
}

interface Rule<Kind extends EventKind> {
  /** The paragraph of the contract. */
  readonly spec: string;
  readonly apply: (state: State, event: Events[Kind]) => Next;
}

function rule<Kind extends EventKind>(spec: string, apply: (state: State, event: Events[Kind]) => Next): Rule<Kind> {
  return { spec, apply };
}

/** An event that changes nothing here, on purpose. */
function ignored<Kind extends EventKind>(spec: string): Rule<Kind> {
  return { spec, apply: (state) => ({ state, effects: [] }) };
}

/** An event that cannot come in this phase. */
function never<Kind extends EventKind>(why: string): Rule<Kind> {
  return { spec: `never: ${why}`, apply: (state) => ({ state, effects: [] }) };
}

type Row = { readonly [Kind in EventKind]: Rule<Kind> };

const noStep = {
  stepDone: never<'stepDone'>('no step is under way'),
  stepFailed: never<'stepFailed'>('no step is under way'),
};
const noPreUpgrade = { preUpgradeEnded: never<'preUpgradeEnded'>('pre-upgrade does not run') };
const noDaemon = { daemonEnded: never<'daemonEnded'>('no daemon runs'), begun: never<'begun'>('a run begins once') };
const noTimer = { timerFired: ignored<'timerFired'>('a timer that was cleared in the moment in which it fired') };
/** While an upgrade is under way its plan is fixed; what the files say meanwhile is kept for afterwards. */
const kept = {
  planChanged: rule<'planChanged'>('4: read again after the upgrade', (state, { plan }) => stay({ ...state, plan })),
  manualChanged: rule<'manualChanged'>('4: read again after the upgrade', (state, { manual }) =>
    stay({ ...state, manual }),
  ),
  heightTold: ignored<'heightTold'>('4: the daemon that told it has ended'),
};
/** A step without a daemon: a stop ends it, and everything that it has started. */
const stoppable = {
  signalled: rule<'signalled'>('6: with no daemon a stop ends the step cleanly, exit 0', (state, { signal }) =>
    stops.includes(signal)
      ? stay({ ...state, stopRequested: state.stopRequested ?? signal }, { do: 'abort' })
      : stay(state),
  ),
};

function stepRow(step: UpgradeStep, then: (state: State, plan: Plan) => Next): Row {
  return {
    ...kept,
    ...noDaemon,
    ...noTimer,
    ...noPreUpgrade,
    ...stoppable,
    stepDone: rule(`5: after ${step}`, (state, event) =>
      event.step !== step
        ? stay(state)
        : state.stopRequested !== undefined
          ? end(state, 0)
          : then(state, planOf(state)),
    ),
    stepFailed: rule('5: a failure before the switch leaves `current` as it was, exit 1', (state, event) =>
      event.step !== step ? stay(state) : end(state, state.stopRequested !== undefined ? 0 : 1),
    ),
  };
}

/** A wait with nothing under way: a stop ends it at once. */
function waitRow(waitsFor: TimerName, stopSpec: string, firedSpec: string, then: (state: State) => Next): Row {
  return {
    ...noStep,
    ...noPreUpgrade,
    ...noDaemon,
    ...kept,
    signalled: rule(stopSpec, (state, { signal }) =>
      stops.includes(signal) ? end(state, 0, { do: 'clearTimer', timer: waitsFor }) : stay(state),
    ),
    timerFired: rule(firedSpec, (state, { timer }) => (timer === waitsFor ? then(state) : stay(state))),
  };
}

export const rules: Readonly<Record<Phase, Row>> = {
  begin: {
    ...noStep,
    ...noPreUpgrade,
    ...noTimer,
    begun: rule('5: running again resumes from where it stood; 2, 3: else the current binary is checked', begin),
    planChanged: never('nothing is watched yet'),
    manualChanged: never('nothing is watched yet'),
    heightTold: never('nothing was asked'),
    daemonEnded: never('no daemon runs'),
    signalled: rule('6: nothing is started after a stop', (state, { signal }) =>
      stops.includes(signal) ? end(state, 0) : stay(state),
    ),
  },
  checking: {
    ...kept,
    ...noDaemon,
    ...noTimer,
    ...noPreUpgrade,
    ...stoppable,
    stepDone: rule('3: then it is started', (state) =>
      state.stopRequested === undefined ? start(state) : end(state, 0),
    ),
    stepFailed: rule('3: what is known to be wrong is refused', (state) =>
      end(state, state.stopRequested === undefined ? 1 : 0),
    ),
  },
  running: {
    ...noStep,
    ...noPreUpgrade,
    begun: never('a run begins once'),
    planChanged: rule('4: the file came or changed while the daemon ran', (state, { plan }) =>
      ask(changed(state, plan)),
    ),
    manualChanged: rule('4: manual plans are watched likewise', (state, { manual }) => ask({ ...state, manual })),
    heightTold: rule('4: due, unless the node is known to be below the plan’s height', heightTold),
    daemonEnded: rule('4: the daemon has exited by itself: the file decides', endedByItself),
    signalled: rule('6: each signal reaches the daemon, SIGINT as SIGTERM', signalledWhileRunning),
    timerFired: rule('4: every 2 s while a plan waits for its height', (state, { timer }) =>
      timer === 'ask' ? ask(state) : stay(state),
    ),
  },
  stopping: {
    ...noStep,
    ...noPreUpgrade,
    begun: never('a run begins once'),
    planChanged: kept.planChanged,
    manualChanged: kept.manualChanged,
    heightTold: ignored('4: a decision was taken'),
    daemonEnded: rule('5: until it is really gone; 6: the status after a stop', endedOnRequest),
    signalled: rule('6: each one reaches the daemon, also the second', signalledWhileStopping),
    timerFired: rule('DAEMON_SHUTDOWN_GRACE: SIGTERM, wait that long, then SIGKILL', (state, { timer }) =>
      timer === 'grace'
        ? stay({ ...state, killed: true }, say('grace exceeded'), { do: 'signal', signal: 'SIGKILL' })
        : stay(state),
    ),
  },
  unlocking: stepRow('unlock', (state, plan) =>
    state.rules.restartDelay === undefined
      ? backUp(state, plan)
      : stay(
          { ...state, phase: 'delaying' },
          { do: 'setTimer', timer: 'delay', milliseconds: state.rules.restartDelay },
        ),
  ),
  delaying: waitRow('delay', '6: a stop during the delay', '5: backup after the restart delay', (state) =>
    backUp(state, planOf(state)),
  ),
  backingUp: stepRow('backup', script),
  scripting: stepRow('script', (state, plan) => step({ ...state, phase: 'fetching' }, 'fetch', plan)),
  fetching: stepRow('fetch', (state, plan) => step({ ...state, phase: 'preparing', attempts: 1 }, 'preUpgrade', plan)),
  preparing: {
    ...noStep,
    ...noDaemon,
    ...noTimer,
    ...kept,
    ...stoppable,
    preUpgradeEnded: rule('5: pre-upgrade before anything points to the new binary', afterPreUpgrade),
  },
  pausing: waitRow('retry', '6: a stop between two tries', '5: 1 s apart', (state) =>
    step({ ...state, phase: 'preparing', attempts: state.attempts + 1 }, 'preUpgrade', planOf(state)),
  ),
  switching: {
    ...stepRow('switch', afterSwitch),
    signalled: rule('6: the switch is not torn; nothing is started after it', (state, { signal }) =>
      stay(stops.includes(signal) ? { ...state, stopRequested: state.stopRequested ?? signal } : state),
    ),
  },
  ended: {
    ...noStep,
    ...noPreUpgrade,
    ...noTimer,
    begun: ignored('6: nothing is started after a stop, also one that came before the run had begun'),
    planChanged: ignored('6: nothing after the end'),
    manualChanged: ignored('6: nothing after the end'),
    heightTold: ignored('6: nothing after the end'),
    daemonEnded: ignored('6: nothing after the end'),
    signalled: ignored('6: nothing after the end'),
  },
};
