// The steps of an upgrade, carried out: each can be aborted, and ends by itself. What is decided between them is the machine's
// affair.
import { chmodSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { CvtoolError } from '../errors/cvtool-error.js';
import { switchCurrent } from '../home/current-link.js';
import { sweepDownloads } from '../home/download-folder.js';
import { binaryIn, targetFolder, type HomePaths } from '../home/paths.js';
import { publishManualPlan, removeManualPlan, writeAppliedPlan } from '../home/plan-files.js';
import { removeUpgradeRecord } from '../home/upgrade-record.js';
import { escapePlanName } from '../values/plan-name.js';
import { checkBinary, isExecutableFormat } from './check-binary.js';
import type { StepContext } from './context.js';
import { heldDatabaseLock, type HeldLock } from './database-lock.js';
import { downloadBinary } from './download-binary.js';
import { runHelper } from './helper-process.js';
import type { Plan } from './machine/plan.js';
import type { End, UpgradeStep } from './machine/types.js';
import { describeEnd } from './sayings.js';
import { backUp, noteUpgrade } from './upgrade-backup.js';

/** What a step found, where it finds something. */
export interface StepResult {
  /** pre-upgrade's. */
  readonly end?: End;
  /** What the new binary is to be started with. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** Milliseconds for which a database may stay locked after its daemon has ended. */
const lockLimit = 15_000;
const lockInterval = 20;

/**
 * @param signal ends it early, and every process of it
 * @throws what made it fail
 */
export async function carryOutStep(
  step: UpgradeStep,
  plan: Plan,
  context: StepContext,
  signal: AbortSignal,
): Promise<StepResult> {
  switch (step) {
    case 'unlock':
      await unlock(plan, context, signal);
      return {};
    case 'backup':
      await backUp(plan, context, signal);
      return {};
    case 'script':
      await runCustomScript(plan, context, signal);
      return {};
    case 'fetch':
      return fetchBinary(plan, context, signal);
    case 'preUpgrade':
      return { end: await preUpgrade(plan, context, signal) };
    case 'switch':
      makeSwitch(plan, context);
      return {};
  }
}

/** Notes that the upgrade is under way: a run after this one goes on from here. Then waits until no database is locked. */
async function unlock(plan: Plan, context: StepContext, signal: AbortSignal): Promise<void> {
  const { home } = context;
  noteUpgrade(plan, context);
  await untilUnlocked(home.data, signal, ({ file, pid }) => ({
    message: `${file} is still locked by process ${pid}, though the daemon has ended`,
    hint: 'End that process, then start again: the upgrade goes on from here.',
  }));
}

/** @param told says what is wrong where a lock is not let go of in time @throws TARGET_IN_USE */
export async function untilUnlocked(
  data: string,
  signal: AbortSignal,
  told: (held: HeldLock) => { readonly message: string; readonly hint: string },
): Promise<void> {
  const deadline = performance.now() + lockLimit;
  for (let held = heldDatabaseLock(data); held !== undefined; held = heldDatabaseLock(data)) {
    if (signal.aborted) return;
    if (performance.now() > deadline) {
      const { message, hint } = told(held);
      throw new CvtoolError('TARGET_IN_USE', message, { hint });
    }
    await delay(lockInterval);
  }
}

async function runCustomScript(
  plan: Plan,
  { config, home, environment, log }: StepContext,
  signal: AbortSignal,
): Promise<void> {
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
  const helper = { file, args, folder: home.root, environment, lockFile: home.helperLock, signal };
  const { end, stdout, stderr } = await runHelper(helper);
  const output = printed(stdout, stderr);
  log.info('custom-preupgrade-result', 'COSMOVISOR_CUSTOM_PREUPGRADE result', {
    command: file,
    argv1: plan.spelled,
    argv2: String(plan.height),
    result: output,
  });
  if (end.kind === 'exited' && end.status === 0) return;
  throw new CvtoolError('UPGRADE_FAILED', `COSMOVISOR_CUSTOM_PREUPGRADE ${file} ${describeEnd(end)}`, {
    details: output.trim() === '' ? [] : output.trim().split('\n').slice(-5),
    hint: 'Mend the script, then start again: the upgrade goes on from here.',
  });
}

/** The new binary is there, or is fetched, and can start. */
async function fetchBinary(plan: Plan, context: StepContext, signal: AbortSignal): Promise<StepResult> {
  const { home, log, environment } = context;
  const folder = targetFolder(home, { kind: 'upgrade', plan: plan.name });
  const binary = binaryIn(home, folder);
  sweepDownloads(home);
  if (!existsSync(binary)) {
    if (!context.config.allowDownload) throw notStaged(plan, binary, home);
    await downloadBinary(plan, context, signal);
    if (signal.aborted) return {};
  }
  const checked = checkBinary({ binary, folder, environment });
  for (const warning of checked.warnings) log.warn('binary-warning', warning, { path: binary });
  return { environment: checked.environment };
}

function notStaged(plan: Plan, binary: string, home: HomePaths): CvtoolError {
  const message = `binary not present, downloading disabled: stat ${binary}: no such file or directory`;
  const near = nearNames(home, plan).map(
    (each) =>
      `There is ${each}, which is another name: plan names are lower-cased unless COSMOVISOR_DISABLE_RECASE=true.`,
  );
  const way = `Stage it: \`cvtool stage-upgrade ${plan.name}\`, then start again: the upgrade goes on from here.`;
  return new CvtoolError('NOT_STAGED', message, { hint: [...near, way].join('\n') });
}

/** The folders whose names differ from the plan's in case alone: no other spelling is taken, but a near one is named. */
function nearNames(home: HomePaths, { name }: Plan): readonly string[] {
  if (!existsSync(home.upgrades)) return [];
  const wanted = escapePlanName(name);
  return readdirSync(home.upgrades)
    .filter((folder) => folder !== wanted && folder.toLowerCase() === wanted.toLowerCase())
    .map((folder) => join(home.upgrades, folder));
}

/** @returns how it ended; what it printed goes to the log, where it is more than "no such command" */
async function preUpgrade(
  plan: Plan,
  { home, log, environment, newEnvironment = environment }: StepContext,
  signal: AbortSignal,
): Promise<End> {
  const { end, stdout, stderr } = await runHelper({
    file: binaryIn(home, targetFolder(home, { kind: 'upgrade', plan: plan.name })),
    args: ['pre-upgrade'],
    folder: undefined,
    environment: newEnvironment,
    lockFile: home.helperLock,
    signal,
  });
  const output = printed(stdout, stderr);
  if (output.trim() !== '' && !(end.kind === 'exited' && end.status === 1)) {
    log.info('pre-upgrade-result', 'pre-upgrade result', { result: output });
  }
  return end;
}

/** What a helper has printed, as the log shows it. */
function printed(stdout: string, stderr: string): string {
  return (stdout + stderr).slice(0, longestShown);
}
const longestShown = 64 * 1024;

/** The commit point: the plan's copy, then the one rename of `current`. */
function makeSwitch(plan: Plan, { config, home, runningBefore }: StepContext): void {
  const recase = !config.disableRecase;
  writeAppliedPlan(home, plan, plan.from, recase);
  const running = runningBefore.kind === 'upgrade' ? runningBefore.plan : undefined;
  if (plan.from === 'manual') publishManualPlan(home, plan, running, recase);
  switchCurrent(home, { kind: 'upgrade', plan: plan.name });
  removeUpgradeRecord(home);
  removeManualPlan(home, plan.name, recase);
}
