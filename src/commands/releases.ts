// `cvtool releases`: the recipe's table beside what is staged here and which tags the repository has.
import { join } from 'node:path';

import { readEnvironment } from '../config/environment.js';
import { cacheFolders } from '../config/folders.js';
import { defaultStall, homeSettings, recipeName, secondsFrom } from '../config/staging.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { listTags, mirrorExists, mirrorOf, syncMirror, type ReachOptions } from '../git/mirror.js';
import { homePaths } from '../home/paths.js';
import { packageRoot } from '../host/package-root.js';
import { findCommand } from '../host/find-command.js';
import { loadRecipe } from '../recipe/load.js';
import { errorData, reportError } from '../report/error-text.js';
import { onInterrupt } from '../report/interrupt.js';
import { releaseData, releaseLines, type ReleaseTable } from '../report/releases.js';
import { print } from '../report/terminal.js';
import { releaseRows } from '../stage/releases.js';
import { parseAbsolutePath } from '../values/absolute-path.js';
import { printableAddress, type GitAddress } from '../values/git-address.js';

export interface ReleasesOptions {
  readonly recipe?: string;
  readonly repo?: string;
  readonly home?: string;
  readonly name?: string;
  readonly fetch?: boolean;
  readonly offline?: boolean;
  readonly json?: boolean;
  readonly debug?: boolean;
}

/** @returns the exit status */
export async function releasesCommand(options: ReleasesOptions): Promise<number> {
  const signal = onInterrupt({ quiet: false, left: 'nothing was changed' });
  try {
    const table = await readTable(options, signal);
    print(...(options.json === true ? [JSON.stringify(releaseData(table))] : releaseLines(table)));
    return 0;
  } catch (error) {
    const reason = signal.aborted && signal.reason instanceof CvtoolError ? signal.reason : error;
    if (options.json === true) print(JSON.stringify(errorData(reason)));
    return reportError(reason, { debug: options.debug === true });
  }
}

async function readTable(options: ReleasesOptions, signal: AbortSignal): Promise<ReleaseTable> {
  const environment = readEnvironment();
  const here = parseAbsolutePath(process.cwd());
  const recipesFolder = parseAbsolutePath(join(packageRoot(), 'recipes'));
  const { recipe } = await loadRecipe(recipeName(options.recipe, environment), { recipesFolder, folder: here });
  const { address, ...settings } = homeSettings(recipe, options, environment, here);
  const home = homePaths(settings.home, settings.daemon);
  const stallLimit = secondsFrom(environment, 'CVTOOL_STALL_SECONDS') ?? defaultStall;
  const reach = { environment, signal, stallLimit, offline: options.offline === true };
  const tags = await tagsOf(address, cacheFolders(environment).mirrors, reach, options.fetch === true);
  const repository = address && printableAddress(address);
  return { recipe, home, repository, isRepositoryKnown: tags !== undefined, rows: releaseRows(recipe, home, tags) };
}

/** @returns undefined where there is no mirror, or no git to read it with */
async function tagsOf(address: GitAddress | undefined, mirrors: string, reach: ReachOptions, fetch: boolean) {
  if (fetch && reach.offline) throw new CvtoolError('USAGE', '--fetch and --offline exclude each other');
  if (address === undefined) {
    if (fetch) throw new CvtoolError('USAGE', 'there is no repository to fetch', { hint: 'Name it with --repo.' });
    return undefined;
  }
  const mirror = mirrorOf(mirrors, address);
  if (fetch) await syncMirror(mirror, reach);
  return mirrorExists(mirror) && findCommand('git', reach.environment.PATH) !== undefined
    ? listTags(mirror, reach)
    : undefined;
}
