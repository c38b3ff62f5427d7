// What a recipe says of a node's home and daemon: loaded only where DAEMON_HOME or DAEMON_NAME is not set.
import { join } from 'node:path';

import type { Environment } from '../config/environment.js';
import { userHome } from '../config/folders.js';
import { recipeName } from '../config/staging.js';
import { packageRoot } from '../host/package-root.js';
import { loadRecipe } from '../recipe/load.js';
import { parseAbsolutePath } from '../values/absolute-path.js';

/** @throws RECIPE_UNKNOWN, RECIPE_INVALID */
export async function recipeDefaults(
  environment: Environment,
): Promise<{ readonly home: string; readonly daemon: string }> {
  const recipesFolder = parseAbsolutePath(join(packageRoot(), 'recipes'));
  const { recipe } = await loadRecipe(recipeName(undefined, environment), { recipesFolder });
  return { home: join(userHome(environment), recipe.home), daemon: recipe.daemon };
}
