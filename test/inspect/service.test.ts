import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { expect, test } from 'vitest';

import { findCommand } from '../../src/host/find-command.js';
import { ourselves } from '../../src/host/users.js';
import { homePaths } from '../../src/home/paths.js';
import { settingOf } from '../../src/inspect/doctor/who-runs.js';
import { fillUnit } from '../../src/inspect/doctor/unit-template.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { makeHome, panacea } from './make-home.js';

const root = scratchFolder();
const recipe = await panacea();
const home = makeHome(root).root;
const own = join(root, 'dist/cli.js');
const template = readFileSync(
  fileURLToPath(new URL('../../templates/systemd/cvtool.service', import.meta.url)),
  'utf8',
);
const fill = (at: string) =>
  fillUnit(template, { home: at, daemon: 'panacead', user: ourselves().name, node: process.execPath, cvtool: own });

/** What is said of a home whose units are these. */
async function judge(units: Readonly<Record<string, string>>, at = home) {
  const folder = mkdtempSync(join(root, 'units-'));
  for (const [name, text] of Object.entries(units)) writeFileSync(join(folder, name), text);
  const { setting, unitRows } = await settingOf({
    environment: { SYSTEMD_UNIT_PATH: folder, HOME: root },
    home: homePaths(at, 'panacead'),
    recipe,
    cache: { root, mirrors: root, builds: root, toolchains: root, logs: root, alias: root },
    own,
  });
  return {
    setting,
    rows: unitRows.map(
      ({ check, status, text, hint }) => `${check} ${status} ${text}${hint === undefined ? '' : ` | ${hint}`}`,
    ),
  };
}

const sound = `[Service]
Environment=DAEMON_HOME=${home} DAEMON_NAME=panacead
ExecStart=/bin/cvtool run start
KillMode=mixed
Restart=always
LimitNOFILE=65535
`;
const wrongIn = async (text: string) => {
  const { rows } = await judge({ 'node.service': text });
  return rows.filter((line) => !/^\S+ pass /.test(line) && !line.includes('/bin/cvtool is not there'));
};

test('the unit that is printed passes, also for paths that need quotes', async () => {
  const strange = makeHome(mkdtempSync(join(root, 'a b %c "q" $d '))).root;
  for (const at of [home, strange]) {
    const { setting, rows } = await judge({ 'node.service': fill(at) }, at);
    expect(rows.filter((line) => !/^\S+ pass /.test(line))).toEqual([]);
    expect(setting.unit?.home).toBe(at);
    expect(setting.unit?.by).toBe('cvtool');
    expect(setting.arguments).toEqual(['start', '--home', at]);
  }
});

test.skipIf(findCommand('systemd-analyze', process.env.PATH) === undefined)(
  'and systemd has nothing to say to it',
  () => {
    const folder = mkdtempSync(join(root, 'printed-'));
    const file = join(folder, 'cvtool.service');
    writeFileSync(file, fill(home));
    const { stdout, stderr, status } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    expect({ stdout, stderr, status }).toEqual({ stdout: '', stderr: '', status: 0 });
  },
);

test('a sound unit', async () => {
  expect(await wrongIn(sound)).toEqual([]);
});

test.each([
  ['KillMode=mixed', '', /^unit-stop warn .*control-group.*\| In \[Service\]: KillMode=mixed$/],
  ['KillMode=mixed', 'KillMode=none', /^unit-stop fail /],
  ['Restart=always', 'Restart=always\nKillSignal=SIGINT', /^unit-stop warn .*KillSignal=SIGINT/],
  ['Restart=always', 'Restart=always\nTimeoutStopSec=5', /^unit-stop warn .*killed then/],
  ['Restart=always', 'Restart=always\nTimeoutStopSec=soon', /^unit-stop fail .*is no time/],
  ['Restart=always', 'Restart=always\nEnvironment=DAEMON_SHUTDOWN_GRACE=90s', /^unit-stop fail .*TimeoutStopSec=120$/],
  ['Restart=always', '', /^unit-restart warn .*Restart=no/],
  ['Restart=always', 'Restart=on-failure\nEnvironment=DAEMON_RESTART_AFTER_UPGRADE=false', /^unit-restart fail /],
  ['Restart=always', 'Restart=always\nType=notify', /^unit-restart fail .*\| In \[Service\]: Type=exec$/],
  ['LimitNOFILE=65535', 'LimitNOFILE=1024', /^unit-limits fail .*\| In \[Service\]: LimitNOFILE=65535$/],
  ['LimitNOFILE=65535', 'LimitNOFILE=x', /^unit-limits fail /],
  ['/bin/cvtool run', 'cvtool run', /^unit-command warn .*PATH/],
  ['/bin/cvtool run', '/no/such/cvtool run', /^unit-command fail .*is not there/],
  ['run start', 'run start --home /other', /^unit-command fail .*--home \/other is not DAEMON_HOME/],
  ['Restart=always', 'Restart=always\nUser=nobody-of-this-host', /^unit-command fail .*no such user/],
  ['Restart=always', 'Restart=always\nEnvironmentFile=/no/such', /^unit fail .*\/no\/such/],
  ['Restart=always', 'Restart=always\nEnvironment=DAEMON_POLL_INTERVAL=300', /^variables fail .*DAEMON_POLL_INTERVAL/],
])('%s in the place of %s', async (old, text, expected) => {
  const wrong = await wrongIn(sound.replace(old, text));
  expect(wrong.join('\n')).toMatch(new RegExp(expected, 'm'));
  expect(wrong).toHaveLength(1);
});

test('a long stop passes with a grace that is shorter, and one without end', async () => {
  for (const stop of ['100', '2min', 'infinity', '0']) {
    expect(await wrongIn(`${sound}TimeoutStopSec=${stop}\nEnvironment=DAEMON_SHUTDOWN_GRACE=90s\n`)).toEqual([]);
  }
});

test('no unit, another home’s unit, two units for one home, a unit without a supervisor', async () => {
  expect((await judge({})).rows).toEqual([expect.stringMatching(/^unit unknown no systemd unit .*--print-unit$/)]);
  const other = sound.replace(home, '/srv/other');
  expect((await judge({ 'o.service': other })).rows).toEqual([
    expect.stringContaining('there are o.service (/srv/other)'),
  ]);
  expect((await judge({ 'a.service': sound, 'b.service': sound })).rows).toContainEqual(
    expect.stringMatching(/^unit fail a.service and b.service run this home/),
  );
  const bare = `[Service]\nExecStart=/bin/panacead start --home ${home}\nRestart=always\n`;
  const { rows, setting } = await judge({ 'bare.service': bare });
  expect(rows[0]).toMatch(/^unit warn .*without a supervisor/);
  expect(setting.unit?.by).toBe('itself');
});

test('cosmovisor’s unit: it needs KillMode=control-group; a home folder called cosmovisor makes nobody one', async () => {
  const unit = sound.replace('/bin/cvtool', '/usr/bin/cosmovisor').replace('KillMode=mixed\n', '');
  const { rows, setting } = await judge({ 'node.service': unit });
  expect(setting.unit?.by).toBe('cosmovisor');
  expect(rows.filter((line) => line.startsWith('unit-stop'))).toEqual([
    expect.stringContaining('KillMode=control-group'),
    expect.stringContaining('TimeoutStopSec= is not set'),
  ]);
  const direct = `[Service]\nExecStart=${home}/cosmovisor/current/bin/panacead start --home ${home}\n`;
  expect((await judge({ 'node.service': direct })).setting.unit?.by).toBe('itself');
});

test('DAEMON_HOME left out: the usual home of the service’s user', async () => {
  const at = join(root, '.panacea');
  mkdirSync(at, { recursive: true });
  const text = `[Service]\nEnvironment=HOME=${root} DAEMON_NAME=panacead\nExecStart=/bin/cvtool run start\n`;
  expect((await judge({ 'node.service': text }, at)).setting.unit?.home).toBe(at);
});
