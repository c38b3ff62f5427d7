// `cvtool plan-info`: the info of an upgrade plan for what was packed; `cvtool plan-info lint`: what nodes would make of one.
import { readFileSync } from 'node:fs';

import { readEnvironment } from '../config/environment.js';
import { recipeName, secondsFrom } from '../config/staging.js';
import { catalogue, type ErrorCode } from '../errors/catalogue.js';
import { CvtoolError, hasCode } from '../errors/cvtool-error.js';
import { systemReason } from '../errors/system-reason.js';
import { provePlanInfo } from '../prepare/prove-plan-info.js';
import { lintArchives } from '../release/lint-archives.js';
import { lintPlanInfo, type LintRow } from '../release/lint-plan-info.js';
import { parseUrlBase, planInfo, planInfoText } from '../release/plan-info.js';
import { proposalText } from '../release/proposal.js';
import { errorData, reportError } from '../report/error-text.js';
import { onInterrupt } from '../report/interrupt.js';
import { lintData, lintLines } from '../report/release.js';
import { outliveReaders, print } from '../report/terminal.js';
import { downloadLimit } from '../supervisor/download-news.js';
import { parseFileName } from '../values/inner-path.js';
import { loadRecipeHere } from './load-recipe.js';

export interface PlanInfoOptions {
  readonly urlBase?: string;
  readonly proposal?: 'legacy' | 'v1';
  readonly plan?: string;
  readonly height?: string;
  readonly title?: string;
  readonly summary?: string;
  readonly deposit?: string;
  readonly authority?: string;
  /** For lint: fetch what the info names. */
  readonly fetch?: boolean;
  readonly name?: string;
  readonly recipe?: string;
  readonly json?: boolean;
  readonly debug?: boolean;
}

const whenSomethingFails: ErrorCode = 'PLAN_INFO_INVALID';

/** Of an info that is read from a file, in bytes. */
const longestInfo = 1 << 20;

/** @param words archives, or `lint`, an info and archives @returns the exit status */
export async function planInfoCommand(words: readonly string[], options: PlanInfoOptions): Promise<number> {
  outliveReaders();
  try {
    const [first, ...rest] = words;
    return first === 'lint' ? await lint(rest, options) : await make(words, options);
  } catch (error) {
    if (options.json === true) print(JSON.stringify(errorData(error)));
    return reportError(error, { debug: options.debug === true });
  }
}

async function make(archives: readonly string[], options: PlanInfoOptions): Promise<number> {
  if (options.urlBase === undefined || archives.length === 0) {
    throw new CvtoolError('USAGE', 'plan-info needs --url-base and the archives', {
      hint: 'cvtool plan-info --url-base https://host/path panacead-v2.2.0-*.tar.gz',
    });
  }
  const info = await planInfo(archives, parseUrlBase(options.urlBase));
  const text = planInfoText(info);
  const { proposal } = options;
  if (proposal === undefined) {
    print(text); // one JSON document, with --json or without
    return 0;
  }
  const plan = options.plan ?? info.plan;
  if (plan === undefined) {
    throw new CvtoolError('USAGE', 'the archives are of a genesis, which no plan brings', {
      hint: 'Name one with --plan.',
    });
  }
  const { height, title, summary, deposit, authority } = options;
  print(proposalText({ kind: proposal, plan, info: text, height, title, summary, deposit, authority }));
  return 0;
}

async function lint([info, ...archives]: readonly string[], options: PlanInfoOptions): Promise<number> {
  if (info === undefined) {
    throw new CvtoolError('USAGE', 'plan-info lint needs the info of a plan', {
      hint: 'The JSON itself, the file that has it, - for standard input, or an address.',
    });
  }
  const text = infoText(info);
  const proof = options.fetch === true ? await prove(text, options) : [];
  const rows = [
    ...lintPlanInfo(text, { fetched: options.fetch === true }),
    ...(await lintArchives(text, archives)),
    ...proof,
  ];
  print(...(options.json === true ? [JSON.stringify(lintData(rows))] : lintLines(rows)));
  return rows.some(({ status }) => status === 'fail') ? catalogue[whenSomethingFails].exit : 0;
}

/** Fetches what is named; nothing of it is executed or kept. */
async function prove(info: string, options: PlanInfoOptions): Promise<readonly LintRow[]> {
  const environment = readEnvironment();
  const name = recipeName(options.recipe, environment);
  const daemon = options.name ?? environment.DAEMON_NAME ?? (await loadRecipeHere(name)).recipe.daemon;
  return provePlanInfo(info, {
    daemon: parseFileName(daemon),
    environment,
    timeLimit: downloadLimit,
    stallLimit: secondsFrom(environment, 'CVTOOL_STALL_SECONDS'),
    signal: onInterrupt({ quiet: false, left: 'nothing was kept' }),
  });
}

/** JSON and addresses are told by how they begin; whatever else there is as a file is one. */
function infoText(word: string): string {
  if (/^\s*[{["]/.test(word) || /^[a-z][a-z0-9+.-]*:\/\//i.test(word) || word.trim() === '') return word;
  try {
    const text = readFileSync(word === '-' ? 0 : word, 'utf8');
    if (text.length > longestInfo) throw new CvtoolError('USAGE', `${word} is too long for the info of a plan`);
    return text;
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENAMETOOLONG')) return word; // plain text, which a node refuses: lint tells so
    if (error instanceof CvtoolError) throw error;
    throw new CvtoolError('USAGE', `${word} cannot be read: ${systemReason(error)}`, { cause: error });
  }
}
