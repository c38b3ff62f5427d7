// `cvtool reproduce`: options in, one build, the comparison told.
import { existsSync } from 'node:fs';

import { readEnvironment } from '../config/environment.js';
import { catalogue } from '../errors/catalogue.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { readManifest, type Manifest } from '../evidence/manifest.js';
import { sha256OfFile } from '../evidence/sha256.js';
import type { HomePaths } from '../home/paths.js';
import { errorData, reportError } from '../report/error-text.js';
import { onInterrupt } from '../report/interrupt.js';
import { reproducedLines, reproductionData } from '../report/reproduction.js';
import { hasLostOutput, outliveReaders, print, printError } from '../report/terminal.js';
import { notReproduced } from '../stage/not-reproduced.js';
import { isReproduced, reproduce, requestFor } from '../stage/reproduce.js';
import type { StagingRequest } from '../stage/request.js';
import type { StagedBuild } from '../stage/steps/compare.js';
import { parseAbsolutePath, resolvePath } from '../values/absolute-path.js';
import { parseDigest, type Digest } from '../values/digest.js';
import { subjectOf } from '../verify/staged-subjects.js';
import type { Subject } from '../verify/subject.js';
import { approver, readRequest, runner, styleFor, type StageOptions } from './stage.js';

export interface ReproduceOptions extends Omit<StageOptions, 'cache' | 'force' | 'dryRun' | 'offline' | 'targetGlibc'> {
  readonly expectSha256?: string;
}

/** @param word genesis, current, an upgrade's name, a path @returns the exit status */
export async function reproduceCommand(word: string, given: ReproduceOptions): Promise<number> {
  outliveReaders();
  const options: StageOptions & ReproduceOptions = { ...given, cache: false }; // nothing of an earlier build
  const quiet = styleFor(options, readEnvironment()) === 'live';
  const signal = onInterrupt({ quiet, left: 'nothing was changed' });
  const started = performance.now();
  try {
    const { request, notes, staged, expected } = await readAsked(word, options);
    const say = options.json === true ? printError : print;
    for (const note of notes) say(`Note: ${note}`);
    const means = { run: runner(request, options, signal), approve: approver(request, options, signal) };
    const reproduction = await reproduce(request, { staged, expected }, means);
    const seconds = (performance.now() - started) / 1000;
    if (options.json === true) print(JSON.stringify(reproductionData(reproduction, notes, seconds)));
    if (!isReproduced(reproduction)) return reportError(notReproduced(reproduction), { debug: false });
    if (options.json !== true) print(...reproducedLines(reproduction, seconds));
    return hasLostOutput() ? catalogue.NO_SPACE.exit : 0;
  } catch (error) {
    const reason = signal.aborted && signal.reason instanceof CvtoolError ? signal.reason : error;
    if (options.json === true) print(JSON.stringify(errorData(reason)));
    return reportError(reason, { debug: options.debug === true });
  }
}

interface Asked {
  readonly request: StagingRequest;
  readonly notes: readonly string[];
  readonly staged: StagedBuild | undefined;
  readonly expected: Digest | undefined;
}

/** @throws USAGE, NOT_STAGED, MANIFEST_INVALID, and what the options have wrong */
async function readAsked(word: string, options: StageOptions & ReproduceOptions): Promise<Asked> {
  const expected = options.expectSha256 === undefined ? undefined : parseDigest(options.expectSha256);
  const isName = word !== 'current' && !word.includes('/');
  const namesTag = options.tag !== undefined || options.commit !== undefined;
  if (namesTag && (expected === undefined || !isName)) {
    throw new CvtoolError('USAGE', '--tag and --commit are for a name together with --expect-sha256', {
      hint: 'Without them the tag and the commit are those of the manifest of what is staged.',
    });
  }
  const here = parseAbsolutePath(process.cwd());
  const { request } = await readRequest(undefined, options);
  const subject = namesTag
    ? undefined
    : stagedOr(isName && expected !== undefined, () =>
        subjectOf(request.home, word, (path) => resolvePath(path, here)),
      );
  if (subject === undefined) {
    const named = await readRequest(word === 'genesis' ? undefined : word, options);
    return { ...named, staged: undefined, expected };
  }
  const manifest = readManifest(subject.folder);
  if (manifest === undefined) throw noManifest(subject, request.home);
  const isAsked = (options.recipe ?? request.environment.CVTOOL_RECIPE) !== undefined;
  if (!isAsked) refuseOtherRecipe(subject, manifest, request);
  const { name, folder } = subject;
  return { request: requestFor(manifest, request), notes: [], staged: { name, folder, manifest }, expected };
}

/** @param mayLack then it is undefined where nothing is staged */
function stagedOr(mayLack: boolean, find: () => Subject): Subject | undefined {
  try {
    return find();
  } catch (error) {
    if (mayLack && error instanceof CvtoolError && error.code === 'NOT_STAGED') return undefined;
    throw error;
  }
}

/** By default it is panacea's recipe, which need not be meant. */
function refuseOtherRecipe({ name }: Subject, { recipe: by }: Manifest, { recipe: { recipe } }: StagingRequest): void {
  if (by.name === recipe.name) return;
  const what = `${name} was built by the recipe ${by.name}, and this one is ${recipe.name}`;
  throw new CvtoolError('CONFIG_INVALID', what, {
    hint: `Name it: --recipe ${by.name}, or the path of its file. --recipe ${recipe.name} takes this one all the same.`,
  });
}

function noManifest({ name, folder, binary, target }: Subject, home: HomePaths): CvtoolError {
  const sha256 = existsSync(binary) ? sha256OfFile(binary) : '<sha256>';
  const release = target?.kind === 'upgrade' ? target.plan : target?.kind === 'genesis' ? 'genesis' : '<name>';
  const what = `${name} has no manifest: nothing says how ${home.daemon} was built`;
  return new CvtoolError('NOT_STAGED', what, {
    details: [`There is no manifest.json in ${folder}: it was staged by hand, or by another tool.`],
    hint: `A tag can be held against its bytes: \`cvtool reproduce ${release} --tag <tag> --expect-sha256 ${sha256}\`.`,
  });
}
