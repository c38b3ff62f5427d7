// spec 3, 4 and 6: a daemon is started, tells its height, is signalled, and ends.
import { end, say, stay, step } from './move.js';
import { dueAtExit, dueAtHeight, dueWithoutHeight, waitsForHeight, type Knowledge, type Plan } from './plan.js';
import type { Effect, End, Events, Next, State } from './types.js';

/** Milliseconds. */
const askInterval = 2000;
const defaultGrace = 10_000;

/** The signals that ask for a stop. */
export const stops: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'];
/** 128 and the numbers of SIGHUP, SIGINT, SIGQUIT, SIGTERM (signal(7)). */
const stopStatuses: readonly number[] = [129, 130, 131, 143];

export function begin(state: State, { running, plan, manual, resume }: Events['begun']): Next {
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
export function start(state: State, ...first: readonly Effect[]): Next {
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

export function changed(state: State, plan: Plan | undefined): State {
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
export function ask(state: State): Next {
  if (!waitsForHeight(knowledge(state))) return stay(state, { do: 'clearTimer', timer: 'ask' });
  if (state.asking) return stay(state);
  return stay({ ...state, asking: true }, { do: 'askHeight', generation: state.generation });
}

export function heightTold(state: State, { height, generation }: Events['heightTold']): Next {
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

export function endedByItself(state: State, { end: how }: Events['daemonEnded']): Next {
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

export function signalledWhileRunning(state: State, { signal }: Events['signalled']): Next {
  if (!stops.includes(signal)) return stay(state, { do: 'signal', signal });
  const { grace } = state.rules;
  return stay(
    { ...state, phase: 'stopping', stopRequested: signal },
    { do: 'clearTimer', timer: 'ask' },
    { do: 'signal', signal: asSent(signal) },
    ...(grace === undefined ? [] : [{ do: 'setTimer', timer: 'grace', milliseconds: grace } as const]),
  );
}

export function signalledWhileStopping(state: State, { signal }: Events['signalled']): Next {
  const sent: Effect = { do: 'signal', signal: asSent(signal) };
  if (!stops.includes(signal) || state.stopRequested !== undefined) return stay(state, sent);
  const { grace } = state.rules; // a requested stop waits as long as it takes, where no grace is set
  const timer: Effect =
    grace === undefined
      ? { do: 'clearTimer', timer: 'grace' }
      : { do: 'setTimer', timer: 'grace', milliseconds: grace };
  return stay({ ...state, stopRequested: signal }, sent, timer);
}

export function endedOnRequest(state: State, { end: how }: Events['daemonEnded']): Next {
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
