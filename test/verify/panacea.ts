// panacea's own recipe, as cvtool ships it.
import { join } from 'node:path';

import { packageRoot } from '../../src/host/package-root.js';
import { loadRecipe } from '../../src/recipe/load.js';
import type { Recipe } from '../../src/recipe/schema.js';
import { parseAbsolutePath } from '../../src/values/absolute-path.js';

let loaded: Promise<Recipe> | undefined;

export function panacea(): Promise<Recipe> {
  const recipesFolder = parseAbsolutePath(join(packageRoot(), 'recipes'));
  loaded ??= loadRecipe('panacea', { recipesFolder }).then(({ recipe }) => recipe);
  return loaded;
}
