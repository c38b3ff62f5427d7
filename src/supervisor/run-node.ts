// A node's run: the machine decides, this file carries out what it wants and tells it what has happened. It holds what the machine
// must not: processes, timers, files.
import { writeFileSync } from 'node:fs';

import { CvtoolError, isSystemError } from '../errors/cvtool-error.js';
import { binaryIn, targetFolder, targetName, type StagingTarget } from '../home/paths.js';
import { readUpgradeRecord, removeUpgradeRecord } from '../home/upgrade-record.js';
import { removeAside } from '../home/write-whole.js';
import { skippedHeights } from './arguments.js';
import { mend, resolveCurrent, sweep } from './begin-run.js';
import { checkApart } from './check-apart.js';
import type { NodeRun, StepContext } from './context.js';
import type { HeldLock } from './database-lock.js';
import { startDaemon, type Daemon } from './daemon.js';
import { errorLine } from './log.js';
import { startLongTimer, type LongTimer } from './long-timer.js';
import type { Plan } from './machine/plan.js';
import { initialState, next } from './machine/next.js';
import type { Effect, Event, State, StepName, TimerName } from './machine/types.js';
import { PlanReader } from './plan-reader.js';
import { lockForRun } from './run-lock.js';
import { sayings, tellProblem } from './sayings.js';
import { watchPlans, type PlanWatch } from './watch.js';

/** Milliseconds for a daemon to end after an error of ours, where no grace is set. */
const lastGrace = 10_000;

/**
 * Runs the node until it ends.
 * @returns the exit status (spec 6)
 * @throws CvtoolError for what keeps it from starting: a second supervisor, a link that leads nowhere, a binary that cannot run
 */
export async function runNode(run: NodeRun): Promise<number> {
  const stop = new AbortController();
  run.onSignal((signal) => {
    if (signal !== 'SIGUSR1' && signal !== 'SIGUSR2') stop.abort();
  });
  lockForRun(run.home.runLock, run.home.root);
  await mend(run);
  if (!stop.signal.aborted) await sweep(run, stop.signal);
  if (stop.signal.aborted) return 0;
  return new Performance(run, resolveCurrent(run.home, run.log)).perform();
}

class Performance {
  readonly #run: NodeRun;
  readonly #plans: PlanReader;
  readonly #timers = new Map<TimerName, LongTimer>();
  readonly #events: Event[] = [];
  #current: StagingTarget;
  #state: State;
  #draining = false;
  #daemon: Daemon | undefined;
  #watch: PlanWatch | undefined;
  #asked: AbortController | undefined;
  #step: AbortController | undefined;
  /** What the current binary is started with, and what the new one will be. */
  #environment: NodeJS.ProcessEnv;
  #newEnvironment: NodeJS.ProcessEnv | undefined;
  /** What is still to be said when the run has ended. */
  #lastWords: Promise<void> = Promise.resolve();
  #settle: (status: number) => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;

  constructor(run: NodeRun, current: StagingTarget) {
    const { config, args } = run;
    this.#run = run;
    this.#current = current;
    this.#environment = run.environment;
    this.#plans = new PlanReader(run);
    this.#state = initialState({
      grace: config.shutdownGrace,
      restartDelay: config.restartDelay,
      restartAfterUpgrade: config.restartAfterUpgrade,
      skipBackup: config.skipBackup,
      customScript: config.customPreUpgrade !== undefined,
      preUpgradeRetries: config.preUpgradeMaxRetries,
      skippedHeights: skippedHeights(args),
    });
  }

  async perform(): Promise<number> {
    const ended = new Promise<number>((resolve, reject) => {
      this.#settle = resolve;
      this.#fail = reject;
    });
    this.#run.onSignal((signal) => this.#tell({ kind: 'signalled', signal }));
    try {
      const { home, config } = this.#run;
      const backupOf = readUpgradeRecord(home) === undefined ? undefined : (await import('./later.js')).later.backupOf;
      this.#watch = watchPlans(home, config.pollInterval, (which) => this.#tellPlans(which));
      this.#tell({ kind: 'begun', ...this.#plans.readAll(this.#current, backupOf) });
      const status = await ended;
      await this.#lastWords;
      return status;
    } finally {
      this.#close();
    }
  }

  #close(): void {
    this.#watch?.close();
    this.#asked?.abort();
    this.#step?.abort();
    for (const timer of this.#timers.values()) timer.cancel();
    const { supervisorStatus, daemonLock, helperLock } = this.#run.home;
    removeAside(supervisorStatus);
    if (this.#daemon !== undefined) return;
    for (const lock of [daemonLock, helperLock]) removeAside(lock); // where they are, a killed run's processes are looked for
  }

  /** Events are taken one at a time, in order: an effect may bring the next one about while it is carried out. */
  #tell(event: Event): void {
    this.#events.push(event);
    if (this.#draining) return;
    this.#draining = true;
    try {
      for (let each = this.#events.shift(); each !== undefined; each = this.#events.shift()) {
        const { state, effects } = next(this.#state, each);
        this.#state = state;
        for (const effect of effects) this.#carryOut(effect);
        if (effects.length > 0) this.#writeStatus();
      }
    } catch (error) {
      this.#giveUp(error);
    } finally {
      this.#draining = false;
    }
  }

  /** An error of our own in the middle: no daemon may be left behind, and the error is told. */
  #giveUp(error: unknown): void {
    this.#daemon?.signal('SIGTERM');
    if (this.#daemon !== undefined) {
      startLongTimer(this.#run.config.shutdownGrace ?? lastGrace, () => this.#daemon?.signal('SIGKILL'));
    }
    this.#fail(error);
  }

  #carryOut(effect: Effect): void {
    switch (effect.do) {
      case 'start':
        return this.#start();
      case 'signal':
        return this.#daemon?.signal(effect.signal);
      case 'askHeight':
        return this.#askHeight(effect.generation);
      case 'setTimer':
        return this.#setTimer(effect.timer, effect.milliseconds);
      case 'clearTimer':
        return this.#clearTimer(effect.timer);
      case 'check':
        return this.#check();
      case 'note':
        return this.#note(effect.plan);
      case 'step':
        return this.#beginStep(effect);
      case 'abort':
        return this.#step?.abort();
      case 'forget':
        return removeUpgradeRecord(this.#run.home);
      case 'say':
        return this.#say(effect);
      case 'end':
        return this.#settle(effect.status);
    }
  }

  #say({ what, plan, end }: Extract<Effect, { do: 'say' }>): void {
    const { log, config } = this.#run;
    const said = { plan, end, daemon: config.daemon, hint: undefined };
    if (what !== 'daemon failed' || end === undefined) return sayings[what](log, said);
    const { running, plan: stored, changedWhileRunning: planIsNew, killed } = this.#state;
    const facts = { end, binary: this.#binary(), running, plan: stored?.name, planIsNew, killed };
    const explained = async (): Promise<void> => {
      const { hintOfEnd } = (await import('./later.js')).later;
      sayings[what](log, { ...said, hint: hintOfEnd(facts, this.#run.home.data) });
    };
    this.#lastWords = explained();
  }

  #start(): void {
    const { home, log, args } = this.#run;
    const binary = this.#binary();
    log.info('daemon-starting', 'running app', { path: binary, args: [...args] });
    const command = { binary, args, environment: this.#environment, lockFile: home.daemonLock };
    this.#daemon = startDaemon(command, (end) => {
      this.#daemon = undefined;
      this.#asked?.abort();
      this.#watch?.look(); // the daemon's last word counts
      if (end.kind === 'never started') errorLine(`${binary} could not be started: ${end.cause}`);
      this.#tell({ kind: 'daemonEnded', end });
    });
  }

  #askHeight(generation: number): void {
    this.#asked?.abort();
    if (this.#daemon === undefined) return; // what has ended tells nothing more
    const { home, args } = this.#run;
    const question = { home: home.root, args, binary: this.#binary(), environment: this.#environment };
    const asked = new AbortController();
    this.#asked = asked;
    const ask = async (): Promise<void> => {
      const { askHeight } = (await import('./later.js')).later;
      const height = await askHeight({ ...question, lockFile: home.helperLock, signal: asked.signal });
      if (this.#asked === asked) this.#asked = undefined;
      this.#tell({ kind: 'heightTold', height, generation });
    };
    ask().catch((error: unknown) => this.#giveUp(error));
  }

  #setTimer(timer: TimerName, milliseconds: number): void {
    this.#clearTimer(timer);
    this.#timers.set(
      timer,
      startLongTimer(milliseconds, () => {
        this.#timers.delete(timer);
        this.#tell({ kind: 'timerFired', timer });
      }),
    );
  }

  #clearTimer(timer: TimerName): void {
    this.#timers.get(timer)?.cancel();
    this.#timers.delete(timer);
  }

  #binary(): string {
    const { home } = this.#run;
    return binaryIn(home, targetFolder(home, this.#current));
  }

  #check(): void {
    const abort = new AbortController();
    this.#step = abort;
    const check = async (): Promise<void> => {
      const { home, log, environment, program } = this.#run;
      const binary = this.#binary();
      const start = { binary, folder: targetFolder(home, this.#current), environment, data: home.data };
      const checked = await checkApart(start, { program, lockFile: home.helperLock, signal: abort.signal });
      for (const warning of checked.warnings) log.warn('binary-warning', warning, { path: binary });
      this.#environment = checked.environment;
      if (checked.locked !== undefined) await this.#waitForDatabase(checked.locked, abort.signal);
    };
    check().then(
      () => this.#tell({ kind: 'stepDone', step: 'check' }),
      (error: unknown) => this.#stepFailed('check', undefined, error),
    );
  }

  /** spec 1: two never overlap, whoever has started the other one: a cosmovisor, or a person. */
  async #waitForDatabase({ file, pid }: HeldLock, signal: AbortSignal): Promise<void> {
    this.#run.log.warn('database-locked', 'another process has the data open: waiting for its end', { file, pid });
    const { untilUnlocked } = (await import('./later.js')).later;
    await untilUnlocked(this.#run.home.data, signal, (held) => ({
      message: `process ${held.pid} has ${held.file} open: two nodes never run on one data folder`,
      hint: 'End that process (another supervisor may have started it), then start again.',
    }));
  }

  /** So that a kill while the daemon ends loses no time; the upgrade's first step notes it if this cannot. */
  #note(plan: Plan): void {
    const note = async (): Promise<void> => {
      const { noteUpgrade } = (await import('./later.js')).later;
      try {
        if (this.#state.phase === 'stopping') noteUpgrade(plan, this.#stepContext());
      } catch (error) {
        if (!isSystemError(error)) throw error;
      }
    };
    note().catch((error: unknown) => this.#giveUp(error));
  }

  #stepContext(): StepContext {
    return { ...this.#run, runningBefore: this.#current, newEnvironment: this.#newEnvironment };
  }

  #beginStep({ step, plan }: Extract<Effect, { do: 'step' }>): void {
    const abort = new AbortController();
    this.#step = abort;
    const carryOut = async (): Promise<void> => {
      const { carryOutStep } = (await import('./later.js')).later;
      const { end, environment } = await carryOutStep(step, plan, this.#stepContext(), abort.signal);
      if (environment !== undefined) this.#newEnvironment = environment;
      if (step === 'switch') {
        this.#current = { kind: 'upgrade', plan: plan.name };
        this.#environment = this.#newEnvironment ?? this.#run.environment;
        this.#watch?.look(); // what the switch wrote is no news for the new daemon
      }
      this.#tell(end === undefined ? { kind: 'stepDone', step } : { kind: 'preUpgradeEnded', end });
    };
    carryOut().catch((error: unknown) => this.#stepFailed(step, plan, error));
  }

  #stepFailed(step: StepName, plan: Plan | undefined, error: unknown): void {
    if (!(error instanceof CvtoolError) && !isSystemError(error)) return this.#giveUp(error);
    if (this.#state.stopRequested === undefined) tellProblem(error, plan, step);
    return this.#tell({ kind: 'stepFailed', step });
  }

  #tellPlans(which: 'plan' | 'manual'): void {
    try {
      if (which === 'plan') this.#tell({ kind: 'planChanged', plan: this.#plans.readPlan() });
      else this.#tell({ kind: 'manualChanged', manual: this.#plans.readManual(this.#current) });
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** For `cvtool status`: a convenience, written without fsync, never in the way. */
  #writeStatus(): void {
    const { phase, upgrade } = this.#state;
    const status = {
      pid: process.pid,
      phase,
      daemon: this.#daemon?.pid ?? null,
      current: targetName(this.#current),
      upgrade: upgrade?.name ?? null,
    };
    try {
      writeFileSync(this.#run.home.supervisorStatus, `${JSON.stringify(status)}\n`);
    } catch (error) {
      if (!isSystemError(error)) throw error;
    }
  }
}
