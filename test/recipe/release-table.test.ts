import { beforeAll, describe, expect, test } from 'vitest';

import {
  contradictsCommit,
  expectedVersion,
  genesisRelease,
  goFor,
  knowsBetter,
  laterReleases,
  neighbours,
  releaseName,
  releaseOfTag,
  releaseOfUpgrade,
} from '../../src/recipe/release-table.js';
import type { Recipe } from '../../src/recipe/schema.js';
import { parseCommit } from '../../src/values/commit.js';
import { parsePlanName } from '../../src/values/plan-name.js';
import { parseTag } from '../../src/values/tag.js';
import { load } from './places.js';

let panacea: Recipe;
let quokka: Recipe;
beforeAll(async () => {
  panacea = await load('panacea');
  quokka = await load('./quokka.yaml');
});
const name = parsePlanName;

test.each([
  ['v2.0.2', 'v2.0.2'],
  ['v2.0.7', 'v2.0.7-2'],
  ['V2.2.0', 'v2.2.0-1'],
  ['v2.0.1', undefined],
  ['v2.0.4', undefined],
  ['v2.1.0', undefined],
  ['v2.2.0-1', undefined],
])('upgrade %s is built from %s', (upgrade, tag) => {
  expect(releaseOfUpgrade(panacea, name(upgrade))?.tag).toBe(tag);
  expect(releaseOfUpgrade(panacea, name(upgrade, { recase: false }))?.tag).toBe(tag);
});

test('an upgrade is found in any case, and keeps the chain’s spelling', () => {
  expect(releaseOfUpgrade(quokka, name('ADULT quokka'))).toMatchObject({ upgrade: 'Adult Quokka' });
});

test('genesis', () => {
  expect(genesisRelease(panacea)?.tag).toBe('v2.0.1');
  expect(genesisRelease(quokka)?.tag).toBe('release/joey');
});

test('a tag leads to its release, also one that is not the release’s own', () => {
  expect(releaseOfTag(panacea, parseTag('v2.2.0-1'))).toMatchObject({
    release: { upgrade: 'v2.2.0' },
    other: undefined,
  });
  expect(releaseOfTag(panacea, parseTag('v2.2.0'))).toMatchObject({
    release: { upgrade: 'v2.2.0' },
    other: { handler: true },
  });
  expect(releaseOfTag(panacea, parseTag('v2.0.4'))).toMatchObject({ release: { kind: 'unproposed' } });
  expect(releaseOfTag(panacea, parseTag('v2.1.0-alpha.3'))).toMatchObject({
    release: { kind: 'alpha', alphaOf: 'v2.1.0' },
  });
  expect(releaseOfTag(panacea, parseTag('v9'))).toBeUndefined();
});

test('a tag’s commit is held against the table’s, also where only its beginning is known', () => {
  const known = releaseOfTag(panacea, parseTag('v2.0.6'))!;
  expect(contradictsCommit(known, parseCommit('a4cdccdf7d14bf3808bd35cb69fa3229528220ab'))).toBe(false);
  expect(contradictsCommit(known, parseCommit('b'.repeat(40)))).toBe(true);
  const partly = releaseOfTag(panacea, parseTag('v2.3.0'))!;
  expect(contradictsCommit(partly, parseCommit('91c74f66'.padEnd(40, '0')))).toBe(false);
  expect(contradictsCommit(partly, parseCommit('b'.repeat(40)))).toBe(true);
  expect(contradictsCommit(releaseOfTag(panacea, parseTag('v2.2.1'))!, parseCommit('b'.repeat(40)))).toBe(false);
});

describe('between which releases an unknown name stands', () => {
  test.each([
    ['v2.1.0', 'v2.0.7', 'v2.2.0'],
    ['2.1', 'v2.0.7', 'v2.2.0'],
    ['v2.0.0', undefined, 'v2.0.1'],
    ['v2.0.4-1', 'v2.0.4', 'v2.0.5'],
    ['v2.0.7-5', 'v2.0.7', 'v2.2.0'],
    ['v2.0.10', 'v2.0.7', 'v2.2.0'],
    ['v9.0.0', 'v2.3.0', undefined],
    ['rho', undefined, undefined],
  ])('%s: after %s, before %s', (unknown, before, after) => {
    const found = neighbours(panacea, unknown);
    expect([found.before && releaseName(found.before), found.after && releaseName(found.after)]).toEqual([
      before,
      after,
    ]);
  });

  test('a table without versions has no answer', () => {
    expect(neighbours(quokka, 'v2')).toEqual({ before: undefined, after: undefined });
  });
});

test('later releases are those below in the table, without the alphas', () => {
  const release = releaseOfUpgrade(panacea, name('v2.0.6'))!;
  expect(laterReleases(panacea, release).map(releaseName)).toEqual(['v2.0.7', 'v2.2.0', 'v2.2.1', 'v2.3.0']);
  const alpha = releaseOfTag(panacea, parseTag('v2.1.0-alpha.3'))!.release;
  expect(laterReleases(panacea, alpha).map(releaseName)).toEqual(['v2.2.0', 'v2.2.1', 'v2.3.0']);
});

describe('the table knows better', () => {
  test.each([
    ['v2.0.7', 'v2.0.7', 'lacks handler', 'v2.0.7-2'],
    ['v2.0.7', 'v2.0.7-1', 'not the one that ran', 'v2.0.7-2'],
    ['v2.0.7', 'v2.0.6', 'lacks handler', 'v2.0.7-2'],
    ['v2.0.7', 'v2.2.0-1', 'another release', 'v2.0.7-2'],
    ['v2.0.7', 'v2.0.8', 'unknown', 'v2.0.7-2'],
    ['v2.2.0', 'v2.2.0', 'not the one that ran', 'v2.2.0-1'],
    ['v2.1.0', 'v2.1.0-alpha1', 'lacks handler', 'v2.1.0-alpha.3'],
    ['v3', 'v2.0.6', 'lacks handler', undefined],
  ])('upgrade %s from tag %s: %s', (upgrade, tag, why, better) => {
    expect(knowsBetter(panacea, name(upgrade), parseTag(tag))).toMatchObject({ why, better });
  });

  test.each([
    ['v2.0.7', 'v2.0.7-2'],
    ['v2.1.0', 'v2.1.0-alpha.3'],
    ['v3', 'v3'],
  ])('and says nothing of upgrade %s from tag %s', (upgrade, tag) => {
    expect(knowsBetter(panacea, name(upgrade), parseTag(tag))).toBeUndefined();
  });
});

test.each([
  ['v2.0.1', '1.16.5', ['1.16.15'], 'v2.0.1'],
  ['v2.0.0', '1.16.5', ['1.16.15'], 'v2.0.0'],
  ['v2.1.0-alpha2', '1.16.5', ['1.16.15'], 'v2.1.0-alpha2'],
  ['v2.1.0-alpha.3', '1.19.2', [], 'v2.1.0-alpha.3'],
  ['v2.0.7-2', '1.19.2', [], 'v2.0.7-*'],
  ['v2.2.0-1', '1.22.0', [], 'v2.2.0-*'],
])('%s is built with Go %s', (tag, version, alternatives, by) => {
  expect(goFor(panacea, parseTag(tag))).toEqual({ version, alternatives, by });
});

test('no Go is made up', () => {
  expect(goFor(panacea, parseTag('v2.3.0'))).toBeUndefined();
  expect(goFor(panacea, parseTag('v2.0.60'))).toBeUndefined();
  expect(goFor(quokka, parseTag('release/joey'))).toBeUndefined();
});

test('a whole tag goes before a beginning, and a longer beginning before a shorter', () => {
  const rule = (version: string, ...tags: string[]) => ({ version, alternatives: [], tags });
  const recipe = { ...panacea, go: [rule('1.1', 'v*'), rule('1.2', 'v2*'), rule('1.3', 'v2.0')] } as unknown as Recipe;
  expect(['v1', 'v2.1', 'v2.0'].map((tag) => goFor(recipe, parseTag(tag))?.version)).toEqual(['1.1', '1.2', '1.3']);
});

test('each release that is built has a Go, a whole commit, and a handler for its upgrade', () => {
  for (const release of panacea.releases.filter(({ built }) => built)) {
    expect(goFor(panacea, release.tag), release.tag).toBeDefined();
    expect(release.commit).toHaveLength(40);
    if (release.kind === 'upgrade') expect(release.handlers).toContain(release.upgrade);
  }
  expect(panacea.releases.filter(({ built }) => !built).map(releaseName)).toEqual(['v2.2.1', 'v2.3.0']);
});

test('how a program names its version', () => {
  expect(expectedVersion(panacea, parseTag('v2.0.7-2'))).toBe('2.0.7-2');
  expect(expectedVersion(quokka, parseTag('release/joey'))).toBe('release/joey');
});
