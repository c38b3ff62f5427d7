// Where the recipes of these tests lie.
import { fileURLToPath } from 'node:url';

import { loadRecipe } from '../../src/recipe/load.js';
import type { Recipe } from '../../src/recipe/schema.js';
import { parseAbsolutePath } from '../../src/values/absolute-path.js';

export const recipesFolder = parseAbsolutePath(fileURLToPath(new URL('../../recipes', import.meta.url)));
export const fixtures = parseAbsolutePath(fileURLToPath(new URL('fixtures', import.meta.url)));

export async function load(nameOrPath: string): Promise<Recipe> {
  return (await loadRecipe(nameOrPath, { recipesFolder, folder: fixtures })).recipe;
}
