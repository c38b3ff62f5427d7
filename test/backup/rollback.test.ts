// A rollback: what it puts back, what it refuses, and what is left of it when it is killed.
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { chooseBackup } from '../../src/backup/choose.js';
import { finishRollback } from '../../src/backup/finish-rollback.js';
import { inventory, replacedTrees } from '../../src/backup/inventory.js';
import { prunable, prune } from '../../src/backup/prune.js';
import { carryOutRollback, planRollback } from '../../src/backup/restore.js';
import { isNewer, parseSigned } from '../../src/backup/signing-state.js';
import type { HomePaths } from '../../src/home/paths.js';
import { backUp, day, recordFile, seenIn } from './homes.js';
import { expectRolledBack, makeUpgraded, signed, stateOf } from './rollback-home.js';
import { writeProgram } from '../support/child-program.js';
import { killedAtEachCall } from '../support/killed-at-each-call.js';
import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let count = 0;
const fresh = () => makeUpgraded(join(scratch, `home ${(count += 1)}`));

async function rollBack(home: HomePaths, word?: string): Promise<void> {
  await carryOutRollback(home, planRollback(home, chooseBackup(home.root, home.root, word), new Date()), {
    mode: 'auto',
  });
}

test('data, wasm and the link come back; the backup stays as it is, and what was replaced too', async () => {
  const { home, backup, before } = await fresh();
  mkdirSync(home.state, { recursive: true });
  writeFileSync(home.upgradeRecord, '{}');
  await rollBack(home);
  expectRolledBack(home, before);
  expect(seenIn(backup)).toEqual(before);
  expect(existsSync(home.upgradeRecord)).toBe(false);
  const table = (folder: string) => statSync(join(folder, 'application.db/000001.ldb')).ino;
  expect(table(home.data)).toBe(table(backup));
  appendFileSync(join(home.data, 'application.db/LOG'), 'more');
  writeFileSync(join(home.data, 'upgrade-info.json'), 'more');
  expect(seenIn(backup)).toEqual(before);
  const [replaced] = replacedTrees(home).filter(({ folder }) => basename(folder).startsWith('data'));
  expect(readFileSync(join(replaced!.folder, 'application.db/LOG'), 'utf8')).toBe('log of the new one');
});

test('tables that the record does not watch are not shared with what is put back', async () => {
  const { home, backup } = await fresh();
  const { folder } = await backUp(home.root, { mode: 'copy', now: new Date(2027, 0, 1) });
  await rollBack(home, basename(folder));
  expect(statSync(join(folder, 'application.db/000001.ldb')).nlink).toBe(1);

  const table = join(backup, 'application.db/000001.ldb');
  const record = join(backup, recordFile);
  writeFileSync(`${table}.copy`, readFileSync(table));
  renameSync(`${table}.copy`, table);
  const said = JSON.parse(readFileSync(record, 'utf8')) as { linkedFiles: [string][] };
  const linkedFiles = said.linkedFiles.filter(([path]) => !path.endsWith('000001.ldb'));
  writeFileSync(record, JSON.stringify({ ...said, linkedFiles }));
  await rollBack(home, basename(backup));
  expect(statSync(table).nlink).toBe(1);
});

test('a data that is a link: what it leads to is replaced, where it lies', async () => {
  const { home } = await fresh();
  const disk = join(scratch, `disk ${count}`);
  mkdirSync(disk);
  renameSync(home.data, join(disk, 'node-1'));
  symlinkSync(join(disk, 'node-1'), home.data);
  await rollBack(home);
  expect(readlinkSync(home.data)).toBe(join(disk, 'node-1'));
  expect(stateOf(home)).toBe('old');
  expect(readdirSync(disk).map((name) => name.replace(/\d{8}T\d{6}Z/, 'T'))).toEqual(['node-1', 'node-1-replaced-T']);
  expect(replacedTrees(home)).toHaveLength(2);
});

test('an absolute link stays absolute', async () => {
  const { home } = await fresh();
  rmSync(home.current);
  symlinkSync(`${home.cosmovisor}/upgrades/v2.2.0`, home.current);
  await rollBack(home);
  expect(readlinkSync(home.current)).toBe(`${home.cosmovisor}/genesis`);
});

test('a table that was truncated, rewritten or removed: listed as suspect, refused by name, nothing changed', async () => {
  const changes = [
    (table: string) => writeFileSync(table, ''),
    (table: string) => appendFileSync(table, 'x'),
    (table: string) => rmSync(table),
  ];
  for (const change of changes) {
    const { home, backup } = await fresh();
    change(join(backup, 'application.db/000001.ldb'));
    expect(inventory(home, home.root)).toMatchObject([{ state: 'suspect', suspect: ['application.db/000001.ldb'] }]);
    await expect(rollBack(home)).rejects.toMatchObject({
      code: 'BACKUP_UNFIT',
      details: ['application.db/000001.ldb'],
    });
    expect(stateOf(home)).toBe('new');
    expect(readdirSync(home.root).filter((name) => /restoring|replaced/.test(name))).toEqual([]);
  }
});

test('names that are no whole backup of this home are refused, and told apart', async () => {
  const { home, backup } = await fresh();
  const other = await fresh();
  renameSync(other.backup, join(home.root, 'data-backup-2020-1-1'));
  mkdirSync(join(home.root, 'data-backup-2020-1-2'));
  mkdirSync(join(home.root, 'data-backup-2020-1-3.partial'));
  const refused: readonly (readonly [string, RegExp])[] = [
    ['data-backup-2020-1-1', /backup of another home/],
    ['data-backup-2020-1-2', /not made by cvtool/],
    ['data-backup-2020-1-3.partial', /half a backup/],
    [basename(backup).replace('data', 'wasm'), /holds wasm/],
    ['../data', /does not lie in/],
    ['/etc', /does not lie in/],
    ['..', /no backup's name/],
    ['', /no backup's name/],
    ['data-backup-1999-1-1', /there is no backup/],
  ];
  for (const [word, why] of refused) {
    expect(() => chooseBackup(home.root, home.root, word), word).toThrow(
      expect.objectContaining({ code: 'BACKUP_UNFIT', message: expect.stringMatching(why) as string }),
    );
  }
  expect(chooseBackup(home.root, home.root, backup).folder).toBe(backup);
  const states = Object.fromEntries(inventory(home, home.root).map(({ name, state }) => [name, state]));
  expect(states).toMatchObject({ 'data-backup-2020-1-2': 'foreign', 'data-backup-2020-1-3.partial': 'partial' });
});

test('the binary that it goes back to must be there', async () => {
  const { home } = await fresh();
  rmSync(join(home.genesis, 'bin/panacead'));
  await expect(rollBack(home)).rejects.toMatchObject({ code: 'NOT_STAGED' });
  expect(stateOf(home)).toBe('new');
});

test('of two signing states the newer stays, spelled as text or as numbers, of any length', async () => {
  const { home, backup } = await fresh();
  const live = join(home.data, 'priv_validator_state.json');
  const theirs = join(backup, 'priv_validator_state.json');
  const number = fc.oneof(fc.bigInt({ min: 0n, max: 3n }), fc.bigInt({ min: (1n << 63n) - 3n, max: (1n << 63n) - 1n }));
  const small = fc.integer({ min: 0, max: 3 });
  const state = fc.tuple(number, small, small, fc.boolean());
  const spell = ([height, round, step, text]: readonly [bigint, number, number, boolean]): string =>
    `{ "height": ${text ? `"${height}"` : height.toString()}, "round": ${round}, "step" :${step}\n}`;
  fc.assert(
    fc.property(state, state, (one, other) => {
      writeFileSync(live, spell(one));
      writeFileSync(theirs, spell(other));
      const difference = [one[0] - other[0], BigInt(one[1] - other[1]), BigInt(one[2] - other[2])].find(
        (n) => n !== 0n,
      );
      const { signing } = planRollback(home, chooseBackup(home.root, home.root, undefined), day);
      expect(signing.from).toBe(difference !== undefined && difference < 0n ? 'backup' : 'live');
      expect(isNewer(parseSigned(spell(one)), parseSigned(spell(other)))).toBe((difference ?? 0n) > 0n);
    }),
    { numRuns: 200 },
  );
});

test('a damaged signing state: ours is an error, theirs is passed over', async () => {
  for (const text of ['', '{', '[]', '{"height":"x"}', '{"height":-1}', '{"height":1.5}']) {
    const { home } = await fresh();
    writeFileSync(join(home.data, 'priv_validator_state.json'), text);
    await expect(rollBack(home), text).rejects.toMatchObject({ code: 'SIGNING_STATE' });
    expect(stateOf(home)).toBe('new');
  }
  const { home, backup } = await fresh();
  writeFileSync(join(backup, 'priv_validator_state.json'), '{');
  await rollBack(home);
  expect(readFileSync(join(home.data, 'priv_validator_state.json'), 'utf8')).toBe(signed(200, 1, 2));
});

test('prune: never the last whole one, the newest stay, and what was replaced goes', async () => {
  const { home, backup } = await fresh();
  const second = await backUp(home.root, { now: new Date(2026, 6, 2) });
  const third = await backUp(home.root, { now: new Date(2026, 6, 3) });
  await rollBack(home);
  const ask = (keep?: number, olderThan?: number) =>
    prunable(home, home.root, { keep, olderThan, now: Date.now() }).backups.map(({ folder }) => folder);
  expect(ask(2)).toEqual([backup]);
  expect(ask(0)).toEqual([second.folder, backup]);
  writeFileSync(join(third.folder, 'application.db/000001.ldb'), ''); // shared by all three
  expect(ask(0)).toHaveLength(2);
  const all = prunable(home, home.root, { keep: 1, olderThan: undefined, now: Date.now() });
  await prune(home.root, all, new AbortController().signal);
  expect(readdirSync(home.root).filter((name) => /backup|replaced/.test(name))).toEqual([
    basename(third.folder),
    basename(third.wasmFolder!),
  ]);
});

const source = `
  import { chooseBackup } from './src/backup/choose.js';
  import { finishRollback } from './src/backup/finish-rollback.js';
  import { carryOutRollback, planRollback } from './src/backup/restore.js';
  import { homePaths } from './src/home/paths.js';
  const home = homePaths(process.argv[2] ?? '', 'panacead');
  try {
    const left = await finishRollback(home);
    if (left?.kind !== 'finished') {
      const plan = planRollback(home, chooseBackup(home.root, home.root, undefined), new Date());
      await carryOutRollback(home, plan, { mode: 'auto' });
    }
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    console.log(code + ': ' + message);
    process.exitCode = 1;
  }`;

needs({ strace: true })(
  'killed at any call: until the journal is found all of it is old or new, then one step finishes it',
  async () => {
    const program = writeProgram(scratch, 'rolls-back', source);
    const places = await Promise.all(Array.from({ length: 120 }, fresh));
    const seen = { undone: 0, finished: 0, none: 0 };
    const makePlace = () => {
      const place = places.pop()!;
      return { place, args: [place.home.root] };
    };
    for (const { at, place } of killedAtEachCall(program, makePlace, scratch)) {
      const { home, before, backup } = place;
      if (!existsSync(home.rollbackJournal)) expect(stateOf(home), at).not.toBe('between');
      const live = join(home.data, 'priv_validator_state.json');
      if (existsSync(live)) expect(readFileSync(live, 'utf8'), at).toBe(signed(200, 1, 2));
      const found = await finishRollback(home);
      seen[found?.kind ?? 'none'] += 1;
      if (found?.kind === 'finished') expectRolledBack(home, before, at);
      else if (stateOf(home) === 'new') {
        expect(
          readdirSync(home.root).filter((name) => /restoring|replaced/.test(name)),
          at,
        ).toEqual([]);
        await rollBack(home);
      }
      expectRolledBack(home, before, at);
      expect(seenIn(backup), at).toEqual(before);
      expect(
        readdirSync(home.root).filter((name) => name.includes('-replaced-')),
        at,
      ).toHaveLength(2);
    }
    expect(Math.min(seen.undone, seen.finished, seen.none)).toBeGreaterThan(0);
    console.log(`killed: ${JSON.stringify(seen)}`);
  },
  600_000,
);

/** A home as a kill leaves it right after the decision. */
async function decided() {
  const place = await fresh();
  const { home } = place;
  await rollBack(home);
  const trees = replacedTrees(home).map(({ folder }) => {
    const tree = basename(folder).startsWith('data') ? ('data' as const) : ('wasm' as const);
    const [target, aside] = [home[tree], `${home[tree]}-restoring-1`];
    renameSync(target, aside);
    renameSync(folder, target);
    return { tree, target, fresh: aside, replaced: folder, existed: true };
  });
  rmSync(home.current);
  symlinkSync('upgrades/v2.2.0', home.current);
  const journal = { schema: 1, state: 'decided', backup: 'b', trees, current: 'genesis' };
  mkdirSync(home.state, { recursive: true });
  writeFileSync(home.rollbackJournal, JSON.stringify(journal));
  return place;
}

test('a node that was started by hand in the middle has signed: what it signed stays', async () => {
  const { home } = await decided();
  writeFileSync(join(home.data, 'priv_validator_state.json'), signed(201, 0, 3));
  expect(await finishRollback(home)).toMatchObject({ kind: 'finished' });
  expect(readFileSync(join(home.data, 'priv_validator_state.json'), 'utf8')).toBe(signed(201, 0, 3));
  expect(stateOf(home)).toBe('old');
});

needs({ strace: true })('the finishing itself may be killed at any call', async () => {
  const program = writeProgram(scratch, 'rolls-back-again', source);
  const places = await Promise.all(Array.from({ length: 40 }, decided));
  let kills = 0;
  const makePlace = () => {
    const place = places.pop();
    if (place === undefined) throw new Error('more calls than places');
    return { place, args: [place.home.root] };
  };
  for (const { at, place } of killedAtEachCall(program, makePlace, scratch)) {
    kills += 1;
    await finishRollback(place.home);
    expectRolledBack(place.home, place.before, at);
  }
  expect(kills).toBeGreaterThan(10);
});

test('what was decided and is there no more is no rollback that was done', async () => {
  const { home } = await fresh();
  const places = { target: home.data, fresh: `${home.data}-restoring-1`, replaced: `${home.data}-replaced-1` };
  const trees = [{ tree: 'data', ...places, existed: true }];
  mkdirSync(home.state, { recursive: true });
  writeFileSync(
    home.rollbackJournal,
    JSON.stringify({ schema: 1, state: 'decided', backup: 'b', trees, current: 'genesis' }),
  );
  await expect(finishRollback(home)).rejects.toMatchObject({ code: 'ROLLBACK_FAILED' });
  expect(stateOf(home)).toBe('new');
  for (const text of ['', '{', '{"schema":1,"state":"decided","trees":[{"target":"x"}]}', '{"schema":2,"trees":[]}']) {
    writeFileSync(home.rollbackJournal, text);
    await expect(finishRollback(home)).rejects.toMatchObject({ code: 'ROLLBACK_FAILED' });
  }
});

needs({ root: true })('a full disk, and a data that is a mount point: refused, and nothing is changed', async () => {
  const program = writeProgram(scratch, 'rolls-back-2', source);
  const { home } = await fresh();
  writeFileSync(join(home.data, 'big'), Buffer.alloc(3 << 20, 1));
  await backUp(home.root, { now: new Date(2027, 0, 1) });
  const disk = join(scratch, 'tmpfs');
  mkdirSync(disk);
  const full = `mount -t tmpfs -o size=5m none ${disk} && cp -a "${home.data}" ${disk}/data && rm -r "${home.data}" && ln -s ${disk}/data "${home.data}"`;
  const script = `${full}; node ${program} "${home.root}"; ls ${disk}; cat ${disk}/data/application.db/LOG; echo; readlink "${home.current}"; ls "${home.state}"`;
  const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', script], { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^NO_SPACE: no space left in .*\ndata\nlog of the new one\nupgrades\/v2\.2\.0\n$/);

  const mounted = await fresh();
  const mount = `cp -a "${mounted.home.data}" "${scratch}/aside"; mount --bind "${scratch}/aside" "${mounted.home.data}"`;
  const again = `${mount}; node ${program} "${mounted.home.root}"; ls "${mounted.home.root}" "${mounted.home.state}"`;
  const bound = spawnSync('unshare', ['-m', 'sh', '-c', again], { encoding: 'utf8' });
  expect(bound.stdout).toMatch(/^ROLLBACK_FAILED: .*cannot be replaced/);
  expect(bound.stdout.replace(/^.*\n/, '')).not.toMatch(/restoring|replaced-|rollback\.json/);
  expect(stateOf(mounted.home)).toBe('new');
});
