// How a rule answers: the state after it, and what is to be done, in order.
import type { Plan } from './plan.js';
import type { Effect, End, Next, Saying, State, UpgradeStep } from './types.js';

export function stay(state: State, ...effects: readonly Effect[]): Next {
  return { state, effects };
}

export function step(state: State, name: UpgradeStep, plan: Plan, ...first: readonly Effect[]): Next {
  return { state, effects: [...first, { do: 'step', step: name, plan, attempt: state.attempts }] };
}

export function end(state: State, status: number, ...first: readonly Effect[]): Next {
  return { state: { ...state, phase: 'ended', status }, effects: [...first, { do: 'end', status }] };
}

export function say(what: Saying, plan?: Plan, how?: End): Effect {
  return { do: 'say', what, plan, end: how };
}
