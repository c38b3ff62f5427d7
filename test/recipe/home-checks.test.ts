import { expect, test } from 'vitest';

import { parseRecipe } from '../../src/recipe/parse.js';

const recipe = (first: string): string => `schema: 1
name: mine
daemon: mined
home: ~/.mine
build: { commands: [[make]], timeLimit: 1m }
artifact: build/mined
version: { fields: { version: version } }
releases:
  - { genesis: true, tag: v1, commit: ${'1'.repeat(40)}, ${first} }
  - { upgrade: v2, tag: v2, commit: ${'2'.repeat(40)} }
`;
const check = (what: string): string =>
  `homeChecks: [{ file: config/app.toml, key: k, severity: fail, because: b, line: k = 1${what === '' ? '' : `, ${what}`} }]`;
const problemsOf = (first: string): string => {
  const parsed = parseRecipe(recipe(first));
  return 'problems' in parsed ? parsed.problems.join('\n') : '';
};

test('a sound one is read, and a release without any has none', () => {
  const parsed = parseRecipe(
    recipe(`${check("oneOf: [a, ''], default: a, until: v2")}, goneFlags: [{ flag: --x.y, because: b }]`),
  );
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'));
  expect(parsed.recipe.releases[0]?.homeChecks).toMatchObject([{ oneOf: ['a', ''], default: 'a', until: 'v2' }]);
  expect(parsed.recipe.releases[0]?.goneFlags).toEqual([{ flag: '--x.y', because: 'b' }]);
  expect(parsed.recipe.releases[1]).toMatchObject({ homeChecks: [], goneFlags: [] });
});

test.each([
  [check(''), 'must have exactly one of'],
  [check('filled: true, there: true'), 'must have exactly one of'],
  [check('filled: false'), 'must have exactly one of'],
  [check('filled: true, until: v3'), 'names v3, which is no upgrade after this release'],
  [check('filled: true').replace('config/app.toml', '../x'), 'homeChecks[0].file'],
  [check('filled: true').replace('fail', 'bad'), 'must be fail or warn'],
  ['goneFlags: [{ flag: x, because: b }]', 'is no flag'],
])('%s is refused', (first, words) => {
  expect(problemsOf(first)).toContain(words);
});
