// `cvtool stage-genesis` and `cvtool stage-upgrade`: options in, one staging, the result told.
import { join } from 'node:path';

import { readEnvironment, type Environment } from '../config/environment.js';
import { cacheFolders } from '../config/folders.js';
import { defaultStall, recipeName, secondsFrom, stagingSettings } from '../config/staging.js';
import { catalogue } from '../errors/catalogue.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { homePaths, type StagingTarget } from '../home/paths.js';
import { ownVersion } from '../host/own-version.js';
import { packageRoot } from '../host/package-root.js';
import { loadRecipe } from '../recipe/load.js';
import { confirm } from '../report/confirm.js';
import { errorData, reportError } from '../report/error-text.js';
import { onInterrupt } from '../report/interrupt.js';
import { runPipeline } from '../report/run-pipeline.js';
import { planData, planLines, stagedData, stagedLines } from '../report/staging.js';
import {
  canAsk,
  chooseStyle,
  hasLostOutput,
  outliveReaders,
  print,
  printError,
  type Style,
} from '../report/terminal.js';
import type { Approve } from '../stage/plan.js';
import type { StagingRequest } from '../stage/request.js';
import { planOnly, stage } from '../stage/stage.js';
import type { RunPipeline } from '../stage/step.js';
import { parseAbsolutePath } from '../values/absolute-path.js';
import { parseCommitPrefix } from '../values/commit.js';
import { parseGlibcRelease } from '../values/glibc-release.js';
import { describePlanName, parsePlanName } from '../values/plan-name.js';
import { parseTag } from '../values/tag.js';
import { toolchainConsent } from './toolchain-consent.js';

export interface StageOptions {
  readonly tag?: string;
  readonly recipe?: string;
  readonly repo?: string;
  readonly home?: string;
  readonly name?: string;
  readonly commit?: string;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly debug?: boolean;
  /** False with --no-cache. */
  readonly cache: boolean;
  readonly offline?: boolean;
  readonly keepSource?: boolean;
  readonly targetGlibc?: string;
  /** A Go may be fetched without asking. */
  readonly yes?: boolean;
}

/** @param upgrade the plan's name; undefined for genesis @returns the exit status */
export async function stageCommand(upgrade: string | undefined, options: StageOptions): Promise<number> {
  outliveReaders();
  const signal = onInterrupt({ quiet: styleFor(options, readEnvironment()) === 'live' });
  try {
    const { request, notes } = await readRequest(upgrade, options);
    await (options.dryRun === true
      ? showPlan(request, notes, options, signal)
      : stageIt(request, notes, options, signal));
    return hasLostOutput() ? catalogue.NO_SPACE.exit : 0;
  } catch (error) {
    const reason = signal.aborted && signal.reason instanceof CvtoolError ? signal.reason : error;
    if (options.json === true) print(JSON.stringify(errorData(reason)));
    return reportError(reason, { debug: options.debug === true });
  }
}

/** @throws what the options, the variables and the recipe have wrong */
export async function readRequest(
  upgrade: string | undefined,
  options: StageOptions,
): Promise<{ request: StagingRequest; notes: readonly string[] }> {
  const environment = readEnvironment();
  const here = parseAbsolutePath(process.cwd());
  const recipesFolder = parseAbsolutePath(join(packageRoot(), 'recipes'));
  const recipe = await loadRecipe(recipeName(options.recipe, environment), { recipesFolder, folder: here });
  const settings = stagingSettings(recipe.recipe, options, environment, here);
  const { target, notes } = readTarget(upgrade);
  const request: StagingRequest = {
    target,
    recipe,
    address: settings.address,
    home: homePaths(settings.home, settings.daemon),
    tag: options.tag === undefined ? undefined : parseTag(options.tag),
    commit: options.commit === undefined ? undefined : parseCommitPrefix(options.commit),
    force: options.force === true,
    offline: options.offline === true,
    fresh: !options.cache,
    keepSource: options.keepSource === true,
    targetGlibc: options.targetGlibc === undefined ? undefined : parseGlibcRelease(options.targetGlibc),
    attended: canAsk() && options.json !== true,
    environment,
    folders: cacheFolders(environment),
    stallLimit: secondsFrom(environment, 'CVTOOL_STALL_SECONDS') ?? defaultStall,
    buildLimit: secondsFrom(environment, 'CVTOOL_BUILD_SECONDS'),
    cvtool: ownVersion(),
  };
  if (request.fresh && request.offline) {
    throw new CvtoolError(
      'USAGE',
      '--no-cache and --offline exclude each other: one fetches all anew, the other nothing',
    );
  }
  return { request, notes };
}

function readTarget(upgrade: string | undefined): { target: StagingTarget; notes: string[] } {
  if (upgrade === undefined) return { target: { kind: 'genesis' }, notes: [] };
  const plan = parsePlanName(upgrade);
  const changed = describePlanName(upgrade, plan);
  return { target: { kind: 'upgrade', plan }, notes: changed === undefined ? [] : [changed] };
}

export function styleFor({ json, verbose }: StageOptions, environment: Environment): Style {
  return chooseStyle(environment, { json: json === true, verbose: verbose === true });
}

export function runner(request: StagingRequest, options: StageOptions, signal: AbortSignal): RunPipeline {
  const style = styleFor(options, request.environment);
  return (pipeline, start) => runPipeline(pipeline, start, { style, verbose: options.verbose === true, signal });
}

async function showPlan(
  request: StagingRequest,
  notes: readonly string[],
  options: StageOptions,
  signal: AbortSignal,
): Promise<void> {
  const attended = { ...request, attended: true }; // a plan may be looked at without --commit
  const resolved = await planOnly(attended, runner(request, options, signal));
  if (options.json === true) print(JSON.stringify(planData(resolved, notes)));
  else print(...planLines(resolved, notes));
}

async function stageIt(
  request: StagingRequest,
  notes: readonly string[],
  options: StageOptions,
  signal: AbortSignal,
): Promise<void> {
  const started = performance.now();
  const say = options.json === true ? printError : print;
  for (const note of notes) say(`Note: ${note}`);
  const staged = await stage(request, {
    run: runner(request, options, signal),
    approve: approver(request, options, signal),
  });
  const seconds = (performance.now() - started) / 1000;
  if (options.json === true) print(JSON.stringify(stagedData(request, staged, notes, seconds)));
  else print(...stagedLines(request, staged, seconds));
}

/** Tells what the plan says to a person, and asks where the answer is theirs. */
export function approver(request: StagingRequest, options: StageOptions, signal: AbortSignal): Approve {
  const say = options.json === true ? printError : print;
  const mayFetch = toolchainConsent(options.yes === true, request, signal);
  return async (plan, downloads) => {
    for (const note of plan.notes) say(note.startsWith('warning: ') ? `Warning: ${note.slice(9)}` : `Note: ${note}`);
    if (plan.go !== undefined && !plan.go.from.startsWith('the recipe'))
      say(`Note: Go ${plan.go.version}, from ${plan.go.from}`);
    const question = `The release table does not know tag ${plan.tag}. Build commit ${plan.commit}?`;
    if (plan.commitFrom === 'the repository alone' && !(await confirm(question, signal))) return false;
    return downloads.length === 0 || mayFetch(downloads);
  };
}
