// The steps of an upgrade, carried out: each begins, can be aborted, and ends by itself. What is decided between them is the
// machine's affair.
import { chmodSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { CvtoolError } from '../errors/cvtool-error.js';
import { switchCurrent } from '../home/current-link.js';
import { binaryIn, targetFolder, type HomePaths } from '../home/paths.js';
import { publishManualPlan, removeManualPlan, writeAppliedPlan } from '../home/plan-files.js';
import { removeUpgradeRecord } from '../home/upgrade-record.js';
import { escapePlanName } from '../values/plan-name.js';
import { checkBinary, isExecutableFormat } from './check-binary.js';
import type { StepContext } from './context.js';
import { daemonEnvironment } from './daemon-environment.js';
import { heldDatabaseLock } from './database-lock.js';
import { runHelper } from './helper-process.js';
import type { Plan } from './machine/plan.js';
import type { End, StepName } from './machine/types.js';
import { backUp, noteUpgrade } from './upgrade-backup.js';

/** A step under way. */
export interface RunningStep {
  /** Resolves with pre-upgrade's end, and with undefined for the others. @throws what made it fail */
  readonly done: Promise<End | undefined>;
  abort(): void;
}

/** Milliseconds for which a database may stay locked after the daemon has ended. */
const lockLimit = 15_000;
const lockInterval = 20;

export function beginStep(step: StepName, plan: Plan, context: StepContext): RunningStep {
  const abort = new AbortController();
  switch (step) {
    case 'unlock':
      return { done: unlock(plan, context, abort.signal), abort: () => abort.abort() };
    case 'backup':
      return { done: backUp(plan, context, abort.signal), abort: () => abort.abort() };
    case 'script':
      return customScript(plan, context); // its own promise holds what is wrong with the file
    case 'fetch':
      return { done: fetchBinary(plan, context), abort: () => abort.abort() };
    case 'preUpgrade':
      return preUpgrade(plan, context);
    case 'switch':
      return { done: makeSwitch(plan, context), abort: () => undefined };
  }
}

/** Notes that the upgrade is under way: a run after this one goes on from here. Then waits until no database is locked. */
async function unlock(plan: Plan, context: StepContext, signal: AbortSignal): Promise<undefined> {
  const { home } = context;
  noteUpgrade(plan, context);
  const deadline = performance.now() + lockLimit;
  for (let held = heldDatabaseLock(home.data); held !== undefined; held = heldDatabaseLock(home.data)) {
    if (signal.aborted) return undefined;
    if (performance.now() > deadline) {
      throw new CvtoolError(
        'TARGET_IN_USE',
        `${held.file} is still locked by process ${held.pid}, though the daemon has ended`,
        {
          hint: 'End that process, then start again: the upgrade goes on from here.',
        },
      );
    }
    await delay(lockInterval);
  }
  return undefined;
}

function customScript(plan: Plan, context: StepContext): RunningStep {
  try {
    return runCustomScript(plan, context);
  } catch (error) {
    return { done: Promise.reject(error instanceof Error ? error : new Error(String(error))), abort: () => undefined };
  }
}

function runCustomScript(plan: Plan, { config, home, environment, log }: StepContext): RunningStep {
  const file = join(home.cosmovisor, config.customPreUpgrade ?? '');
  log.info('custom-preupgrade-looking', 'looking for COSMOVISOR_CUSTOM_PREUPGRADE file', { file });
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isFile()) {
    const what = stat === undefined ? 'no such file or directory' : 'it is not a regular file';
    throw new CvtoolError('CONFIG_INVALID', `COSMOVISOR_CUSTOM_PREUPGRADE: ${file}: ${what}`, {
      hint: 'Put the script there, then start again: the upgrade goes on from here.',
    });
  }
  if (!isExecutableFormat(file)) {
    throw new CvtoolError('CONFIG_INVALID', `COSMOVISOR_CUSTOM_PREUPGRADE: ${file}: exec format error`, {
      hint: 'Its first line must name its interpreter (#!/bin/sh), or it must be a program.',
    });
  }
  if ((stat.mode & 0o100) === 0) chmodSync(file, (stat.mode & 0o7777) | 0o100);
  const args = [plan.spelled, String(plan.height)];
  const { done, abort } = runHelper({ file, args, folder: home.root, environment, lockFile: home.helperLock });
  const judged = done.then(({ end, stdout, stderr }) => {
    const output = printed(stdout, stderr);
    log.info('custom-preupgrade-result', 'COSMOVISOR_CUSTOM_PREUPGRADE result', {
      command: file,
      argv1: plan.spelled,
      argv2: String(plan.height),
      result: output,
    });
    if (end.kind === 'exited' && end.status === 0) return undefined;
    throw new CvtoolError('UPGRADE_FAILED', `COSMOVISOR_CUSTOM_PREUPGRADE ${file} ${describeEnd(end)}`, {
      details: output.trim() === '' ? [] : output.trim().split('\n').slice(-5),
      hint: 'Mend the script, then start again: the upgrade goes on from here.',
    });
  });
  return { done: judged, abort };
}

/** The new binary is there and can start. Downloads come later: a missing one is upstream's error. */
async function fetchBinary(plan: Plan, context: StepContext): Promise<undefined> {
  const { home, log } = context;
  const folder = targetFolder(home, { kind: 'upgrade', plan: plan.name });
  const binary = binaryIn(home, folder);
  if (!existsSync(binary)) {
    throw new CvtoolError(
      'NOT_STAGED',
      `binary not present, downloading disabled: stat ${binary}: no such file or directory`,
      {
        hint: [
          ...nearNames(home, plan).map(
            (near) =>
              `There is ${near}, which is another name: plan names are lower-cased unless COSMOVISOR_DISABLE_RECASE=true.`,
          ),
          `Stage it: \`cvtool stage-upgrade ${plan.name}\`, then start again: the upgrade goes on from here.`,
        ].join('\n'),
      },
    );
  }
  for (const warning of checkBinary({ binary, folder, environment: environmentOf(plan, context) }))
    log.warn('binary-warning', warning, { path: binary });
  return undefined;
}

/** What the new binary will be started with. */
function environmentOf(plan: Plan, { home, environment }: StepContext): NodeJS.ProcessEnv {
  const folder = targetFolder(home, { kind: 'upgrade', plan: plan.name });
  return daemonEnvironment(binaryIn(home, folder), folder, environment);
}

/** The folders whose names differ from the plan's in case alone: no other spelling is taken, but a near one is named. */
function nearNames(home: HomePaths, { name }: Plan): readonly string[] {
  if (!existsSync(home.upgrades)) return [];
  const wanted = escapePlanName(name);
  return readdirSync(home.upgrades)
    .filter((folder) => folder !== wanted && folder.toLowerCase() === wanted.toLowerCase())
    .map((folder) => join(home.upgrades, folder));
}

function preUpgrade(plan: Plan, context: StepContext): RunningStep {
  const { home, log } = context;
  const binary = binaryIn(home, targetFolder(home, { kind: 'upgrade', plan: plan.name }));
  const { done, abort } = runHelper({
    file: binary,
    args: ['pre-upgrade'],
    folder: undefined,
    environment: environmentOf(plan, context),
    lockFile: home.helperLock,
  });
  return {
    abort,
    done: done.then(({ end, stdout, stderr }) => {
      const output = printed(stdout, stderr);
      if (output.trim() !== '' && !(end.kind === 'exited' && end.status === 1)) {
        log.info('pre-upgrade-result', 'pre-upgrade result', { result: output });
      }
      return end;
    }),
  };
}

/** What a helper has printed, as the log shows it. */
function printed(stdout: string, stderr: string): string {
  return (stdout + stderr).slice(0, longestShown);
}
const longestShown = 64 * 1024;

/** The commit point: the plan's copy, then the one rename of `current`. */
async function makeSwitch(plan: Plan, { config, home, runningBefore }: StepContext): Promise<undefined> {
  const recase = !config.disableRecase;
  writeAppliedPlan(home, plan, plan.from, recase);
  const running = runningBefore.kind === 'upgrade' ? runningBefore.plan : undefined;
  if (plan.from === 'manual') publishManualPlan(home, plan, running, recase);
  switchCurrent(home, { kind: 'upgrade', plan: plan.name });
  removeUpgradeRecord(home);
  removeManualPlan(home, plan.name, recase);
  return undefined;
}

/** How a process of ours ended, as a clause. */
export function describeEnd(end: End): string {
  switch (end.kind) {
    case 'exited':
      return `ended with exit status ${end.status}`;
    case 'signalled':
      return `was ended by ${end.signal}`;
    case 'never started':
      return `could not be started: ${end.cause}`;
  }
}
