// `cvtool status`: what a home is doing, in one screen, without asking the node.
import { readEnvironment } from '../config/environment.js';
import { homeAndDaemon, recipeName } from '../config/staging.js';
import { homePaths } from '../home/paths.js';
import { homeStatus } from '../inspect/status/status.js';
import type { LoadedRecipe } from '../recipe/load.js';
import { errorData, reportError } from '../report/error-text.js';
import { statusData, statusLines } from '../report/status.js';
import { outliveReaders, print } from '../report/terminal.js';
import { parseAbsolutePath } from '../values/absolute-path.js';

export interface StatusOptions {
  readonly home?: string;
  readonly name?: string;
  readonly recipe?: string;
  readonly json?: boolean;
  readonly debug?: boolean;
}

/** @returns the exit status: 0 whatever is found */
export async function statusCommand(options: StatusOptions): Promise<number> {
  outliveReaders();
  try {
    const environment = readEnvironment();
    let loaded: Promise<LoadedRecipe> | undefined;
    const recipe = async () => (await (loaded ??= loadRecipe(recipeName(options.recipe, environment)))).recipe;
    const settings = await homeAndDaemon(recipe, options, environment, parseAbsolutePath(process.cwd()));
    const home = homePaths(settings.home, settings.daemon);
    const status = await homeStatus(home, recipe, environment);
    const now = Date.now();
    print(...(options.json === true ? [JSON.stringify(statusData(status, now))] : statusLines(status, now)));
    return 0;
  } catch (error) {
    if (options.json === true) print(JSON.stringify(errorData(error)));
    return reportError(error, { debug: options.debug === true });
  }
}

/** A module that reads YAML: loaded after the hashing has begun. */
async function loadRecipe(name: string): Promise<LoadedRecipe> {
  return (await import('./load-recipe.js')).loadRecipeHere(name);
}
