import { expect, test } from 'vitest';

import type { GoBuildInfo } from '../../src/elf/go-build-info.js';
import type { StagingTarget } from '../../src/home/paths.js';
import { parsePlanName } from '../../src/values/plan-name.js';
import { judgeRelease, usualFields, type ReleaseEvidence } from '../../src/verify/release-verdict.js';
import { panacea } from './panacea.js';
import { StagedFixture } from './staged-fixture.js';

const genesis: StagingTarget = { kind: 'genesis' };
const upgrade = (name: string): StagingTarget => ({ kind: 'upgrade', plan: parsePlanName(name) });
const commits = {
  'v2.0.7-2': '7202206201b78cb3c72ca05c557f0f8af3dda593',
  'v2.0.7': '5249704bc2f614233df19f9b4381fe29fb03cc7e',
  'v2.0.6': 'a4cdccdf7d14bf3808bd35cb69fa3229528220ab',
};
const manifestOf = new StagedFixture();

function buildInfo(goVersion: string, settings: Record<string, string> = {}): GoBuildInfo {
  return { goVersion, path: 'panacead', main: undefined, deps: [], settings, range: [] };
}

async function judge(
  target: StagingTarget | undefined,
  said: Record<string, string> | undefined,
  more: Partial<ReleaseEvidence> = {},
) {
  const nothing = { manifest: undefined, asked: undefined, buildInfo: undefined };
  const evidence = {
    target,
    recipe: await panacea(),
    fields: usualFields,
    said,
    saidWhen: 'now' as const,
    ...nothing,
    ...more,
  };
  const { findings, tag } = judgeRelease(evidence);
  return { rows: findings.map(({ status, text }) => `${status} ${text}`), tag };
}

test('the release of the table, by its version and commit', async () => {
  const said = { version: '2.0.7-2', commit: commits['v2.0.7-2'], build_tags: 'ledger' };
  const { rows, tag } = await judge(upgrade('v2.0.7'), said, { buildInfo: buildInfo('go1.19.2') });
  expect(rows).toEqual([
    'pass version 2.0.7-2, commit 7202206201b7, build tags ledger',
    'pass Go 1.19.2',
    "pass it is tag v2.0.7-2, the release table's for v2.0.7",
  ]);
  expect(tag).toBe('v2.0.7-2');
});

test.each([
  [
    'another tag of the same release',
    upgrade('v2.0.7'),
    '2.0.7',
    commits['v2.0.7'],
    /^warn it is tag v2\.0\.7; the release table has v2\.0\.7-2/,
  ],
  ['another release', upgrade('v2.0.7'), '2.0.6', commits['v2.0.6'], /^warn it is tag v2\.0\.6;/],
  [
    'a version that nobody knows',
    upgrade('v2.0.7'),
    '2.0.9',
    commits['v2.0.6'],
    /^warn it is version 2\.0\.9, which the release table does not know/,
  ],
  [
    'another release as genesis',
    genesis,
    '2.0.6',
    commits['v2.0.6'],
    /^warn it is tag v2\.0\.6; the release table has v2\.0\.1 for genesis/,
  ],
  [
    'a tag that was moved',
    upgrade('v2.0.6'),
    '2.0.6',
    commits['v2.0.7'],
    /^fail version 2\.0\.6 is tag v2\.0\.6 .* commit a4cdccdf/,
  ],
  ['no target', undefined, '2.0.6', commits['v2.0.6'], /^pass it is tag v2\.0\.6 of the release table/],
])('%s', async (_, target, version, commit, row) => {
  expect((await judge(target, { version, commit })).rows.at(-1)).toMatch(row);
});

test('another Go than the chain builds with is a warning; another than was recorded is a failure', async () => {
  const said = { version: '2.0.6', commit: commits['v2.0.6'] };
  const other = { buildInfo: buildInfo('go1.26.8 X:nocoverageredesign') };
  expect((await judge(upgrade('v2.0.6'), said, other)).rows).toContain(
    "warn the binary was built with Go 1.26.8, and the chain's own build of v2.0.6 uses Go 1.19.2",
  );
  const manifest = manifestOf.manifest({
    version: said,
    source: { repository: '', tag: 'v2.0.6', commit: commits['v2.0.6'], commitTime: 0 },
  });
  manifest.build.go = '1.19.2';
  expect((await judge(upgrade('v2.0.6'), said, { ...other, manifest })).rows).toContain(
    'fail the binary was built with Go 1.26.8, and Go 1.19.2 was recorded at staging',
  );
  const later = { buildInfo: buildInfo('go1.16.15') }; // the recipe has it as an alternative of 1.16.5
  expect(
    (await judge(genesis, { version: '2.0.1', commit: 'b36d1dac432c75a6d865e75767fe227a4ca125ca' }, later)).rows,
  ).toContain('pass Go 1.16.15');
});

test('what was not started tells by its build information, or nothing', async () => {
  expect((await judge(upgrade('v2.0.6'), undefined)).rows).toEqual([
    expect.stringMatching(/^unknown which version it is/),
  ]);
  const flags = `-X github.com/cosmos/cosmos-sdk/version.Version=2.0.6 -X github.com/cosmos/cosmos-sdk/version.Commit=${commits['v2.0.6']}`;
  const { rows } = await judge(upgrade('v2.0.6'), undefined, {
    buildInfo: buildInfo('go1.19.2', { '-ldflags': flags, '-tags': 'ledger' }),
  });
  expect(rows[0]).toBe('pass version 2.0.6, commit a4cdccdf7d14, build tags ledger');
});

test('a staging: the binary must say what was asked for', async () => {
  const asked = { version: '2.0.6', commit: commits['v2.0.6'] };
  expect((await judge(upgrade('v2.0.6'), {}, { asked })).rows.slice(0, 2)).toEqual([
    'fail the binary says no version, and 2.0.6 was asked for',
    `fail the binary says no commit, and ${commits['v2.0.6']} was asked for`,
  ]);
  const fields = { version: 'version' };
  expect((await judge(upgrade('v2.0.6'), { version: '2.0.6' }, { asked, fields })).rows[0]).toBe('pass version 2.0.6');
});

test('other build tags than were recorded', async () => {
  const said = { version: '2.0.6', commit: commits['v2.0.6'], build_tags: 'ledger' };
  const manifest = manifestOf.manifest({ version: { ...said, build_tags: 'ledger,muslc' } });
  expect((await judge(undefined, said, { manifest })).rows[0]).toBe(
    'fail the binary says build tags ledger, and ledger,muslc was recorded at staging',
  );
});
