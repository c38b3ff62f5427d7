// What is said with a home's facts and the release table. The binaries are real ones, and verification looks at them.
import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, test } from 'vitest';

import { cacheFolders } from '../../../src/config/folders.js';
import { planNamed } from '../../../src/inspect/explain/advice.js';
import { upgradesNamed } from '../../../src/inspect/explain/explanation.js';
import { homeFacts, type HomeFacts } from '../../../src/inspect/explain/home-facts.js';
import { compileC } from '../../support/compile-c.js';
import { scratchFolder } from '../../support/scratch-folder.js';
import { makeHome, panacea } from '../make-home.js';
import { explainText, readText } from './read.js';

const scratch = scratchFolder();
const recipe = await panacea();
const withNames = (names: readonly string[]): string =>
  `#include <stdio.h>\nint main(int c, char **v) { (void)v; ${names.map((name) => `if (c > 9) puts("${name}");`).join(' ')} return 0; }`;
const plain = compileC(scratch, 'plain', withNames([]));
const knows207 = compileC(scratch, 'knows-2.0.7', withNames(['v2.0.7']));

type Files = Readonly<Record<string, string>>;

/** @param binaries place in cosmovisor/ to the program that is put there */
async function factsOf(files: Files, binaries: Files, log: string): Promise<{ facts: HomeFacts; root: string }> {
  const home = makeHome(scratch, files);
  if (binaries.genesis === undefined) rmSync(home.genesis, { recursive: true });
  for (const [place, program] of Object.entries(binaries)) {
    const path = join(home.cosmovisor, place, 'bin/panacead');
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(program, path);
  }
  const environment = { PATH: process.env.PATH, SYSTEMD_UNIT_PATH: scratch };
  const request = { home, recipe, environment, cache: cacheFolders({ HOME: scratch }), own: '/cvtool' };
  const facts = await homeFacts(
    request,
    upgradesNamed(readText(log)).flatMap((name) => planNamed(name) ?? []),
  );
  if ('why' in facts) throw new Error(facts.why);
  return { facts, root: home.root };
}

/** Meaning and steps, without the home's path. */
async function told(log: string, files: Files, binaries: Files): Promise<readonly string[]> {
  const { facts, root } = await factsOf(files, binaries, log);
  const { last } = explainText(log, { home: facts, recipe });
  if (last === undefined) return [];
  return [last.means, ...last.toDo].map((text) => text.replaceAll(root, ''));
}

const needed = 'panic: UPGRADE "v2.0.7" NEEDED at height: 32: ';
const handshake = (version: string): string =>
  `4:20AM INF ABCI Handshake App Info hash="x" height=31 module=consensus protocol-version=0 software-version=${version}\n`;
const plan = { 'data/upgrade-info.json': '{"name":"v2.0.7","height":32}' };
const old = { 'upgrades/v2.0.6': plain };
const at206 = { 'cosmovisor/current': '-> upgrades/v2.0.6' };
const at207 = { 'cosmovisor/current': '-> upgrades/v2.0.7' };
const own = { ...old, 'upgrades/v2.0.7': knows207 };

test.each<[string, string, Files, Files, readonly (string | RegExp)[]]>([
  [
    'needed, not staged: by the tag that the table has',
    needed,
    { ...at206, ...plan },
    old,
    [/no handler, and stops there on purpose/, /tag v2\.0\.7-2.*: cvtool stage-upgrade v2\.0\.7$/, /start the service/],
  ],
  [
    'needed, staged and sound',
    needed,
    { ...at206, ...plan },
    own,
    [/on purpose/, 'upgrades/v2.0.7 is staged. Start the service: cvtool run switches to it.'],
  ],
  [
    "needed, staged, but the home's plan is none: another home?",
    needed,
    at206,
    own,
    [/on purpose/, /is staged/, /upgrade-info\.json does not name it.*another home/],
  ],
  [
    'needed, staged without the handler',
    needed,
    { ...at206, ...plan },
    { ...old, 'upgrades/v2.0.7': plain },
    [
      /on purpose/,
      /staged, and not fit to run:/,
      /^L5: .*Tag v2\.0\.7-2 has it: cvtool stage-upgrade v2\.0\.7 --tag v2\.0\.7-2 --force/,
      /start/,
    ],
  ],
  [
    'needed, by the upgrade’s own binary, which lacks it',
    needed,
    { ...at207, ...plan },
    { ...old, 'upgrades/v2.0.7': plain },
    [
      /asks for it instead: it is current, and has no handler/,
      /^L5: .*--tag v2\.0\.7-2 --force/,
      /goes on from that height/,
    ],
  ],
  [
    'needed, by tag v2.0.7 as it says itself',
    handshake('2.0.7') + needed,
    { ...at206, ...plan },
    own,
    [
      /asks for it instead: tag v2\.0\.7 has no handler/,
      /cvtool stage-upgrade v2\.0\.7 --tag v2\.0\.7-2 --force/,
      /goes on/,
    ],
  ],
  [
    'needed, and switched since, as far as can be seen',
    needed,
    { ...at207, ...plan },
    own,
    [/on purpose/, /^Nothing, if that was before the switch: current is upgrades\/v2\.0\.7/, /--tag <tag> --force/],
  ],
  [
    'needed, and long past',
    'panic: UPGRADE "v2.0.5" NEEDED at height: 3: ',
    { ...at207, ...plan },
    own,
    [/on purpose/, 'Nothing, if that is long done: current is upgrades/v2.0.7, which comes after v2.0.5.'],
  ],
  [
    'needed, of a release that the table does not build',
    'panic: UPGRADE "v2.3.0" NEEDED at height: 28074600: ',
    { ...at207, ...plan },
    own,
    [/v2\.3\.0 at height 28074600/, /^The table does not build v2\.3\.0: .*tag v2\.3\.0/, /start/],
  ],
  [
    'too early: back to what was applied last',
    'panic: BINARY UPDATED BEFORE TRIGGER! UPGRADE "v2.0.7" - in binary but not executed on chain',
    { ...at207, 'cosmovisor/upgrades/v2.0.6/upgrade-info.json': '{"name":"v2.0.6","height":9}' },
    own,
    [
      /came too early\. The data is untouched/,
      'Stop the service, then: ln -sfn upgrades/v2.0.6 /cosmovisor/current',
      /at its height/,
    ],
  ],
  [
    'too early, in another place: the wrong tag lies there',
    'panic: BINARY UPDATED BEFORE TRIGGER! UPGRADE "v2.0.7" - in binary but not executed on chain',
    at206,
    { 'upgrades/v2.0.6': knows207 },
    [
      /came too early/,
      /upgrades\/v2\.0\.6 is of a later tag\. .*tag v2\.0\.6: cvtool stage-upgrade v2\.0\.6 --force/,
      /at its height/,
    ],
  ],
  [
    'too late: current went back',
    'panic: Wrong app version 0, upgrade handler is missing for v2.0.7 upgrade plan',
    at206,
    own,
    [
      /older than the data/,
      'upgrades/v2.0.7 is staged.',
      /ln -sfn upgrades\/v2\.0\.7 \/cosmovisor\/current$/,
      /Do not let it restart/,
    ],
  ],
  [
    'too late, and what it needs is not staged',
    'panic: Wrong app version 0, upgrade handler is missing for v2.0.7 upgrade plan',
    at206,
    old,
    [/older than the data/, /cvtool stage-upgrade v2\.0\.7$/, /ln -sfn/, /Do not let/],
  ],
  [
    'stores that the data lacks, before the height of the plan',
    "x: version of store crisis mismatch root store's version; expected 30 got 0; new stores should be added using StoreUpgrades",
    { ...at207, ...plan },
    own,
    [/still to come/, /What ran before is not recorded/, /ln -sfn upgrades\/v2\.0\.6/, /at its height/],
  ],
  [
    'stores that the data lacks, at the height of the plan',
    "x: version of store crisis mismatch root store's version; expected 32 got 0; new stores should be added using StoreUpgrades",
    { ...at207, ...plan, 'data-backup-2026-1-2/x': '' },
    own,
    [
      /committed in part/,
      /Put back the data .*last backup is \/data-backup-2026-1-2\. .*priv_validator_state\.json must stay/,
    ],
  ],
  [
    'stores that the data lacks, one block before the height of the plan: either',
    "x: version of store crisis mismatch root store's version; expected 31 got 0; new stores should be added using StoreUpgrades",
    { ...at207, ...plan },
    own,
    [
      /came too early, or the commit/,
      /still to come:/,
      /not recorded/,
      /ln -sfn/,
      /at its height/,
      /If it was begun: Put back/,
    ],
  ],
  [
    'a library that was missing, where only the handler is wrong now',
    './panacead: error while loading shared libraries: l.so: cannot open shared object file: No such file or directory',
    at207,
    { 'upgrades/v2.0.7': plain },
    [/does not find l\.so/, /^Nothing of that is wrong with upgrades\/v2\.0\.7 as it lies there now/, /No other file/],
  ],
  [
    'stores that the data lacks, without a plan: by the height of the table, on that very chain',
    "x: version of store crisis mismatch root store's version; expected 10000000 got 0; new stores should be added using StoreUpgrades",
    { ...at207, 'config/client.toml': 'chain-id = "panacea-3"' },
    own,
    [/still to come/, /not recorded/, /ln -sfn/, /at its height/],
  ],
  [
    'stores that the data lacks, and no height is known',
    "x: version of store crisis mismatch root store's version; expected 10000000 got 0; new stores should be added using StoreUpgrades",
    at207,
    own,
    [/came too early, or the commit/, /still to come:/, /later tag|Let current/, /.*/, /If it was begun: Put back/],
  ],
  [
    'a plan file that is torn, before the upgrade',
    'panic: Failed to register upgradeHandler: unexpected end of JSON input',
    { ...at206, 'data/upgrade-info.json': '{"na' },
    own,
    [/cut off while it was written/, /rm \/data\/upgrade-info\.json$/, /current as it is/],
  ],
  [
    'a plan file that is torn, after the upgrade: its copy is whole',
    'panic: Failed to register upgradeHandler: unexpected end of JSON input',
    {
      ...at207,
      'data/upgrade-info.json': '',
      'cosmovisor/upgrades/v2.0.7/upgrade-info.json': '{"name":"v2.0.7","height":32}',
    },
    own,
    [/cut off/, /: cp \/cosmovisor\/upgrades\/v2\.0\.7\/upgrade-info\.json \/data\/upgrade-info\.json$/],
  ],
  [
    'an argument that a release refuses',
    'Error: unknown flag: --fast_sync',
    at206,
    old,
    [/refuses an argument/, /Take --fast_sync out.*write --block_sync instead/],
  ],
  [
    'a full disk',
    'write x: no space left on device',
    at206,
    old,
    [/disk is full/, /are free where \/data is/, /prune/, /start/],
  ],
  ['a name of no plan', 'panic: UPGRADE ".." NEEDED at height: 3: ', at206, old, [/upgrade \.\. at height 3/]],
])('%s', async (_, log, files, binaries, expected) => {
  const texts = await told(log, files, binaries);
  expect(texts, texts.join('\n')).toHaveLength(expected.length);
  expected.forEach((each, index) => {
    if (typeof each === 'string') expect(texts[index]).toBe(each);
    else expect(texts[index]).toMatch(each);
  });
});

test('the same without a home: by the table and the version in the log', () => {
  const { last } = explainText(handshake('2.0.7') + needed, { recipe });
  expect(last?.toDo[0]).toBe('Stage a tag that has it: cvtool stage-upgrade v2.0.7 --tag v2.0.7-2 --force');
  expect(explainText(handshake('2.0.6') + needed, { recipe }).last?.toDo[0]).toContain('tag v2.0.7-2');
  expect(explainText(needed).last?.toDo[0]).toBe('Stage its binary: cvtool stage-upgrade v2.0.7');
});

test('out of memory: of another process it is no word on the daemon', async () => {
  const killed = (process: string) =>
    `Nov 25 04:18:15 val-1 kernel: Out of memory: Killed process 4711 (${process}) total-vm:1kB`;
  expect((await told(killed('panacead'), at206, old))[0]).toContain('has killed process 4711 (panacead)');
  expect(await told(killed('postgres'), at206, old)).toEqual([]);
});

test('a home that is not there is no error', async () => {
  const home = makeHome(scratch);
  rmSync(home.root, { recursive: true });
  const request = { home, recipe, environment: {}, cache: cacheFolders({ HOME: scratch }), own: '/cvtool' };
  expect(await homeFacts(request, [])).toEqual({ why: `there is no home ${home.root} that this user can see` });
});
