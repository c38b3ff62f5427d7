// `cvtool internal download`: the binary of the upgrade that is under way, for a supervisor that must not hold what it takes to fetch,
// unpack and judge one. Each line that it prints is one JSON document: what it is doing, or how it ended.
import { readEnvironment } from '../config/environment.js';
import { secondsFrom } from '../config/staging.js';
import { CvtoolError, isSystemError } from '../errors/cvtool-error.js';
import { homePaths, type StagingTarget } from '../home/paths.js';
import { readUpgradeRecord } from '../home/upgrade-record.js';
import { bringIn, quietly } from '../prepare/bring-in.js';
import { planSource } from '../prepare/plan-source.js';
import type { Recipe } from '../recipe/schema.js';
import { errorData } from '../report/error-text.js';
import { print } from '../report/terminal.js';
import { downloadLimit, type DownloadNews } from '../supervisor/download-news.js';
import { ownRecipe } from './own-recipe.js';
import { startsUnderRun } from './starts-under-run.js';

/** @param mustHaveChecksum DAEMON_DOWNLOAD_MUST_HAVE_CHECKSUM @returns the exit status; why it failed has been printed */
export async function downloadApart(root: string, daemon: string, mustHaveChecksum: boolean): Promise<number> {
  const home = homePaths(root, daemon);
  const environment = readEnvironment();
  const warn = (text: string): void => say({ warning: text });
  const { signal } = new AbortController(); // whoever called this kills it
  try {
    const record = readUpgradeRecord(home);
    if (record === undefined) throw new Error(`${home.upgradeRecord} is gone`);
    const target: StagingTarget = { kind: 'upgrade', plan: record.plan.name };
    const stallLimit = secondsFrom(environment, 'CVTOOL_STALL_SECONDS');
    const limits = { timeLimit: downloadLimit, stallLimit };
    const tools = { signal, progress: onceIn(newsInterval), output: () => undefined };
    const { url, source } = await planSource(
      record.plan.info,
      { home, environment, mustHaveChecksum, ...limits, warn },
      tools,
    );
    say({ url });
    const request = {
      ...{ home, source, target, checksum: source.checksum, keys: [], signature: 'never' as const },
      ...{ acceptUnvouched: true, force: false, execute: false, environment, recase: false, ...limits, warn },
      recipe: recipeOf(daemon, warn),
      checkStart: startsUnderRun,
    };
    const { published } = await bringIn(request, quietly(tools));
    say({ done: published.folder });
    return 0;
  } catch (error) {
    print(JSON.stringify(errorData(error)));
    return 1;
  }
}

/** Milliseconds. */
const newsInterval = 10_000;

function say(news: DownloadNews): void {
  print(JSON.stringify(news));
}

function onceIn(interval: number): (line: string) => void {
  let last = performance.now();
  return (line) => {
    if (performance.now() - last < interval) return;
    last = performance.now();
    say({ progress: line });
  };
}

/** A recipe that cannot be read must not cost the upgrade: it only knows more of the libraries. */
async function recipeOf(daemon: string, warn: (text: string) => void): Promise<Recipe | undefined> {
  try {
    return await ownRecipe(daemon, readEnvironment());
  } catch (error) {
    if (!(error instanceof CvtoolError || isSystemError(error))) throw error;
    warn(`the recipe is not used: ${error.message}`);
    return undefined;
  }
}
