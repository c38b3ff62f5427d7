import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { HomePaths } from '../../src/home/paths.js';
import { judgeAccess } from '../../src/inspect/doctor/access.js';
import { judgeConfigToml, judgeCurrent, judgeHome, judgeLeftovers } from '../../src/inspect/doctor/home.js';
import { judgeModes } from '../../src/inspect/doctor/modes.js';
import type { Row } from '../../src/inspect/doctor/row.js';
import { ourselves, type User } from '../../src/host/users.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { waitUntil } from '../support/wait-until.js';
import { isLocked } from '../../src/host/held-locks.js';
import { makeHome, panacea } from './make-home.js';

const root = scratchFolder();
chmodSync(root, 0o755);
const recipe = await panacea();
const genesis = 'cosmovisor/genesis/bin/panacead';
const v2 = 'cosmovisor/upgrades/v2/bin/panacead';
const applied = { 'cosmovisor/upgrades/v2/upgrade-info.json': '{"name":"v2","height":9}' };
const said = ({ root: home }: HomePaths, rows: readonly Row[]): string[] =>
  rows.map(({ status, text, hint }) =>
    `${status} ${text}${hint === undefined ? '' : ` | ${hint}`}`.replaceAll(home, ''),
  );

test('no home, no binaries, no data: what to do first', () => {
  const home = makeHome(root);
  expect(judgeHome(home, recipe)[0]?.status).toBe('pass');
  rmSync(home.cosmovisor, { recursive: true });
  expect(said(home, judgeHome(home, recipe))).toEqual([
    expect.stringMatching(/^fail nothing is staged.*cvtool stage-genesis/),
  ]);
  rmSync(home.data, { recursive: true });
  expect(judgeHome(home, recipe)).toHaveLength(2);
  rmSync(home.root, { recursive: true });
  expect(said(home, judgeHome(home, recipe))).toEqual([
    expect.stringMatching(/^fail there is no home.*panacead init/s),
  ]);
});

test.each<[string, Record<string, string>, string]>([
  ['genesis', { [genesis]: '', 'cosmovisor/current': '-> genesis' }, 'pass current leads to genesis'],
  [
    'the last applied',
    { [v2]: '', ...applied, 'cosmovisor/current': '-> upgrades/v2' },
    'pass current leads to upgrades/v2',
  ],
  [
    'another than the last',
    { [genesis]: '', [v2]: '', ...applied, 'cosmovisor/current': '-> genesis' },
    'warn .*applied last was v2 .*ln -sfn',
  ],
  ['no link yet', { [genesis]: '' }, 'pass there is no link current: .*starts genesis'],
  ['no link, nothing staged', {}, 'fail .*genesis.*is not staged | cvtool stage-genesis'],
  ['no link after an upgrade', { [v2]: '', ...applied }, 'warn .*starts upgrades/v2, which was applied last'],
  [
    'a link to nothing',
    { 'cosmovisor/current': '-> upgrades/v2' },
    'fail .*there is no .*v2/bin/panacead | cvtool stage-upgrade v2',
  ],
  ['a link elsewhere', { 'cosmovisor/current': '-> /etc' }, 'fail .*points to "/etc" | mv .* && ln -s genesis'],
  ['no link but a file', { 'cosmovisor/current': 'x' }, 'fail .*is not a symbolic link'],
])('current: %s', (_, files, expected) => {
  const home = makeHome(root, files);
  const [only, ...more] = said(home, judgeCurrent(home).rows);
  expect(only).toMatch(new RegExp(`^${expected.replace('|', '\\|')}`));
  expect(more).toEqual([]);
});

test('leftovers: of stagings, switches, backups and builds; kept sources and whole backups are none', () => {
  const home = makeHome(root, {
    'cosmovisor/.cvtool-staging/new/x': '',
    'cosmovisor/.current.next': '-> genesis',
    'data-backup-2026-1-2.partial/x': '',
    'data-backup-2026-1-2/x': '',
    'builds/build-x/y': '',
    'builds/kept-x/y': '',
  });
  const look = () =>
    said(home, judgeLeftovers(home, home.root, join(home.root, 'builds'))).map((text) => text.split('|')[1]?.trim());
  expect(look()).toEqual([
    'rm -r /cosmovisor/.cvtool-staging',
    'rm -r /cosmovisor/.current.next',
    'rm -r /data-backup-2026-1-2.partial',
    'rm -r /builds/build-x',
  ]);
});

test('what a cvtool at work holds is no leftover', async () => {
  const home = makeHome(root, { 'builds/build-x/y': '' });
  const folder = join(home.root, 'builds/build-x');
  const fd = openSync(folder, 'r');
  const holder = spawn('flock', ['-x', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
  await once(holder, 'exit');
  expect(isLocked(folder)).toBe(true);
  expect(said(home, judgeLeftovers(home, home.root, join(home.root, 'builds')))).toEqual([
    'pass no temporary folders were left',
  ]);
  closeSync(fd);
  await waitUntil('the lock is gone', () => isLocked(folder) === false);
  expect(judgeLeftovers(home, home.root, join(home.root, 'builds'))[0]?.status).toBe('warn');
});

test('a config.toml that nobody names is told of', () => {
  expect(judgeConfigToml(makeHome(root), undefined)).toEqual([]);
  const home = makeHome(root, { 'cosmovisor/config.toml': '' });
  expect(judgeConfigToml(home, undefined)[0]?.status).toBe('warn');
  expect(judgeConfigToml(home, '/no/such')[0]?.status).toBe('warn');
  expect(judgeConfigToml(home, join(home.cosmovisor, 'config.toml'))[0]?.status).toBe('pass');
});

test('the service’s user must be able to write home and data; told once, for the folder above', () => {
  const home = makeHome(root, { 'data/application.db/x.ldb': '' });
  const us = { home, backups: home.root, user: ourselves(), isUs: true };
  expect(said(home, judgeAccess(us))).toEqual([expect.stringMatching(/^pass /)]);
  const stranger: User = { name: 'val', uid: 54_321, home: '/', gids: [54_321] };
  const facts = { ...us, user: stranger, isUs: false };
  chmodSync(home.root, 0o700);
  expect(said(home, judgeAccess(facts))).toEqual([
    expect.stringMatching(/^fail .*cannot be written by val.*\| chown -R val: /),
  ]);
  for (const folder of [home.root, home.cosmovisor, home.upgrades, home.data]) chmodSync(folder, 0o777);
  chmodSync(join(home.data, 'application.db'), 0o777);
  expect(said(home, judgeAccess(facts))).toEqual([
    expect.stringMatching(/^fail \/data\/application.db\/x.ldb belongs to .*started by somebody else/),
  ]);
  chmodSync(join(home.data, 'application.db/x.ldb'), 0o666);
  expect(said(home, judgeAccess(facts))).toEqual([expect.stringMatching(/^pass .*by owners and modes/)]);
});

test('keys that others may read, binaries that others may replace', () => {
  const home = makeHome(root, { [genesis]: '', 'config/node_key.json': '' });
  chmodSync(join(home.root, 'config/node_key.json'), 0o600);
  expect(said(home, judgeModes(home))).toEqual([expect.stringMatching(/^pass /)]);
  chmodSync(join(home.root, 'config/node_key.json'), 0o640);
  chmodSync(join(home.genesis, 'bin'), 0o777);
  expect(said(home, judgeModes(home))).toEqual([
    expect.stringMatching(/^warn \/config\/node_key.json has mode 0640.*chmod 600/),
    expect.stringMatching(/^fail \/cosmovisor\/genesis\/bin has mode 0777.*chmod o-w/),
  ]);
  chmodSync(join(home.genesis, 'bin'), 0o1777);
  expect(judgeModes(home)).toHaveLength(1);
  mkdirSync(join(home.upgrades, '.hidden'), { mode: 0o777 });
  expect(judgeModes(home)).toHaveLength(1);
});
