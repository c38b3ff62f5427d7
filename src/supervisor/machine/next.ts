// The heart: what follows from an event. `rules` has a cell for each phase and each kind of event, so that a forgotten one is a
// type error; each bears the paragraph of the contract that it carries out (spec: The way of a run). A cell that cannot be
// reached says so, and reaching it is a bug: the state stays as it is.
import { dueAtExit, dueAtHeight, dueWithoutHeight, waitsForHeight, type Knowledge, type Plan } from './plan.js';
import type {
  Effect,
  End,
  Event,
  EventKind,
  Events,
  Next,
  Phase,
  Rules,
  Saying,
  State,
  TimerName,
  UpgradeStep,
} from './types.js';

/** Milliseconds. */
const askInterval = 2000;
const defaultGrace = 10_000;
const retryPause = 1000;

/** The signals that ask for a stop. */
const stops: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'];
/** 128 and the numbers of SIGHUP, SIGINT, SIGQUIT, SIGTERM (signal(7)). */
const stopStatuses: readonly number[] = [129, 130, 131, 143];

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
    begun: never('a run begins once'),
    planChanged: ignored('6: nothing after the end'),
    manualChanged: ignored('6: nothing after the end'),
    heightTold: ignored('6: nothing after the end'),
    daemonEnded: ignored('6: nothing after the end'),
    signalled: ignored('6: nothing after the end'),
  },
};

function begin(state: State, { running, plan, manual, resume }: Events['begun']): Next {
  const known = { ...state, running, plan, manual };
  if (resume === undefined) return check(known);
  const upgrade = resume.plan;
  if (state.rules.skippedHeights.includes(upgrade.height) || upgrade.name === running)
    return check(known, { do: 'forget' });
  return step(
    { ...known, phase: 'unlocking', upgrade, backupMade: resume.backupMade },
    'unlock',
    upgrade,
    say('upgrade: resuming', upgrade),
  );
}

function check(state: State, ...first: readonly Effect[]): Next {
  return stay({ ...state, phase: 'checking' }, ...first, { do: 'check' });
}

/** Starts the current binary: a new daemon has told nothing yet. */
function start(state: State, ...first: readonly Effect[]): Next {
  const fresh: State = {
    ...state,
    phase: 'running',
    generation: state.generation + 1,
    changedWhileRunning: false,
    height: undefined,
    asking: false,
    upgrade: undefined,
    backupMade: false,
    attempts: 0,
    killed: false,
  };
  const { state: asked, effects } = ask(fresh);
  return { state: asked, effects: [...first, { do: 'start' }, ...effects] };
}

function changed(state: State, plan: Plan | undefined): State {
  return {
    ...state,
    plan,
    generation: state.generation + 1,
    changedWhileRunning: true,
    height: undefined,
    asking: false,
  };
}

/** Asks for the height where a plan waits for one; the answer to an older question is not waited for. */
function ask(state: State): Next {
  if (!waitsForHeight(knowledge(state))) return stay(state, { do: 'clearTimer', timer: 'ask' });
  if (state.asking) return stay(state);
  return stay({ ...state, asking: true }, { do: 'askHeight', generation: state.generation });
}

function heightTold(state: State, { height, generation }: Events['heightTold']): Next {
  if (generation !== state.generation) return stay(state);
  const told: State = { ...state, asking: false, height: height ?? state.height };
  const known = knowledge(told);
  const due = height === undefined ? dueWithoutHeight(known) : dueAtHeight(known, height);
  if (due !== undefined) return stopForUpgrade(told, due);
  if (!waitsForHeight(known)) return stay(told);
  return stay(told, { do: 'setTimer', timer: 'ask', milliseconds: askInterval });
}

function stopForUpgrade(state: State, upgrade: Plan): Next {
  return stay(
    { ...state, phase: 'stopping', upgrade },
    { do: 'clearTimer', timer: 'ask' },
    say('upgrade: stopping the daemon', upgrade),
    { do: 'signal', signal: 'SIGTERM' },
    { do: 'note', plan: upgrade },
    { do: 'setTimer', timer: 'grace', milliseconds: state.rules.grace ?? defaultGrace },
  );
}

function endedByItself(state: State, { end: how }: Events['daemonEnded']): Next {
  const clear: Effect = { do: 'clearTimer', timer: 'ask' };
  if (how.kind === 'never started') return end(state, 1, clear);
  const due = dueAtExit(knowledge(state));
  if (due !== undefined) {
    return step(
      { ...state, phase: 'unlocking', upgrade: due },
      'unlock',
      due,
      clear,
      say('upgrade: the daemon has ended', due),
    );
  }
  const status = statusOf(how);
  const rewrote = state.changedWhileRunning && state.plan !== undefined && state.plan.name === state.running;
  const said =
    status === 0 ? [] : [rewrote ? say('no handler', state.plan, how) : say('daemon failed', undefined, how)];
  return end(state, status, clear, ...said);
}

function signalledWhileRunning(state: State, { signal }: Events['signalled']): Next {
  if (!stops.includes(signal)) return stay(state, { do: 'signal', signal });
  const { grace } = state.rules;
  return stay(
    { ...state, phase: 'stopping', stopRequested: signal },
    { do: 'clearTimer', timer: 'ask' },
    { do: 'signal', signal: asSent(signal) },
    ...(grace === undefined ? [] : [{ do: 'setTimer', timer: 'grace', milliseconds: grace } as const]),
  );
}

function signalledWhileStopping(state: State, { signal }: Events['signalled']): Next {
  const sent: Effect = { do: 'signal', signal: asSent(signal) };
  if (!stops.includes(signal) || state.stopRequested !== undefined) return stay(state, sent);
  const { grace } = state.rules; // a requested stop waits as long as it takes, where no grace is set
  const timer: Effect =
    grace === undefined
      ? { do: 'clearTimer', timer: 'grace' }
      : { do: 'setTimer', timer: 'grace', milliseconds: grace };
  return stay({ ...state, stopRequested: signal }, sent, timer);
}

function endedOnRequest(state: State, { end: how }: Events['daemonEnded']): Next {
  const clear: Effect = { do: 'clearTimer', timer: 'grace' };
  const { stopRequested, upgrade, killed } = state;
  if (stopRequested !== undefined) {
    return end(state, !killed && isEndOfStop(how) ? 0 : statusOf(how), clear);
  }
  if (upgrade === undefined) throw new Error('the daemon was stopped for nothing');
  return step({ ...state, phase: 'unlocking' }, 'unlock', upgrade, clear);
}

/** By the signal, or with the status that tells of it: nodes of SDK 0.47 and before catch it, close their stores and exit 128+n. */
function isEndOfStop(how: End): boolean {
  return how.kind === 'signalled'
    ? stops.includes(how.signal)
    : how.kind === 'exited' && stopStatuses.includes(how.status);
}

function backUp(state: State, plan: Plan): Next {
  if (state.rules.skipBackup || state.backupMade) return script(state, plan);
  return step({ ...state, phase: 'backingUp' }, 'backup', plan);
}

function script(state: State, plan: Plan): Next {
  if (!state.rules.customScript) return step({ ...state, phase: 'fetching' }, 'fetch', plan);
  return step({ ...state, phase: 'scripting' }, 'script', plan);
}

/** 0: go on; 1: no such command, go on; 30: fail; 31: retry; 126, 127, a signal: it cannot run; another: warn and go on. */
function afterPreUpgrade(state: State, { end: how }: Events['preUpgradeEnded']): Next {
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

function afterSwitch(state: State, plan: Plan): Next {
  const switched: State = { ...state, running: plan.name };
  if (!state.rules.restartAfterUpgrade) return end(switched, 0, say('upgrade: done, no restart', plan));
  return start(switched, say('upgrade: relaunching', plan));
}

/** SIGINT reaches a node as SIGTERM: in the middle of a commit it has corrupted stores (cosmos-sdk 23683). */
function asSent(signal: NodeJS.Signals): NodeJS.Signals {
  return signal === 'SIGINT' ? 'SIGTERM' : signal;
}

/** The daemon's own status, as a shell would tell it: 128+n for a signal. */
export function statusOf(how: End): number {
  switch (how.kind) {
    case 'exited':
      return how.status;
    case 'signalled':
      return 128 + how.number;
    case 'never started':
      return 1;
  }
}

function knowledge({
  running,
  plan,
  changedWhileRunning,
  height,
  manual,
  rules: { skippedHeights: skipped },
}: State): Knowledge {
  return { running, plan, changedWhileRunning, height, manual, skipped };
}

function planOf({ upgrade }: State): Plan {
  if (upgrade === undefined) throw new Error('a step of an upgrade without its plan');
  return upgrade;
}

function stay(state: State, ...effects: readonly Effect[]): Next {
  return { state, effects };
}

function step(state: State, name: UpgradeStep, plan: Plan, ...first: readonly Effect[]): Next {
  return { state, effects: [...first, { do: 'step', step: name, plan, attempt: state.attempts }] };
}

function end(state: State, status: number, ...first: readonly Effect[]): Next {
  return { state: { ...state, phase: 'ended', status }, effects: [...first, { do: 'end', status }] };
}

function say(what: Saying, plan?: Plan, how?: End): Effect {
  return { do: 'say', what, plan, end: how };
}
