import { expect, test } from 'vitest';

import type { HomePaths, StagingTarget } from '../../src/home/paths.js';
import { judgePlans, type PlanFacts } from '../../src/inspect/doctor/plans.js';
import { parsePlanName } from '../../src/values/plan-name.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { makeHome } from './make-home.js';

const root = scratchFolder();
const v1: StagingTarget = { kind: 'upgrade', plan: parsePlanName('v1') };
const info = 'data/upgrade-info.json';
const binary = 'cosmovisor/upgrades/v2/bin/panacead';
const plan = (name: string, height: number, more = {}) => JSON.stringify({ name, height, ...more });

function judge(files: Record<string, string>, more: Partial<PlanFacts> = {}): string[] {
  return judgeIn(makeHome(root, files), more);
}

function judgeIn(home: HomePaths, more: Partial<PlanFacts> = {}): string[] {
  const facts = { current: v1, recase: true, allowDownload: false, skippedHeights: [], verdictOf: () => undefined };
  return judgePlans({ home, ...facts, ...more }).map(
    ({ check, status, text, hint }) =>
      `${check} ${status} ${text.replaceAll(home.root, '')}${hint === undefined ? '' : ` | ${hint.replaceAll(home.root, '')}`}`,
  );
}

test('no plan', () => {
  expect(judge({})).toEqual(['plan pass no plan lies in data/upgrade-info.json']);
});

test.each(['', '{', '[]', '{"name":"v2"}', '{"name":"v2","height":"7"}', '{"name":"v2","height":0}'])(
  '%j is not acted on',
  (text) => {
    expect(judge({ [info]: text })).toEqual([
      expect.stringMatching(/^plan warn .*is not acted on: .*\| .*rm \/data\/upgrade-info.json$/),
    ]);
  },
);

test('the running upgrade’s own name is no upgrade, in whatever case it is written', () => {
  expect(judge({ [info]: plan('V1', 5) })).toEqual([expect.stringMatching(/^plan pass .*the one that runs/)]);
});

test('any other name is one: staged, not staged, not fit to run', () => {
  const staged = { [info]: plan('v2', 5), [binary]: '#!' };
  expect(judge(staged)).toEqual([
    expect.stringMatching(/^plan warn .*the next start switches to it.*Its binary is staged/),
  ]);
  expect(judge(staged, { verdictOf: () => 'fail' })).toEqual([
    expect.stringMatching(/^plan fail .*not fit to run \| cvtool verify v2$/),
  ]);
  expect(judge({ [info]: plan('v2', 5) })).toEqual([
    expect.stringMatching(
      /^plan fail .*there is no \/cosmovisor\/upgrades\/v2\/bin\/panacead, and downloads are off \| cvtool stage-upgrade v2$/,
    ),
  ]);
});

test('downloads: on, with and without an address, and a folder that is somebody’s work', () => {
  const more = { allowDownload: true };
  expect(judge({ [info]: plan('v2', 5, { info: '{}' }) }, more)).toEqual([
    expect.stringMatching(/^plan warn .*would be downloaded/),
  ]);
  expect(judge({ [info]: plan('v2', 5) }, more)).toEqual([expect.stringMatching(/^plan fail .*does not say where/)]);
  const taken = { [info]: plan('v2', 5, { info: '{}' }), 'cosmovisor/upgrades/v2/x': '' };
  expect(judge(taken, more)).toEqual([expect.stringMatching(/^plan fail /)]);
});

test('a height that is skipped, and a plan that was applied before', () => {
  expect(judge({ [info]: plan('v2', 5) }, { skippedHeights: [4, 5] })).toEqual([
    expect.stringMatching(/^plan pass .*skipped/),
  ]);
  const back = { [info]: plan('v2', 5), [binary]: '', 'cosmovisor/upgrades/v2/upgrade-info.json': plan('v2', 5) };
  expect(judge(back)).toEqual([expect.stringMatching(/^plan warn .*applied in this home before/)]);
});

test('manual plans: in the order of heights, staged or not, behind the last upgrade, torn', () => {
  const files = {
    'data/upgrade-info.json.batch': `[${plan('v3', 30)},${plan('v2', 20)},${plan('v0', 3)}]`,
    'cosmovisor/upgrades/v1/upgrade-info.json': plan('v1', 3),
    [binary]: '',
  };
  expect(judge(files).slice(1)).toEqual([
    expect.stringMatching(/^manual-plans warn .*v0 at height 3 is not above 3/),
    expect.stringMatching(/^manual-plans pass .*v2 at height 20: Its binary is staged/),
    expect.stringMatching(/^manual-plans fail .*v3 at height 30: there is no .*stage-upgrade v3$/),
  ]);
  expect(judge({ 'data/upgrade-info.json.batch': '[{' })[1]).toMatch(/^manual-plans warn .*cannot be read/);
});

test('an upgrade that was begun and not finished, one of another time, a torn record', () => {
  const record = (runningBefore: string) =>
    JSON.stringify({ name: 'v2', spelled: 'v2', height: 5, info: '', from: 'chain', runningBefore, backup: '/b' });
  const file = 'cosmovisor/.cvtool/upgrade.json';
  expect(judge({ [file]: record('upgrades/v1') })[1]).toMatch(/^interrupted warn .*the backup is \/b.*goes on with it/);
  expect(judge({ [file]: record('genesis') })[1]).toMatch(/^interrupted pass /);
  expect(judge({ [file]: '{' })[1]).toMatch(/^interrupted warn .*damaged/);
});
