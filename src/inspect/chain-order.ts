// Staged folders and releases in the order in which the chain runs them.
import { genesisRelease, releaseOfUpgrade } from '../recipe/release-table.js';
import type { Recipe, Release } from '../recipe/schema.js';
import type { StagingTarget } from '../home/paths.js';

/** The release of the table that is meant for a target. */
export function releaseOfTarget(recipe: Recipe, target: StagingTarget): Release | undefined {
  return target.kind === 'genesis' ? genesisRelease(recipe) : releaseOfUpgrade(recipe, target.plan);
}

/** The place of a target in the table; undefined: the table does not have it. */
export function placeOf(recipe: Recipe, target: StagingTarget | undefined): number | undefined {
  if (target === undefined) return undefined;
  const place = recipe.releases.findIndex((release) => release === releaseOfTarget(recipe, target));
  return place === -1 ? undefined : place;
}

/** As the table has them; what it does not know comes last, in the order that it had. */
export function inChainOrder<Item extends { readonly target: StagingTarget | undefined }>(
  recipe: Recipe,
  items: readonly Item[],
): Item[] {
  const last = recipe.releases.length;
  const place = ({ target }: Item): number => (target?.kind === 'genesis' ? -1 : (placeOf(recipe, target) ?? last));
  return [...items].sort((one, other) => place(one) - place(other));
}
