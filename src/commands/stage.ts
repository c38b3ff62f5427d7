// `cvtool stage-genesis` and `cvtool stage-upgrade`: options in, one staging, the result told.
import { join } from 'node:path';

import { readEnvironment } from '../config/environment.js';
import { cacheFolders } from '../config/folders.js';
import { recipeName, secondsFrom, stagingSettings } from '../config/staging.js';
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
import { canAsk, chooseStyle, outliveReaders, print, printError } from '../report/terminal.js';
import type { StagingRequest } from '../stage/request.js';
import { planOnly, stage, type RunPipeline } from '../stage/stage.js';
import { parseAbsolutePath } from '../values/absolute-path.js';
import { parseCommitPrefix } from '../values/commit.js';
import { describePlanName, parsePlanName } from '../values/plan-name.js';
import { parseTag } from '../values/tag.js';

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
}

/** Milliseconds without a word from git before it is taken to have stalled. */
const defaultStall = 120_000;

/** @param upgrade the plan's name; undefined for genesis @returns the exit status */
export async function stageCommand(upgrade: string | undefined, options: StageOptions): Promise<number> {
  outliveReaders();
  const signal = onInterrupt();
  try {
    const { request, notes } = await readRequest(upgrade, options);
    await (options.dryRun === true
      ? showPlan(request, notes, options, signal)
      : stageIt(request, notes, options, signal));
    return 0;
  } catch (error) {
    const reason = signal.aborted && signal.reason instanceof CvtoolError ? signal.reason : error;
    if (options.json === true) print(JSON.stringify(errorData(reason)));
    return reportError(reason, { debug: options.debug === true });
  }
}

async function readRequest(
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

function runner(request: StagingRequest, { json, verbose }: StageOptions, signal: AbortSignal): RunPipeline {
  const style = chooseStyle(request.environment, { json: json === true, verbose: verbose === true });
  return (pipeline, start) => runPipeline(pipeline, start, { style, verbose: verbose === true, signal });
}

async function showPlan(
  request: StagingRequest,
  notes: readonly string[],
  options: StageOptions,
  signal: AbortSignal,
): Promise<void> {
  const attended = { ...request, attended: true }; // a plan may be looked at without --commit
  const { plan, alreadyStaged } = await planOnly(attended, runner(request, options, signal));
  if (options.json === true) print(JSON.stringify(planData(plan, notes, alreadyStaged)));
  else print(...planLines(plan, notes, alreadyStaged));
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
    approve: async (plan) => {
      for (const note of plan.notes) say(note.startsWith('warning: ') ? `Warning: ${note.slice(9)}` : `Note: ${note}`);
      if (plan.go !== undefined && !plan.go.from.startsWith('the recipe'))
        say(`Note: Go ${plan.go.version}, from ${plan.go.from}`);
      if (plan.commitFrom !== 'the repository alone') return true;
      return confirm(`The release table does not know tag ${plan.tag}. Build commit ${plan.commit}?`, signal);
    },
  });
  const seconds = (performance.now() - started) / 1000;
  if (options.json === true) print(JSON.stringify(stagedData(request, staged, notes, seconds)));
  else print(...stagedLines(request, staged, seconds));
}
