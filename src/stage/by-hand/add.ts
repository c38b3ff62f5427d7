// Adds binaries, and manual plans for them, by hand. All is looked at first, so a refused call writes nothing; then the binaries are
// copied aside, then renamed into their places, and the list of plans comes last: a plan never stands there without its binary.
import { lstatSync, statSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';

import { CvtoolError } from '../../errors/cvtool-error.js';
import { documentNames } from '../../evidence/manifest.js';
import { fillBinary, publishBinary } from '../../home/install-binary.js';
import { lockFolder, type FolderLock } from '../../home/lock.js';
import {
  listWith,
  prepareList,
  runningUpgrade,
  whyPast,
  type GivesWay,
  type ManualPlan,
} from '../../home/manual-plans.js';
import { binaryIn, targetFolder, type HomePaths, type StagingTarget } from '../../home/paths.js';
import { manualPlansFile } from '../../home/plan-files.js';
import { lockPlanList } from '../../home/plan-list-lock.js';
import { mendLocked, removeScratch } from '../../home/replace-folder.js';
import { asWriteProblem } from '../../home/write-problem.js';
import { processesRunningFrom } from '../../host/running-from.js';
import type { PlanName } from '../../values/plan-name.js';
import { haveSameBytes } from '../../verify/same-bytes.js';
import type { Addition } from './additions.js';
import { checkFile, judge, refuseUnfit, type Judged, type Judging } from './judge.js';
import { tellFindings, worstByLevel, type Tell } from './tell.js';

export interface ByHand extends Judging {
  readonly additions: readonly Addition[];
  /** Also what fails L0 or L1. */
  readonly force: boolean;
  /** Also where a binary is there that has other bytes. */
  readonly replace: boolean;
  /** What of the list of manual plans gives way. */
  readonly givesWay: GivesWay;
}

/**
 * @throws USAGE, TARGET_DIFFERS, TARGET_IN_USE, PLAN_REFUSED, HOME_INVALID, VERIFY_FAILED: nothing was written; the signal's reason;
 *   NO_SPACE and HOME_UNWRITABLE: each binary is in its place whole or not at all, and the list is as it was
 */
export async function addByHand(request: ByHand, tell: Tell, signal: AbortSignal): Promise<void> {
  const { home, additions, force } = request;
  const before = new Map(additions.map((addition) => [addition.file, checkedState(addition)]));
  const onWait = (pid: number | undefined): void =>
    tell.warn(`waiting for process ${pid ?? 'unknown'}, which is staging into this home`);
  const lock = await lockFolder(home.cosmovisor, signal, onWait);
  try {
    const wanted = additions.filter((addition) => isNew(addition, request));
    const plans = plansOf(request, tell);
    const judged = new Map<Addition, Judged>();
    for (const addition of additions) {
      judged.set(addition, await judge(addition, request));
      signal.throwIfAborted();
    }
    if (!force) refuseUnfit(unfitOf(judged));
    tellJudged(judged, tell);
    mendLocked(home);
    try {
      await fill(wanted, before, home, signal);
      publish(wanted, plans, request);
    } finally {
      removeScratch(home);
    }
    for (const { name } of additions)
      tell.info('located', `Upgrade binary located at ${binaryIn(home, targetFolder(home, upgrade(name)))}`);
    for (const { name, height } of plans ?? [])
      tell.info('planned', `${manualPlansFile(home)} written, ${name} upgrade binary will switch at height ${height}`);
  } catch (error) {
    throw asWriteProblem(error, home);
  } finally {
    lock.release();
  }
}

/** @returns false where these very bytes are there already, and everybody may execute them @throws TARGET_DIFFERS, TARGET_IN_USE */
function isNew({ name, file }: Addition, { home, replace }: ByHand): boolean {
  const place = targetFolder(home, upgrade(name));
  const binary = binaryIn(home, place);
  const hint = 'Move it away, then run this again.';
  const there = kindOf(place);
  if (there !== 'nothing' && there !== 'folder')
    throw new CvtoolError('TARGET_DIFFERS', `${place} is no folder`, { hint });
  const kind = kindOf(binary);
  if (kind === 'nothing') return true;
  if (kind === 'folder') throw new CvtoolError('TARGET_DIFFERS', `${binary} is a folder`, { hint });
  if (!replace) {
    throw new CvtoolError('TARGET_DIFFERS', `file already exists at ${binary}`, {
      hint: 'Run it with --force to put the new one in its place.',
    });
  }
  if (kind === 'file' && (statSync(binary).mode & 0o555) === 0o555 && haveSameBytes(file, binary)) return false;
  const [pid] = processesRunningFrom(place);
  if (pid === undefined) return true;
  throw new CvtoolError('TARGET_IN_USE', `${place} is in use: process ${pid} runs from it`, {
    hint: 'Stop the node first, then run this again.',
  });
}

/**
 * @returns the plans that are to be put on the list; undefined: the list stays as it is
 * @throws PLAN_REFUSED, HOME_INVALID
 */
function plansOf({ additions, home, recase, givesWay }: ByHand, tell: Tell): readonly ManualPlan[] | undefined {
  const asked = additions.flatMap(({ name, height }) => (height === undefined ? [] : [{ name, height }]));
  if (asked.length === 0) return undefined;
  if (kindOf(home.data) !== 'folder') {
    throw new CvtoolError('HOME_INVALID', `${home.data} must be an existing directory: the plan is kept there`, {
      hint: "DAEMON_HOME must be a node's home: the daemon's own `init` makes `data` there.",
    });
  }
  const running = runningUpgrade(home);
  const plans = asked.filter((plan) => {
    const why = whyPast(plan, running);
    if (why === undefined) return true;
    const hint =
      'A plan whose height has gone by would be a step back. Leave --upgrade-height out to replace the binary alone.';
    if (givesWay !== 'all') throw new CvtoolError('PLAN_REFUSED', why, { hint });
    tell.warn(`${why}: ${plan.name} is left out of the list`); // the list of a whole replay, once more
    return false;
  });
  listWith(home, plans, { recase, givesWay }); // refuses what it would refuse when it is written
  return plans;
}

function unfitOf(judged: ReadonlyMap<Addition, Judged>): Parameters<typeof refuseUnfit>[0] {
  return [...judged].flatMap(([{ file, name }, { unfit }]) => unfit.map((finding) => ({ ...finding, file, name })));
}

function tellJudged(judged: ReadonlyMap<Addition, Judged>, tell: Tell): void {
  for (const [{ file, name }, { verdict }] of judged) {
    tell.info('using', `Using ${file} for ${name} upgrade`, worstByLevel(verdict.findings));
    tellFindings(name, verdict.findings, tell);
  }
}

async function fill(
  wanted: readonly Addition[],
  before: ReadonlyMap<string, string>,
  home: HomePaths,
  signal: AbortSignal,
): Promise<void> {
  for (const { name, file } of wanted) {
    fillBinary(home, upgrade(name), file);
    if (stateOf(file) !== before.get(file)) {
      throw new CvtoolError('VERIFY_FAILED', `${file} has changed while it was looked at and copied`, {
        hint: 'Wait for what writes it to end, then run this again.',
      });
    }
    await nextTurn(); // for a signal to be heard
    signal.throwIfAborted();
  }
}

/** The list is on the disk before the first binary is in its place, and takes effect after the last one. */
function publish(
  wanted: readonly Addition[],
  plans: readonly ManualPlan[] | undefined,
  { home, recase, givesWay }: ByHand,
): void {
  const lock = plans === undefined ? undefined : lockList(home);
  try {
    const list = plans && prepareList(home, listWith(home, plans, { recase, givesWay }));
    try {
      for (const { name } of wanted) publishBinary(home, upgrade(name), documentNames);
    } catch (error) {
      list?.abandon();
      throw error;
    }
    list?.commit();
  } finally {
    lock?.release();
  }
}

function lockList(home: HomePaths): FolderLock {
  const lock = lockPlanList(home);
  if (lock !== undefined) return lock;
  throw new CvtoolError('HOST_NOT_READY', `${manualPlansFile(home)} cannot be locked: another process is writing it`, {
    hint: 'Look for a cvtool that was stopped (state T in `ps`), and for what file system it lies on.',
  });
}

/** @throws USAGE */
function checkedState(addition: Addition): string {
  checkFile(addition);
  return stateOf(addition.file);
}

function stateOf(file: string): string {
  const { dev, ino, size, mtimeNs } = statSync(file, { bigint: true });
  return `${dev} ${ino} ${size} ${mtimeNs}`;
}

/** Links are followed; one that leads nowhere is something. */
function kindOf(path: string): 'nothing' | 'folder' | 'file' | 'else' {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return lstatSync(path, { throwIfNoEntry: false }) === undefined ? 'nothing' : 'else';
  return stat.isDirectory() ? 'folder' : stat.isFile() ? 'file' : 'else';
}

function upgrade(plan: PlanName): StagingTarget {
  return { kind: 'upgrade', plan };
}
