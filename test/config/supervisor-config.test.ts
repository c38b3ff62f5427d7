import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, expect, test } from 'vitest';

import { readSupervisorConfig, readValues, type Sources } from '../../src/config/supervisor-config.js';
import type { FoldersNeeded } from '../../src/config/folder-checks.js';
import { fields, tomlKey, variables, type Field } from '../../src/config/variables.js';
import { CvtoolError } from '../../src/errors/cvtool-error.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(scratch, 'home-'));
  mkdirSync(join(home, 'cosmovisor'));
  mkdirSync(join(home, 'data'));
});

interface Given {
  readonly environment?: Record<string, string>;
  readonly toml?: string;
  readonly folders?: FoldersNeeded;
}

function sources({ environment = {}, toml, folders = 'none' }: Given): Sources & { folders: FoldersNeeded } {
  const configFile = toml === undefined ? undefined : join(scratch, 'my config.toml');
  if (configFile !== undefined) writeFileSync(configFile, toml ?? '');
  return { environment, configFile, folders, defaults: () => ({ home, daemon: 'demod' }) };
}

const read = (given: Given) => readSupervisorConfig(sources(given));

async function refused(given: Given): Promise<CvtoolError> {
  const error: unknown = await read(given).then(
    () => new Error('it was taken'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(CvtoolError);
  expect(error).toMatchObject({ exit: 1 });
  return error as CvtoolError;
}

test('with nothing set it is the contract’s defaults', async () => {
  expect(await read({})).toEqual({
    home,
    daemon: 'demod',
    allowDownload: false,
    mustHaveChecksum: false,
    restartAfterUpgrade: true,
    restartDelay: undefined,
    shutdownGrace: undefined,
    pollInterval: 300,
    skipBackup: false,
    backupDir: home,
    preUpgradeMaxRetries: 0,
    grpcAddress: 'localhost:9090',
    disableLogs: false,
    colorLogs: true,
    timeFormat: 'kitchen',
    customPreUpgrade: undefined,
    disableRecase: false,
    backupMode: 'auto',
    logFormat: 'console',
  });
});

/** variable, value, what it is read as, what a config.toml may say for it besides */
const good: [Field, string, unknown, ...string[]][] = [
  ['home', '/h/../n/', '/n', "'/n'"],
  ['daemon', 'x-d', 'x-d', "'x-d'"],
  ['allowDownload', 'TRUE', true, 'true', '1', '"t"', '"T"', '"1"', '"True"'],
  ['mustHaveChecksum', 'true', true, 'true'],
  ['restartAfterUpgrade', 'False', false, 'false', '0', '"f"', '"F"', '"0"'],
  ['restartDelay', '1m30s', 90_000, '90000000000', '"1m30s"', '90_000_000_000'],
  ['shutdownGrace', '1500us', 2, '1500000', '"1.5ms"'],
  ['pollInterval', '1h', 3_600_000, '3600000000000'],
  ['skipBackup', 'true', true, 'true'],
  ['backupDir', '/b', '/b', "'/b'"],
  ['preUpgradeMaxRetries', '+5', 5, '5', '"5"', '"05"'],
  ['grpcAddress', '127.0.0.1:1', '127.0.0.1:1', "'127.0.0.1:1'"],
  ['disableLogs', 'true', true, 'true'],
  ['colorLogs', 'false', false, 'false'],
  ['timeFormat', 'rfc850', 'rfc850', "'rfc850'"],
  ['customPreUpgrade', 'pre.sh', 'pre.sh', "'pre.sh'"],
  ['disableRecase', 'true', true, 'true'],
  ['backupMode', 'link', 'link', "'link'"],
  ['logFormat', 'json', 'json', "'json'"],
];

test('the table below has all variables', () => {
  expect(good.map(([field]) => field)).toEqual(fields);
});

test.each(good)('%s takes %s', async (field, text, value, ...forms) => {
  const { name } = variables[field];
  expect((await read({ environment: { [name]: text } }))[field]).toEqual(value);
  for (const form of forms) {
    expect((await read({ toml: `${tomlKey(name)} = ${form}` }))[field], form).toEqual(value);
    expect((await read({ toml: `${name} = ${form}` }))[field], `${form}, key in capitals`).toEqual(value);
  }
});

test.each([
  'layout ansic unixdate rubydate rfc822 rfc822z rfc850 rfc1123 rfc1123z rfc3339 rfc3339nano kitchen'.split(' '),
])('time format %s', async (word) => {
  expect((await read({ environment: { COSMOVISOR_TIMEFORMAT_LOGS: word } })).timeFormat).toBe(word);
});

test('an empty COSMOVISOR_TIMEFORMAT_LOGS means no time, over a file too; in a file it means "not set here"', async () => {
  const environment = { COSMOVISOR_TIMEFORMAT_LOGS: '' };
  const toml = "cosmovisor_timeformat_logs = 'ansic'";
  expect((await read({ environment, toml })).timeFormat).toBe('');
  expect((await read({ toml: "cosmovisor_timeformat_logs = ''" })).timeFormat).toBe('kitchen');
});

const boolean = (name: string, value: string): string =>
  `env variable "${name}" must have a boolean value ("true" or "false"), got "${value}"`;
const words = 'layout|ansic|unixdate|rubydate|rfc822|rfc822z|rfc850|rfc1123|rfc1123z|rfc3339|rfc3339nano|kitchen';

/** variable, value, the error to the letter */
const bad: [string, string, string][] = [
  ...fields
    .filter((field) => variables[field].kind === 'boolean')
    .flatMap((field) =>
      ['1', '0', 'yes', 't', ' true'].map((value): [string, string, string] => {
        const { name } = variables[field];
        return [name, value, boolean(name, value)];
      }),
    ),
  ...['DAEMON_RESTART_DELAY', 'DAEMON_SHUTDOWN_GRACE', 'DAEMON_POLL_INTERVAL'].flatMap(
    (name): [string, string, string][] => [
      [name, '5', `invalid: ${name}: could not parse '5' into a duration: time: missing unit in duration "5"`],
      [
        name,
        '1 s',
        `invalid: ${name}: could not parse '1 s' into a duration: time: unknown unit " s" in duration "1 s"`,
      ],
      [name, 'abc', `invalid: ${name}: could not parse 'abc' into a duration: time: invalid duration "abc"`],
      [name, '0s', `invalid: ${name}: must be greater than 0, got "0s"`],
      [name, '0', `invalid: ${name}: must be greater than 0, got "0"`],
      [name, '-3s', `invalid: ${name}: must be greater than 0, got "-3s"`],
    ],
  ),
  ...(
    [
      ['x1', 'invalid syntax'],
      ['1.5', 'invalid syntax'],
      ['1_000', 'invalid syntax'],
      ['9223372036854775808', 'value out of range'],
    ] as const
  ).map(([value, why]): [string, string, string] => [
    'DAEMON_PREUPGRADE_MAX_RETRIES',
    value,
    `DAEMON_PREUPGRADE_MAX_RETRIES could not be parsed to int: strconv.Atoi: parsing "${value}": ${why}`,
  ]),
  ['DAEMON_PREUPGRADE_MAX_RETRIES', '-1', 'DAEMON_PREUPGRADE_MAX_RETRIES must not be negative, got "-1"'],
  ...['RFC3339', '1', 'bogus'].map((value): [string, string, string] => [
    'COSMOVISOR_TIMEFORMAT_LOGS',
    value,
    `env variable "COSMOVISOR_TIMEFORMAT_LOGS" must have a timeformat value ("${words}"), got "${value}"`,
  ]),
  ['DAEMON_HOME', 'h', 'DAEMON_HOME must be an absolute path, got "h"'],
  ['DAEMON_HOME', '~/.x', 'DAEMON_HOME must be an absolute path, got "~/.x"'],
  ['DAEMON_HOME', '/h\n', 'DAEMON_HOME "/h\\n" has a line break or another control character in it'],
  ['DAEMON_DATA_BACKUP_DIR', 'rel/dir', 'DAEMON_DATA_BACKUP_DIR must be an absolute path, got "rel/dir"'],
  ['DAEMON_NAME', 'a/b', 'DAEMON_NAME must be a file name: "a/b" is no single file name'],
  ['DAEMON_NAME', '..', 'DAEMON_NAME must be a file name: ".." leads out of its folder'],
  [
    'CVTOOL_BACKUP_MODE',
    'Link',
    'env variable "CVTOOL_BACKUP_MODE" must have a backup mode value ("auto|link|copy"), got "Link"',
  ],
  [
    'CVTOOL_LOG_FORMAT',
    'xml',
    'env variable "CVTOOL_LOG_FORMAT" must have a log format value ("console|json"), got "xml"',
  ],
];

test.each(bad)('%s=%j is refused', async (name, value, message) => {
  const error = await refused({ environment: { [name]: value } });
  expect(error.message).toBe(message);
  expect(error.hint).toMatch(/\S/);
});

test('what is wrong is told at once: variables, keys and folders', async () => {
  rmSync(join(home, 'cosmovisor'), { recursive: true });
  const environment = { UNSAFE_SKIP_BACKUP: '1', DAEMON_POLL_INTERVAL: 'x', COSMOVISOR_DISABLE_RECASE: 'no' };
  const error = await refused({ environment, toml: 'daemon_shutdown_grace = -1', folders: 'node' });
  expect(error.message).toBe('5 settings cannot be used');
  const told = error.details.join('\n');
  for (const name of [...Object.keys(environment), 'daemon_shutdown_grace', join(home, 'cosmovisor')]) {
    expect(told).toContain(name);
  }
});

const file = 'in /.*my config.toml';
test.each([
  ['daemon_poll_interval = -5', `^invalid: daemon_poll_interval ${file}: must be greater than 0, got -5$`],
  ['daemon_poll_interval = "-5s"', `^invalid: daemon_poll_interval ${file}: must be greater than 0, got "-5s"$`],
  [
    'daemon_poll_interval = "zz"',
    `^invalid: daemon_poll_interval ${file}: could not parse 'zz' .*invalid duration "zz"$`,
  ],
  ['daemon_poll_interval = 9223372036854775807000', 'daemon_poll_interval|my config.toml'],
  ['daemon_poll_interval = 1.5', `^key daemon_poll_interval ${file} must be a duration .*, got 1.5$`],
  ['unsafe_skip_backup = "perhaps"', `^key unsafe_skip_backup ${file} must have a boolean value .*, got "perhaps"$`],
  ['unsafe_skip_backup = 2', `^key unsafe_skip_backup ${file} must have a boolean value .*, got 2$`],
  ['daemon_preupgrade_max_retries = -1', `^daemon_preupgrade_max_retries ${file} must not be negative, got -1$`],
  ['daemon_preupgrade_max_retries = 1.0', `^key daemon_preupgrade_max_retries ${file} must be an integer, got 1$`],
  ['daemon_name = 5', `^key daemon_name ${file} must be a text, got 5$`],
  ['daemon_name = ["a"]', `^key daemon_name ${file} must be a text, got a list$`],
  ['[daemon_name]', `^key daemon_name ${file} must be a text, got a table$`],
  ['daemon_name = 1979-05-27', `^key daemon_name ${file} must be a text, got a date$`],
  ['daemon_home = "h"', `^daemon_home ${file} must be an absolute path, got "h"$`],
  [
    'cosmovisor_timeformat_logs = "x"',
    `^key cosmovisor_timeformat_logs ${file} must have a timeformat value .*, got "x"$`,
  ],
  ['daemon_home = = [', '^failed to read config file ".*my config.toml": Invalid TOML document'],
  ['a = 1\na = 2', '^failed to read config file ".*my config.toml": Invalid TOML document'],
])('in a file: %s', async (toml, message) => {
  expect((await refused({ toml })).message).toMatch(new RegExp(message));
});

test("'' and 0 for a duration leave a key open, unknown keys do not matter, a byte order mark neither", async () => {
  const open = fields.map((field) => `${tomlKey(variables[field].name)} = ''`).join('\n');
  expect(await read({ toml: open })).toEqual(await read({}));
  const zero =
    "\ufeffdaemon_restart_delay = 0\ndaemon_poll_interval = '0s'\ndaemon_shutdown_grace = '0'\n[more]\nx = 1";
  expect(await read({ toml: zero })).toEqual(await read({}));
});

test('the environment wins over the file for every key, whether it is in the file or not', async () => {
  const toml = 'daemon_restart_delay = 3_000_000_000\ndaemon_shutdown_grace = 4_000_000_000\nunsafe_skip_backup = true';
  const environment = { DAEMON_RESTART_DELAY: '7s', UNSAFE_SKIP_BACKUP: 'false', DAEMON_POLL_INTERVAL: '1s' };
  expect(await read({ toml, environment })).toMatchObject({
    restartDelay: 7000,
    shutdownGrace: 4000,
    skipBackup: false,
    pollInterval: 1000,
  });
});

test('a bad key that the environment overrides is not looked at', async () => {
  const environment = { DAEMON_POLL_INTERVAL: '1s' };
  expect(await read({ toml: 'daemon_poll_interval = -1', environment })).toMatchObject({ pollInterval: 1000 });
});

test('a file that was named must be there, and be a file', async () => {
  const named = (configFile: string) => readSupervisorConfig({ ...sources({}), configFile });
  const absent = join(scratch, 'absent.toml');
  await expect(named(absent)).rejects.toThrow(
    `config not found: at ${absent} : stat ${absent}: no such file or directory`,
  );
  await expect(named(scratch)).rejects.toThrow('failed to read config file');
});

test('the recipe is not asked where home and name are set', async () => {
  const defaults = (): never => {
    throw new Error('asked');
  };
  const environment = { DAEMON_HOME: home };
  const toml = "daemon_name = 'x'";
  expect(await readSupervisorConfig({ ...sources({ environment, toml }), defaults })).toMatchObject({ daemon: 'x' });
  await expect(readSupervisorConfig({ ...sources({ environment }), defaults })).rejects.toThrow('asked');
});

test('durations stay exact for `config`', async () => {
  const values = await readValues(sources({ environment: { DAEMON_RESTART_DELAY: '1500us' } }));
  expect(values.restartDelay).toBe(1_500_000n);
});

test('folders: nothing is asked of what makes them', async () => {
  rmSync(home, { recursive: true });
  expect(await read({ folders: 'none' })).toMatchObject({ home });
});

test.each(['command', 'node'] as const)('folders of a %s: cosmovisor/ must be a folder', async (folders) => {
  const root = join(home, 'cosmovisor');
  rmSync(root, { recursive: true });
  const missing = await refused({ folders });
  expect(missing.message).toBe(`DAEMON_HOME: cannot stat home dir: stat ${root}: no such file or directory`);
  writeFileSync(root, '');
  expect((await refused({ folders })).message).toBe(`DAEMON_HOME: ${root} is not a directory`);
});

test('folders of a node: data must be one too; a short command needs none', async () => {
  const data = join(home, 'data');
  rmSync(data, { recursive: true });
  expect(await read({ folders: 'command' })).toMatchObject({ home });
  const missing = await refused({ folders: 'node' });
  expect(missing.message).toBe(
    `invalid path: ${data} must be an existing directory: stat ${data}: no such file or directory`,
  );
  mkdirSync(join(home, 'elsewhere'));
  symlinkSync('elsewhere', data);
  expect(await read({ folders: 'node' })).toMatchObject({ home });
});

test('DAEMON_DATA_BACKUP_DIR must be a folder that is there, unless no backup is made', async () => {
  const dir = join(home, 'nowhere');
  const environment = { DAEMON_DATA_BACKUP_DIR: dir };
  const told = `DAEMON_DATA_BACKUP_DIR: "${dir}" must be a valid directory`;
  expect((await refused({ environment, folders: 'command' })).message).toBe(
    `${told}: stat ${dir}: no such file or directory`,
  );
  writeFileSync(dir, '');
  expect((await refused({ environment, folders: 'node' })).message).toBe(told);
  const skipping = { ...environment, UNSAFE_SKIP_BACKUP: 'true' };
  expect(await read({ environment: skipping, folders: 'node' })).toMatchObject({ backupDir: dir });
});

test('DAEMON_DATA_BACKUP_DIR must not lie in data, by whatever path it is named', async () => {
  const inside = join(home, 'data/backups');
  mkdirSync(inside);
  symlinkSync('data/backups', join(home, 'link'));
  for (const dir of [inside, join(home, 'data'), join(home, 'link')]) {
    const error = await refused({ environment: { DAEMON_DATA_BACKUP_DIR: dir }, folders: 'node' });
    expect(error.message).toBe(
      `DAEMON_DATA_BACKUP_DIR: "${dir}" must not lie in ${join(home, 'data')}: a backup would hold itself`,
    );
  }
  mkdirSync(join(home, 'data-backups'));
  const environment = { DAEMON_DATA_BACKUP_DIR: join(home, 'data-backups') };
  expect(await read({ environment, folders: 'node' })).toMatchObject({ home });
});
