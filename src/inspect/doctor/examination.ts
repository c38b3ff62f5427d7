// What an examination is told.
import type { Environment } from '../../config/environment.js';
import type { CacheFolders } from '../../config/folders.js';
import type { HomePaths } from '../../home/paths.js';
import type { Recipe } from '../../recipe/schema.js';

export interface Examination {
  readonly environment: Environment;
  readonly home: HomePaths;
  readonly recipe: Recipe;
  readonly cache: CacheFolders;
  /** The path of our own program: a unit may name it. */
  readonly own: string;
}
