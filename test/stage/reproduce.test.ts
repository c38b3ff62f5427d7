import { expect, test } from 'vitest';

import type { StagingPlan } from '../../src/stage/plan.js';
import { withGoOf } from '../../src/stage/reproduce.js';
import { parseGoVersion } from '../../src/values/go-version.js';

const go = { version: parseGoVersion('1.16.5'), alternatives: [parseGoVersion('1.16.15')], from: 'the recipe x' };
const plan = { tag: 'v1', go } as unknown as StagingPlan;
const by = (version: string | null) => ({ build: { go: version } });

test.each(['1.16.5', '1.16.15'])(
  'staged with Go %s, of those that the recipe takes: that one and no other',
  (version) => {
    expect(withGoOf(by(version), plan)).toEqual({ tag: 'v1', go: { ...go, version, alternatives: [] } });
  },
);

test.each([
  { what: 'with a Go that the recipe does not take', manifest: by('1.99.0') },
  { what: 'without Go', manifest: by(null) },
  { what: 'nowhere', manifest: undefined },
])('staged $what: as the recipe has it', ({ manifest }) => {
  expect(withGoOf(manifest, plan)).toBe(plan);
});

test('a chain without Go needs none of a manifest', () => {
  const without: StagingPlan = { ...plan, go: undefined };
  expect(withGoOf(by('1.16.5'), without)).toBe(without);
});
