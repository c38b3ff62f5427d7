import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { judgeFolderName } from '../../src/verify/folder-name-verdict.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { panacea } from './panacea.js';

const upgrades = scratchFolder();

async function judge(name: string, { recase = true, known = true } = {}) {
  const recipe = known ? await panacea() : undefined;
  return judgeFolderName({ folder: join(upgrades, name), name, recipe, recase });
}

test.each([
  ['v2.2.0', 'pass', 'the release table has that upgrade'],
  ['v2.0.7', 'pass', 'the release table has that upgrade'],
  ['v9.0.0', 'unknown', 'only the chain knows its name'],
  ['v2.0.8', 'unknown', 'only the chain knows its name'],
  ['my%20upgrade', 'unknown', 'only the chain knows its name'],
  ['v2.20', 'warn', 'a slip of the finger'],
  ['v2,2.0', 'fail', 'upgrades/v2%2C2.0 is looked for'],
  ['v2.0.7-2', 'warn', 'is the tag of upgrade v2.0.7'],
  ['V2.2.0', 'fail', 'upgrades/v2.2.0 is looked for'],
  ['v8-Rho', 'fail', 'upgrades/v8-rho is looked for'],
  ['my upgrade', 'fail', 'upgrades/my%20upgrade is looked for'],
  ['100%', 'fail', 'upgrades/100%25 is looked for'],
  ['a%2fb', 'fail', 'upgrades/a%2Fb is looked for'],
  ['v2.2.0\n', 'fail', 'no upgrade can have this folder'],
])('%j: %s', async (name, status, said) => {
  expect(await judge(name)).toEqual([
    expect.objectContaining({ level: 'L6', status, text: expect.stringContaining(said) }),
  ]);
});

test('the way out is the command that mends it, safe to be pasted', async () => {
  const [row] = await judge("it's V2");
  expect(row?.hint).toBe(`mv -n '${upgrades}/it'\\''s V2' ${upgrades}/it%27s%20v2`);
  mkdirSync(join(upgrades, 'v8-rho'));
  expect((await judge('v8-Rho'))[0]?.hint).toContain('v8-rho is there too');
});

test('without recasing the chain has its own spelling', async () => {
  expect(await judge('V2.2.0', { recase: false })).toEqual([expect.objectContaining({ status: 'fail' })]);
  expect(await judge('v8-Rho', { recase: false, known: false })).toEqual([expect.objectContaining({ status: 'pass' })]);
});
