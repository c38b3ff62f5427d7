import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { parseRecipe } from '../../src/recipe/parse.js';
import { recipeSchema } from '../../src/recipe/schema.js';

const manual = readFileSync(new URL('../../docs/recipes.md', import.meta.url), 'utf8');

test('the example of the manual is a recipe', () => {
  const example = /```yaml\n([^]*?)```/.exec(manual)?.[1] ?? '';
  expect(parseRecipe(example)).toHaveProperty('recipe.name', 'quokka');
});

test('the manual has a row for each key at the top, and no other', () => {
  const table = manual.split('## The keys\n')[1]?.split('\n###')[0] ?? '';
  const rows = Array.from(table.matchAll(/^\| `(\w+)` +\| (yes|no) +\|/gm), ([, key, needed]) => `${key} ${needed}`);
  const keys = Object.entries(recipeSchema.shape).map(
    ([key, field]) => `${key} ${field.safeParse(undefined).success ? 'no' : 'yes'}`,
  );
  expect(rows).toEqual(keys);
});
