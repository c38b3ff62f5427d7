import { join } from 'node:path';

import { expect, test } from 'vitest';

import { binaryIn, homePaths, targetFolder, targetName } from '../../src/home/paths.js';
import { parsePlanName } from '../../src/values/plan-name.js';

const home = homePaths('/srv/a b/.panacea', 'panacead');

test("cosmovisor's layout", () => {
  expect(home).toMatchObject({
    cosmovisor: '/srv/a b/.panacea/cosmovisor',
    genesis: '/srv/a b/.panacea/cosmovisor/genesis',
    upgrades: '/srv/a b/.panacea/cosmovisor/upgrades',
    current: '/srv/a b/.panacea/cosmovisor/current',
    data: '/srv/a b/.panacea/data',
  });
});

test('scratch lies on the file system of what it becomes, and is no upgrade', () => {
  expect(home.staging).toBe(join(home.cosmovisor, '.cvtool-staging'));
});

test.each([
  ['v2.2.0', 'upgrades/v2.2.0'],
  ['a/b', 'upgrades/a%2Fb'],
  ['V8 Rho', 'upgrades/v8%20rho'],
  ['../../x', 'upgrades/..%2F..%2Fx'],
])('the upgrade %s lives in %s', (name, folder) => {
  const target = { kind: 'upgrade', plan: parsePlanName(name) } as const;
  expect(targetName(target)).toBe(folder);
  expect(targetFolder(home, target)).toBe(join(home.cosmovisor, folder));
  expect(binaryIn(home, targetFolder(home, target))).toBe(join(home.cosmovisor, folder, 'bin/panacead'));
});

test('genesis lives in genesis', () => {
  expect(targetFolder(home, { kind: 'genesis' })).toBe(home.genesis);
});
