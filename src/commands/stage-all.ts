// `cvtool stage-all`: every release of the table into one home, one after another.
import { readEnvironment } from '../config/environment.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import type { ExitStatus } from '../errors/catalogue.js';
import { errorData, reportError } from '../report/error-text.js';
import { onInterrupt } from '../report/interrupt.js';
import {
  countLine,
  oneStagedLine,
  skippedLines,
  stageAllData,
  stepName,
  type ReleaseOutcome,
} from '../report/stage-all.js';
import { planData, planLines, stagedData } from '../report/staging.js';
import { coloured, outliveReaders, print, printError } from '../report/terminal.js';
import type { Approve } from '../stage/plan.js';
import type { StagingRequest } from '../stage/request.js';
import { eachRelease, releasesToStage, type SkippedRelease } from '../stage/stage-all.js';
import { planOnly, stage } from '../stage/stage.js';
import type { Release } from '../recipe/schema.js';
import { approver, readRequest, runner, styleFor, type StageOptions } from './stage.js';

export interface StageAllOptions extends Omit<StageOptions, 'tag' | 'commit'> {
  readonly from?: string;
}

/** What was done so far, and the exit status of the first failure. */
interface Tally {
  readonly outcomes: ReleaseOutcome[];
  skipped: readonly SkippedRelease[];
  status: ExitStatus | 0;
}

/** @returns the exit status: that of the first release that failed, else 0 */
export async function stageAllCommand(options: StageAllOptions): Promise<number> {
  outliveReaders();
  const signal = onInterrupt({
    quiet: styleFor(options, readEnvironment()) === 'live',
    left: 'what was staged before stays',
  });
  const started = performance.now();
  const tally: Tally = { outcomes: [], skipped: [], status: 0 };
  let stopped: unknown;
  try {
    await stageEach(options, tally, signal);
  } catch (error) {
    stopped = signal.aborted ? signal.reason : error;
  }
  const seconds = (performance.now() - started) / 1000;
  if (stopped !== undefined && !(stopped instanceof CvtoolError && signal.aborted)) {
    if (options.json === true) print(JSON.stringify(errorData(stopped)));
    return reportError(stopped, { debug: options.debug === true });
  }
  return conclude(options, tally, seconds, stopped);
}

async function stageEach(options: StageAllOptions, tally: Tally, signal: AbortSignal): Promise<void> {
  const { request } = await readRequest(undefined, options);
  if (request.fresh && request.keepSource) {
    throw new CvtoolError('USAGE', '--no-cache and --keep-source exclude each other here', {
      hint: 'The sources borrow from the clone that all of them share, which --no-cache removes at the end.',
    });
  }
  const { toStage, skipped } = releasesToStage(request.recipe.recipe, options.from);
  tally.skipped = skipped;
  const say = options.json === true ? printError : print;
  say(...skippedLines(skipped));
  const approve = approver(request, options, signal);
  const numbers = new Map(toStage.map(({ release }, index) => [release, `${index + 1} of ${toStage.length}`]));
  await eachRelease(request, toStage, signal, {
    visit: async (own, release) => {
      say('', coloured('bold', `${stepName(release)} (${numbers.get(release) ?? ''}), tag ${release.tag}`));
      tally.outcomes.push(await (options.dryRun === true ? plan : build)(own, release, { options, signal, approve }));
    },
    failed: (error, release) => {
      tally.outcomes.push({ release, kind: 'failed', data: errorData(error) });
      const status = reportError(error, { debug: options.debug === true });
      if (tally.status === 0) tally.status = status;
    },
  });
}

interface Means {
  readonly options: StageAllOptions;
  readonly signal: AbortSignal;
  readonly approve: Approve;
}

async function plan(request: StagingRequest, release: Release, { options, signal }: Means): Promise<ReleaseOutcome> {
  const resolved = await planOnly({ ...request, attended: true }, runner(request, options, signal));
  if (options.json !== true) print(...planLines(resolved, []));
  return { release, kind: 'planned', data: planData(resolved, []) };
}

async function build(
  request: StagingRequest,
  release: Release,
  { options, signal, approve }: Means,
): Promise<ReleaseOutcome> {
  const started = performance.now();
  const staged = await stage(request, { run: runner(request, options, signal), approve });
  const seconds = (performance.now() - started) / 1000;
  const say = options.json === true ? printError : print;
  if (staged.keptSource !== undefined) say(`The source is kept in ${staged.keptSource}`);
  say(oneStagedLine(staged, seconds));
  const isThere = staged.ready === undefined || staged.ready.published.unchanged;
  return { release, kind: isThere ? 'there' : 'staged', data: stagedData(request, staged, [], seconds) };
}

/** The end, also where a signal has stopped it: what is staged by then stays. */
function conclude(
  options: StageAllOptions,
  { outcomes, skipped, status }: Tally,
  seconds: number,
  stopped: CvtoolError | undefined,
): number {
  const dryRun = options.dryRun === true;
  if (options.json === true) print(JSON.stringify(stageAllData(outcomes, skipped, { dryRun, seconds, stopped })));
  const stoppedStatus = stopped === undefined ? undefined : reportError(stopped, { debug: options.debug === true });
  if (options.json !== true && !dryRun) print('', countLine(outcomes));
  return stoppedStatus ?? status;
}
