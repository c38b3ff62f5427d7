// A part of its own in dist/, since reading YAML is half of what `verify` has to load: it begins while files are hashed.
import { join } from 'node:path';

import { packageRoot } from '../host/package-root.js';
import { loadRecipe, type LoadedRecipe } from '../recipe/load.js';
import { parseAbsolutePath } from '../values/absolute-path.js';

/** @param nameOrPath as --recipe gives it @throws RECIPE_UNKNOWN, RECIPE_INVALID */
export async function loadRecipeHere(nameOrPath: string): Promise<LoadedRecipe> {
  const recipesFolder = parseAbsolutePath(join(packageRoot(), 'recipes'));
  return loadRecipe(nameOrPath, { recipesFolder, folder: parseAbsolutePath(process.cwd()) });
}
