// The recipe for a daemon whose chain nobody names: it counts where it is of that very daemon.
import type { Environment } from '../config/environment.js';
import { recipeName } from '../config/staging.js';
import type { Recipe } from '../recipe/schema.js';

/** @param daemon DAEMON_NAME @returns undefined where nothing says which chain it is @throws RECIPE_UNKNOWN, RECIPE_INVALID */
export async function ownRecipe(daemon: string, environment: Environment): Promise<Recipe | undefined> {
  const { loadRecipeHere } = await import('./load-recipe.js'); // a module that reads YAML
  const { recipe } = await loadRecipeHere(recipeName(undefined, environment));
  return environment.CVTOOL_RECIPE !== undefined || recipe.daemon === daemon ? recipe : undefined;
}
