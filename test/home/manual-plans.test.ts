// The list of manual plans has two writers: commands add, the supervisor takes off. Neither loses what the other has done.
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { listWith, prepareList } from '../../src/home/manual-plans.js';
import { homePaths, type HomePaths } from '../../src/home/paths.js';
import { manualPlansFile, removeManualPlan } from '../../src/home/plan-files.js';
import { writeWhole } from '../../src/home/write-whole.js';
import { parsePlanName } from '../../src/values/plan-name.js';
import { startProgram, writeProgram } from '../support/child-program.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const adds = writeProgram(
  scratch,
  'adds',
  `import { listWith, prepareList } from './src/home/manual-plans.js';
  import { homePaths } from './src/home/paths.js';
  import { lockPlanList } from './src/home/plan-list-lock.js';
  const home = homePaths(process.argv[2] ?? '', 'demod');
  for (let n = 1; n <= 40; n += 1) {
    const lock = lockPlanList(home);
    const plans = [{ name: 'add' + n, height: 1000 + n }];
    prepareList(home, listWith(home, plans, { recase: true, givesWay: 'nothing' })).commit();
    lock.release();
  }`,
);
const removes = writeProgram(
  scratch,
  'removes',
  `import { homePaths } from './src/home/paths.js';
  import { removeManualPlan } from './src/home/plan-files.js';
  const home = homePaths(process.argv[2] ?? '', 'demod');
  for (let n = 1; n <= 40; n += 1) removeManualPlan(home, 'remove' + n, true);`,
);
let count = 0;

function makeHome(list: unknown): HomePaths {
  const home = homePaths(join(scratch, `home-${(count += 1)}`), 'demod');
  mkdirSync(home.data, { recursive: true });
  writeFileSync(manualPlansFile(home), JSON.stringify(list));
  return home;
}

const named = (prefix: string, from: number) =>
  Array.from({ length: 40 }, (_, index) => ({ name: `${prefix}${index + 1}`, height: from + index + 1 }));
const namesIn = (home: HomePaths): string[] =>
  (JSON.parse(readFileSync(manualPlansFile(home), 'utf8')) as { name: string }[]).map(({ name }) => name);

test('two writers at once: what was added is there, and what was taken off is not', async () => {
  const home = makeHome(named('remove', 0));
  const ends = [adds, removes].map(async (program) => {
    const [status] = (await once(startProgram(program, [home.root]).child, 'exit')) as [number];
    return status;
  });
  expect(await Promise.all(ends)).toEqual([0, 0]);
  expect(namesIn(home)).toEqual(named('add', 1000).map(({ name }) => name));
  expect(readdirSync(home.data)).toEqual(['upgrade-info.json.batch']);
});

test('what is prepared takes effect when it is committed, also where a run has swept it away meanwhile; given up it leaves nothing', () => {
  const home = makeHome([]);
  const plans = [{ name: parsePlanName('v2'), height: 5 }];
  const entries = listWith(home, plans, { recase: true, givesWay: 'nothing' });
  const givenUp = prepareList(home, entries);
  expect(namesIn(home)).toEqual([]);
  givenUp.abandon();
  expect(readdirSync(home.data)).toEqual(['upgrade-info.json.batch']);
  const swept = prepareList(home, entries);
  givenUp.abandon(); // as a run's sweep does
  swept.commit();
  expect(namesIn(home)).toEqual(['v2']);
});

test('a link in the place of the temporary file is not written through', () => {
  const home = makeHome([]);
  const target = join(home.root, 'victim');
  writeFileSync(target, 'mine');
  symlinkSync(target, join(home.data, '.upgrade-info.json.batch.cvtool-new'));
  writeWhole(manualPlansFile(home), '[]', 0o644);
  expect(readFileSync(target, 'utf8')).toBe('mine');
});

test('a plan that is on no list, and a list that cannot be read, change nothing', () => {
  const home = makeHome([{ name: 'v2', height: 5 }]);
  removeManualPlan(home, parsePlanName('v3'), true);
  expect(namesIn(home)).toEqual(['v2']);
  writeFileSync(manualPlansFile(home), '[{');
  removeManualPlan(home, parsePlanName('v2'), true);
  expect(readFileSync(manualPlansFile(home), 'utf8')).toBe('[{');
  removeManualPlan(homePaths(join(scratch, 'absent'), 'demod'), parsePlanName('v2'), true);
  expect(existsSync(join(scratch, 'absent'))).toBe(false);
});
