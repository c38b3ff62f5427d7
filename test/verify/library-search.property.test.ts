import { join } from 'node:path';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { resolveLibraries } from '../../src/verify/library-search.js';
import { tree, withTree } from './random-tree.js';
import { asLoaded, askLoader, hostLoader, type Answer } from './real-loader.js';

test('random trees of libraries are searched as the loader searches them', () => {
  const seen = { found: 0, missing: 0 };
  fc.assert(
    fc.property(tree, (random) => {
      const answer = withTree(random, { interpreter: hostLoader ?? '' }, (root, start) => {
        const program = join(root, 'bin/program');
        const theirs = askLoader(program, start);
        expect(asLoaded(resolveLibraries(program, start))).toEqual(theirs);
        return theirs;
      });
      count(answer, seen);
    }),
    { numRuns: Number(process.env['CVTOOL_FUZZ_RUNS'] ?? 200) },
  );
  expect(seen.found, 'libraries found').toBeGreaterThan(100);
  expect(seen.missing, 'libraries missing').toBeGreaterThan(10);
});

function count(answer: Answer, seen: { found: number; missing: number }): void {
  if ('refused' in answer) return;
  for (const [, path] of answer) seen[path === 'not found' ? 'missing' : 'found'] += 1;
}
