import { existsSync, mkdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { readCurrent, switchCurrent } from '../../src/home/current-link.js';
import { homePaths, type HomePaths, type StagingTarget } from '../../src/home/paths.js';
import { parsePlanName } from '../../src/values/plan-name.js';
import { writeProgram } from '../support/child-program.js';
import { killedAtEachCall, tracedCalls } from '../support/killed-at-each-call.js';
import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const genesis: StagingTarget = { kind: 'genesis' };
const program = writeProgram(
  scratch,
  'switches',
  `import { switchCurrent } from './src/home/current-link.js';
  import { homePaths } from './src/home/paths.js';
  switchCurrent(homePaths(process.argv[2] ?? '', 'demod'), JSON.parse(process.argv[3] ?? ''));`,
);
let count = 0;

test.each([genesis, upgrade('v2.2.0'), upgrade('v3 rc'), upgrade('a/b')])(
  'what is switched to is read back: %o',
  (target) => {
    const home = makeHome();
    switchCurrent(home, target);
    expect(readCurrent(home)).toEqual(target);
  },
);

test('the link is relative, and a switch leaves nothing beside it', () => {
  const home = makeHome();
  switchCurrent(home, genesis);
  switchCurrent(home, upgrade('v3 rc'));
  expect(readlinkSync(home.current)).toBe('upgrades/v3%20rc');
  expect(existsSync(join(home.cosmovisor, '.current.next'))).toBe(false);
});

test('no link is no answer: never genesis by default', () => {
  expect(readCurrent(makeHome())).toBeUndefined();
});

test('an absolute link, as cosmovisor writes it, is read', () => {
  const home = makeHome();
  symlinkSync(join(home.upgrades, 'v2.2.0'), home.current);
  expect(readCurrent(home)).toEqual(upgrade('v2.2.0'));
});

test("an upgrade's folder keeps its spelling", () => {
  const home = makeHome();
  symlinkSync('upgrades/v8-Rho', home.current);
  expect(readCurrent(home)).toMatchObject({ kind: 'upgrade', plan: 'v8-Rho' });
});

test.each(['../../etc', 'upgrades', 'upgrades/a/b', '/', 'genesis/bin', 'upgrades/a b', 'upgrades/%', 'upgrades/%2e'])(
  'a link to %s is refused',
  (text) => {
    const home = makeHome();
    symlinkSync(text, home.current);
    expect(() => readCurrent(home)).toThrow(expect.objectContaining({ code: 'CURRENT_NOT_OURS' }));
  },
);

test('a file in the place of the link is refused, and stays', () => {
  const home = makeHome();
  writeFileSync(home.current, '');
  expect(() => readCurrent(home)).toThrow(expect.objectContaining({ code: 'CURRENT_NOT_OURS' }));
});

test('what a killed switch left does not stand in the way', () => {
  const home = makeHome();
  symlinkSync('genesis', join(home.cosmovisor, '.current.next'));
  switchCurrent(home, upgrade('v2.2.0'));
  expect(readCurrent(home)).toEqual(upgrade('v2.2.0'));
});

needs({ strace: true })(
  'killed at any file call it is the old or the new link, and the next run goes through',
  () => {
    const next = upgrade('v2.2.0');
    const makePlace = () => {
      const home = makeHome();
      switchCurrent(home, genesis);
      return { place: home, args: [home.root, JSON.stringify(next)] };
    };
    const seen = new Set<string | undefined>();
    for (const { at, place: home } of killedAtEachCall(program, makePlace, scratch)) {
      const now = readCurrent(home);
      seen.add(now?.kind);
      expect([genesis, next], at).toContainEqual(now);
      switchCurrent(home, next);
      expect(readCurrent(home), at).toEqual(next);
    }
    expect(seen).toEqual(new Set(['genesis', 'upgrade'])); // kills fell on both sides of the rename
  },
  120_000,
);

needs({ strace: true })('the folder is synced after the rename', () => {
  const home = makeHome();
  const args = [home.root, JSON.stringify(genesis)];
  const calls = tracedCalls(program, args, undefined, join(scratch, 'switch.trace'));
  const renamed = calls.findIndex(({ call }) => call.startsWith('rename'));
  expect(renamed).toBeGreaterThanOrEqual(0);
  expect(calls.slice(renamed)).toContainEqual({
    call: 'fsync',
    args: expect.stringContaining(`<${home.cosmovisor}>`),
  });
});

function upgrade(name: string): StagingTarget {
  return { kind: 'upgrade', plan: parsePlanName(name) };
}

function makeHome(): HomePaths {
  const home = homePaths(join(scratch, `home ${(count += 1)}`), 'demod');
  mkdirSync(home.cosmovisor, { recursive: true });
  return home;
}
