// `cvtool verify`: what is staged, judged level by level, on any host and offline.
import { basename } from 'node:path';

import { readEnvironment, type Environment } from '../config/environment.js';
import { goModuleCaches } from '../config/folders.js';
import { homeAndDaemon, recipeName } from '../config/staging.js';
import { catalogue } from '../errors/catalogue.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { homePaths, type HomePaths } from '../home/paths.js';
import type { LoadedRecipe } from '../recipe/load.js';
import { errorData, reportError } from '../report/error-text.js';
import { onInterrupt } from '../report/interrupt.js';
import { outliveReaders, print } from '../report/terminal.js';
import { verdictData, verdictLines, verdictSummary } from '../report/verdict.js';
import { parseAbsolutePath, resolvePath, type AbsolutePath } from '../values/absolute-path.js';
import { parseGlibcRelease } from '../values/glibc-release.js';
import { digestsOf } from '../verify/digests.js';
import { manifestState } from '../verify/manifest-state.js';
import { allSubjects, subjectOf } from '../verify/staged-subjects.js';
import type { Subject } from '../verify/subject.js';
import { verifySubject, type Circumstances, type Verdict } from '../verify/verdict.js';

export interface VerifyOptions {
  readonly all?: boolean;
  readonly home?: string;
  readonly name?: string;
  readonly recipe?: string;
  readonly targetGlibc?: string;
  /** False with --no-exec. */
  readonly exec: boolean;
  readonly json?: boolean;
  readonly debug?: boolean;
}

/** @param word genesis, current, an upgrade's name, a path; undefined: all that is staged @returns the exit status */
export async function verifyCommand(word: string | undefined, options: VerifyOptions): Promise<number> {
  outliveReaders();
  const signal = onInterrupt({ quiet: false });
  try {
    const verdicts = await verify(word, options, signal);
    if (options.json === true) print(JSON.stringify(verdictData(verdicts)));
    else print(...verdicts.flatMap((verdict) => [...verdictLines(verdict), '']), verdictSummary(verdicts));
    return verdicts.some(({ worst }) => worst === 'fail') ? catalogue.VERIFY_FAILED.exit : 0;
  } catch (error) {
    const reason = signal.aborted && signal.reason instanceof CvtoolError ? signal.reason : error;
    if (options.json === true) print(JSON.stringify(errorData(reason)));
    return reportError(reason, { debug: options.debug === true });
  }
}

async function verify(word: string | undefined, options: VerifyOptions, signal: AbortSignal): Promise<Verdict[]> {
  if (word !== undefined && options.all === true) {
    throw new CvtoolError('USAGE', `--all and ${word} exclude each other`, { hint: 'Leave one of them out.' });
  }
  const environment = readEnvironment();
  const here = parseAbsolutePath(process.cwd());
  const early = beginEarly(word, options.home ?? environment.DAEMON_HOME, here);
  let loaded: Promise<LoadedRecipe> | undefined;
  const recipe = (): Promise<LoadedRecipe> => (loaded ??= loadRecipe(recipeName(options.recipe, environment)));
  const settings = await homeAndDaemon(async () => (await recipe()).recipe, options, environment, here);
  const home = homePaths(settings.home, settings.daemon);
  const subjects = word === undefined ? stagedIn(home) : [subjectOf(home, word, (path) => resolvePath(path, here))];
  const around = circumstances(options, environment, signal);
  const isAsked = (options.recipe ?? environment.CVTOOL_RECIPE) !== undefined;
  const verdicts: Verdict[] = [];
  let next = subjects[0] && (early?.folder === subjects[0].folder ? early.digests : begin(subjects[0]));
  for (const [index, subject] of subjects.entries()) {
    const digests = next;
    const facts = recipe().then(({ recipe: found }) =>
      isAsked || found.daemon === basename(subject.binary) ? found : undefined,
    );
    const verdict = verifySubject(subject, { manifest: manifestState(subject.folder), recipe: facts, digests }, around);
    const following = subjects[index + 1];
    next = following && begin(following); // hashed while this one is judged
    verdicts.push(await verdict);
    signal.throwIfAborted();
  }
  return verdicts;
}

/** A module that reads YAML: loaded after the hashing has begun. */
async function loadRecipe(name: string): Promise<LoadedRecipe> {
  return (await import('./load-recipe.js')).loadRecipeHere(name);
}

/** Where the home is known, so is the folder: its hashing need not wait for the recipe. What is wrong is told later. */
function beginEarly(
  word: string | undefined,
  home: string | undefined,
  here: AbsolutePath,
): { readonly folder: string; readonly digests: ReturnType<typeof digestsOf> } | undefined {
  if (home === undefined) return undefined;
  try {
    const paths = homePaths(resolvePath(home, here), 'daemon'); // by which no folder is named
    const first =
      word === undefined ? allSubjects(paths)[0] : subjectOf(paths, word, (path) => resolvePath(path, here));
    return first && { folder: first.folder, digests: begin(first) };
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    return undefined;
  }
}

function begin({ folder }: Subject): ReturnType<typeof digestsOf> {
  const digests = digestsOf(folder);
  digests.catch(() => undefined); // whoever awaits it is told
  return digests;
}

function stagedIn(home: HomePaths): Subject[] {
  const subjects = allSubjects(home);
  if (subjects.length > 0) return subjects;
  throw new CvtoolError('NOT_STAGED', `nothing is staged in ${home.cosmovisor}`, {
    hint: 'Stage it: `cvtool stage-genesis`, `cvtool stage-upgrade <name>`; --home names another home.',
  });
}

function circumstances(options: VerifyOptions, environment: Environment, signal: AbortSignal): Circumstances {
  return {
    daemonEnvironment: environment, // `cvtool run` would hand ours on
    targetGlibc: options.targetGlibc === undefined ? undefined : parseGlibcRelease(options.targetGlibc),
    execute: options.exec,
    moduleCaches: goModuleCaches(environment),
    recase: environment.COSMOVISOR_DISABLE_RECASE?.toLowerCase() !== 'true',
    signal,
  };
}
