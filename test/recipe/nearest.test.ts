import fc from 'fast-check';
import { expect, test } from 'vitest';

import { editDistance, nearestTags } from '../../src/recipe/nearest.js';

const tags =
  'v2.0.0 v2.0.0-alpha.1 v2.0.1 v2.0.6 v2.0.7 v2.0.7-1 v2.0.7-2 v2.0.10 v2.1.0-alpha.3 v2.1.0-alpha1 v2.1.0-alpha2 v2.2.0 v2.2.0-1'.split(
    ' ',
  );

test.each([
  ['v2.1.0', ['v2.1.0-alpha.3', 'v2.1.0-alpha2', 'v2.1.0-alpha1']],
  ['V2.1.0', ['v2.1.0-alpha.3', 'v2.1.0-alpha2', 'v2.1.0-alpha1']],
  ['v2.0.1', ['v2.0.0', 'v2.0.10', 'v2.0.6', 'v2.0.7', 'v2.0.1']],
  ['v2,0.6', ['v2.0.6']],
  ['v2.1.0-alpha3', ['v2.1.0-alpha.3', 'v2.1.0-alpha2', 'v2.1.0-alpha1']],
  ['rho', []],
  ['', []],
  ['-', []],
])('nearest to %j', (name, nearest) => {
  expect([...nearestTags(name, tags)].slice(0, nearest.length).sort()).toEqual([...nearest].sort());
  if (nearest.length === 0) expect(nearestTags(name, tags)).toEqual([]);
});

test('the order is by the numbers, best first, and no longer than asked', () => {
  expect(nearestTags('v2.1.0', tags)).toEqual(['v2.1.0-alpha.3', 'v2.1.0-alpha2', 'v2.1.0-alpha1']);
  expect(nearestTags('v2', tags, 3)).toEqual(['v2.2.0-1', 'v2.2.0', 'v2.1.0-alpha.3']);
  expect(nearestTags('v2.2.O', tags)[0]).toBe('v2.2.0');
});

test('the distance is a distance', () => {
  expect(editDistance('kitten', 'sitting', 9)).toBe(3);
  expect(editDistance('kitten', 'sitting', 2)).toBe(3);
  expect(editDistance('a', 'abcdef', 2)).toBe(3);
  fc.assert(
    fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
      expect(editDistance(a, b, 8)).toBe(editDistance(b, a, 8));
      expect(editDistance(a, b, 8) === 0).toBe(a === b);
      expect(editDistance(a, b, 2)).toBe(Math.min(editDistance(a, b, 8), 3));
    }),
  );
});
