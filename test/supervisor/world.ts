// A world for the machine without processes or clocks: it remembers what was begun and has not ended, and so knows which events
// can come next.
import { initialState, next } from '../../src/supervisor/machine/next.js';
import type { Plan } from '../../src/supervisor/machine/plan.js';
import type {
  Effect,
  End,
  Event,
  Rules,
  State,
  StepName,
  TimerName,
  UpgradeStep,
} from '../../src/supervisor/machine/types.js';
import { parsePlanName } from '../../src/values/plan-name.js';

const defaultRules: Rules = {
  grace: undefined,
  restartDelay: undefined,
  restartAfterUpgrade: true,
  skipBackup: false,
  customScript: false,
  preUpgradeRetries: 0,
  skippedHeights: [],
};

export function plan(name: string, height: number, from: Plan['from'] = 'chain'): Plan {
  return { name: parsePlanName(name), spelled: name, height, info: '', from };
}

export const exited = (status: number): End => ({ kind: 'exited', status });

export class World {
  state: State;
  daemon = false;
  step: StepName | undefined;
  readonly timers = new Set<TimerName>();
  asked: number | undefined;
  readonly log: string[] = [];
  ended: number | undefined;
  /** What was wrong on the way: promises that did not hold. */
  readonly broken: string[] = [];
  #stopped = false;
  #done = new Set<StepName>();

  constructor(rules: Partial<Rules> = {}) {
    this.state = initialState({ ...defaultRules, ...rules });
  }

  tell(event: Event): this {
    if (event.kind === 'daemonEnded') this.daemon = false;
    if (event.kind === 'stepDone' || event.kind === 'stepFailed' || event.kind === 'preUpgradeEnded') {
      if (event.kind !== 'stepFailed' && this.step !== undefined) this.#done.add(this.step);
      this.step = undefined;
    }
    if (event.kind === 'timerFired') this.timers.delete(event.timer);
    if (event.kind === 'heightTold') this.asked = undefined;
    if (event.kind === 'signalled' && !event.signal.startsWith('SIGUSR')) this.#stopped = true;
    const { state, effects } = next(this.state, event);
    this.state = state;
    for (const effect of effects) this.#take(effect);
    return this;
  }

  /** The events that can come now, but for signals and file events, which can always come. */
  possible(): Event[] {
    const all: Event[] = [...this.timers].map((timer) => ({ kind: 'timerFired', timer }));
    if (this.asked !== undefined) {
      const generation = this.asked;
      all.push(...[undefined, 5, 50, 500].map((height): Event => ({ kind: 'heightTold', height, generation })));
    }
    if (this.daemon) all.push(...[0, 2, 137].map((status): Event => ({ kind: 'daemonEnded', end: exited(status) })));
    const { step } = this;
    if (step === 'preUpgrade') {
      all.push(
        ...[0, 0, 0, 1, 1, 1, 2, 30, 31, 31, 126, 127].map((status): Event => ({
          kind: 'preUpgradeEnded',
          end: exited(status),
        })),
      );
    } else if (step !== undefined) {
      const done: Event = { kind: 'stepDone', step };
      all.push(done, done, done, done, done, { kind: 'stepFailed', step }); // most go well, else few stories get far
    }
    return all;
  }

  #take(effect: Effect): void {
    if (this.ended !== undefined) this.broken.push(`${effect.do} after the end`);
    switch (effect.do) {
      case 'start':
        if (this.daemon) this.broken.push('two daemons');
        if (this.step !== undefined) this.broken.push(`started in the middle of ${this.step}`);
        if (this.#stopped) this.broken.push('started after a stop');
        this.daemon = true;
        this.#done = new Set();
        break;
      case 'check':
        if (this.daemon) this.broken.push('check beside a daemon');
        this.step = 'check';
        break;
      case 'step':
        this.#checkStep(effect.step);
        this.step = effect.step;
        break;
      case 'setTimer':
        this.timers.add(effect.timer);
        break;
      case 'clearTimer':
        this.timers.delete(effect.timer);
        break;
      case 'askHeight':
        this.asked = effect.generation;
        break;
      case 'end':
        if (this.daemon) this.broken.push('left before its daemon');
        if (this.step !== undefined) this.broken.push(`left in the middle of ${this.step}`);
        this.ended = effect.status;
        break;
      case 'signal':
        if (!this.daemon) this.broken.push(`${effect.signal} to nobody`);
        break;
      case 'abort':
      case 'forget':
      case 'note':
      case 'say':
        break;
    }
    this.log.push(
      'step' in effect ? `step ${effect.step}` : effect.do === 'signal' ? `signal ${effect.signal}` : effect.do,
    );
  }

  #checkStep(step: UpgradeStep): void {
    if (this.daemon) this.broken.push(`${step} beside a daemon`);
    if (this.#stopped) this.broken.push(`${step} begun after a stop`);
    const { skipBackup, customScript } = this.state.rules;
    const before: Record<UpgradeStep, StepName[]> = {
      unlock: [],
      backup: ['unlock'],
      script: ['unlock', ...backupOf(skipBackup || this.state.backupMade)],
      fetch: [
        'unlock',
        ...backupOf(skipBackup || this.state.backupMade),
        ...(customScript ? (['script'] as const) : []),
      ],
      preUpgrade: ['fetch'],
      switch: ['fetch', 'preUpgrade', ...backupOf(skipBackup || this.state.backupMade)],
    };
    for (const needed of before[step]) if (!this.#done.has(needed)) this.broken.push(`${step} before ${needed}`);
  }
}

function backupOf(skipped: boolean): StepName[] {
  return skipped ? [] : ['backup'];
}
