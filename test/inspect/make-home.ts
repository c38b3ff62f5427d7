// A node's home as files alone: no binary in it can run, and none is started.
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { homePaths, type HomePaths } from '../../src/home/paths.js';
import { loadRecipe } from '../../src/recipe/load.js';
import type { Recipe } from '../../src/recipe/schema.js';
import { recipesFolder } from '../recipe/places.js';

/** @param files path below the home to text; `-> target` makes a link */
export function makeHome(root: string, files: Readonly<Record<string, string>> = {}): HomePaths {
  const home = homePaths(mkdtempSync(join(root, 'home-')), 'panacead');
  for (const folder of [home.data, home.genesis, home.upgrades]) mkdirSync(folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    const path = join(home.root, name);
    mkdirSync(dirname(path), { recursive: true });
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), path);
    else writeFileSync(path, text);
    if (path.includes('/bin/')) chmodSync(path, 0o755);
  }
  return home;
}

export async function panacea(): Promise<Recipe> {
  return (await loadRecipe('panacea', { recipesFolder })).recipe;
}
