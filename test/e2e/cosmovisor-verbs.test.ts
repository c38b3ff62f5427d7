// The built program's `init`, `config`, `version` and `show-upgrade-info`: what they print, where, and what they leave alone.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { beforeEach, expect, test } from 'vitest';

import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cli = join(root, 'dist/cli.js');
const hook = join(root, 'test/e2e/loaded-files.cjs');
const scratch = scratchFolder();

let place: string;
let home: string;
beforeEach(() => {
  place = mkdtempSync(join(scratch, 'place-'));
  home = join(place, 'home');
});

const script = `#!/bin/sh
case "$*" in
  'version --long --output json') echo 'a warning' >&2; echo '{"name":"demo","version":"7.8.9"}' >&"\${SAY_ON:-1}";;
  'version --long') echo 'long 7.8.9'; exit "\${STATUS:-0}";;
  *) echo "called: $*"; exit "\${STATUS:-0}";;
esac
`;

function cvtool(args: readonly string[], variables: NodeJS.ProcessEnv = {}) {
  const record = join(place, 'loaded.json');
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--require', hook, cli, ...args], {
    cwd: place,
    encoding: 'utf8',
    env: {
      ...{ PATH: process.env.PATH, HOME: place, TMPDIR: place, TZ: 'UTC', LOADED_FILES: record },
      ...{ DAEMON_HOME: home, DAEMON_NAME: 'demod', COSMOVISOR_TIMEFORMAT_LOGS: '', ...variables },
    },
  });
  const loaded = (JSON.parse(readFileSync(record, 'utf8')) as string[]).map((file) => basename(file)).sort();
  return { status, stdout, stderr, loaded };
}

function binary(name = 'built', mode = 0o755): string {
  const file = join(place, name);
  writeFileSync(file, script);
  chmodSync(file, mode);
  return file;
}

/** As `init` leaves it, but for the log. */
function begun(): string {
  expect(cvtool(['init', binary()]).status).toBe(0);
  return join(home, 'cosmovisor');
}

/** Every path below; some releases of Node go into links to folders. */
function tree(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => !name.includes('/current/')).sort();
}

test('init begins a home, says each step on stdout, and leaves nothing temporary', () => {
  const { status, stdout, stderr } = cvtool(['init', binary('built', 0o600)]);
  const cosmovisor = join(home, 'cosmovisor');
  const genesis = join(cosmovisor, 'genesis/bin/demod');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.split('\n').slice(0, -1)).toEqual(
    [
      'checking on the genesis/bin directory',
      `creating directory (and any parents): "${join(cosmovisor, 'genesis/bin')}"`,
      'checking on the genesis/bin executable',
      `copying executable into place: "${genesis}"`,
      `making sure "${genesis}" is executable`,
      'checking on the current symlink and creating it if needed',
      `the current symlink points to: "${genesis}"`,
      `cosmovisor config.toml created at: ${join(cosmovisor, 'config.toml')}`,
    ].map((line) => `<nil> INF ${line} module=cosmovisor`),
  );
  expect(tree(home)).toEqual(
    ['', '/config.toml', '/current', '/genesis', '/genesis/bin', '/genesis/bin/demod'].map((at) => `cosmovisor${at}`),
  );
  expect(readlinkSync(join(cosmovisor, 'current'))).toBe('genesis');
  expect(readFileSync(genesis, 'utf8')).toBe(script);
  expect((statSync(genesis).mode & 0o7777).toString(8)).toBe('755');
  expect((statSync(join(cosmovisor, 'config.toml')).mode & 0o7777).toString(8)).toBe('644');
});

test('init again changes nothing: binary, link and config.toml stay', () => {
  const cosmovisor = begun();
  writeFileSync(join(cosmovisor, 'config.toml'), '# mine\n');
  rmSync(join(cosmovisor, 'current'));
  mkdirSync(join(cosmovisor, 'upgrades/v2/bin'), { recursive: true });
  symlinkSync(join(cosmovisor, 'upgrades/v2'), join(cosmovisor, 'current'));
  chmodSync(join(cosmovisor, 'genesis/bin/demod'), 0o644);
  writeFileSync(join(place, 'other'), 'other');
  const { status, stdout } = cvtool(['init', join(place, 'other')]);
  expect(status).toBe(0);
  expect(stdout).toContain('file already exists, not overriding');
  expect(readFileSync(join(cosmovisor, 'genesis/bin/demod'), 'utf8')).toBe(script);
  expect(statSync(join(cosmovisor, 'genesis/bin/demod')).mode & 0o111).toBe(0o111);
  expect(readFileSync(join(cosmovisor, 'config.toml'), 'utf8')).toBe('# mine\n');
  expect(readlinkSync(join(cosmovisor, 'current'))).toBe(join(cosmovisor, 'upgrades/v2'));
});

test('init never makes a link back to genesis where upgrades were applied', () => {
  const cosmovisor = begun();
  rmSync(join(cosmovisor, 'current'));
  for (const [name, height] of [
    ['v3', 300],
    ['v2', 200],
  ] as const) {
    mkdirSync(join(cosmovisor, 'upgrades', name, 'bin'), { recursive: true });
    writeFileSync(join(cosmovisor, 'upgrades', name, 'upgrade-info.json'), JSON.stringify({ name, height }));
  }
  expect(cvtool(['init', binary()]).status).toBe(0);
  expect(readlinkSync(join(cosmovisor, 'current'))).toBe('upgrades/v3');
});

test('what a killed init left is no obstacle', () => {
  const bin = join(home, 'cosmovisor/genesis/bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, '.demod.cvtool-new'), 'torn', { mode: 0o400 });
  begun();
  expect(readdirSync(bin)).toEqual(['demod']);
  expect(readFileSync(join(bin, 'demod'), 'utf8')).toBe(script);
});

test.each([
  [[], {}, 'path to executable'],
  [['a', 'b'], {}, 'init'],
  [[''], {}, 'no <path to executable> provided'],
  [['absent'], {}, 'executable file not found: stat absent: no such file or directory'],
  [['.'], {}, 'invalid path to executable: must not be a directory'],
  [['/dev/null'], {}, 'must be a regular file'],
  [['built'], { DAEMON_HOME: 'home' }, 'DAEMON_HOME must be an absolute path, got "home"'],
  [['built'], { DAEMON_NAME: 'a/b' }, 'DAEMON_NAME must be a file name'],
] as const)('init %j is refused and writes nothing: %#', (args, variables, message) => {
  binary();
  const before = tree(place);
  const { status, stdout, stderr } = cvtool(['init', ...args], variables);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^Error: /);
  expect(stderr).toContain(message);
  expect(tree(place).filter((name) => name !== 'loaded.json')).toEqual(before);
});

test.each([
  ['current', (at: string) => writeFileSync(at, ''), 'is not a symbolic link'],
  ['current', (at: string) => symlinkSync('upgrades/gone', at), 'which is not there'],
  ['current', (at: string) => symlinkSync('/etc', at), 'points to'],
  ['genesis/bin/demod', (at: string) => mkdirSync(at, { recursive: true }), 'is not a regular file'],
] as const)('init beside a %s that is something else is refused and writes nothing: %#', (name, make, message) => {
  mkdirSync(join(home, 'cosmovisor'), { recursive: true });
  make(join(home, 'cosmovisor', name));
  const before = tree(home);
  const { status, stderr } = cvtool(['init', binary()]);
  expect(status).toBe(1);
  expect(stderr).toContain(message);
  expect(tree(home)).toEqual(before);
});

test('init only warns of other variables, and leaves their defaults', () => {
  const { status, stderr } = cvtool(['init', binary()], { DAEMON_RESTART_DELAY: '5', DAEMON_POLL_INTERVAL: '1s' });
  expect(status).toBe(0);
  expect(stderr).toContain('Warning: invalid: DAEMON_RESTART_DELAY');
  const written = readFileSync(join(home, 'cosmovisor/config.toml'), 'utf8');
  expect(written).toContain('daemon_restart_delay = 0\n');
  expect(written).toContain('daemon_poll_interval = 1000000000\n');
});

needs({ root: true })('init on a full disk is one error, and leaves no half binary', () => {
  mkdirSync(home);
  writeFileSync(join(place, 'big'), Buffer.alloc(2 << 20, 1));
  const command = `mount -t tmpfs -o size=1m none "$1" && { "$2" "$3" init "$4"; echo "status $?"; find "$1" -type f; }`;
  const { stdout, stderr } = spawnSync(
    'unshare',
    ['-m', 'sh', '-c', command, 'sh', home, process.execPath, cli, join(place, 'big')],
    { encoding: 'utf8', env: { PATH: process.env.PATH, HOME: place, DAEMON_HOME: home, DAEMON_NAME: 'demod' } },
  );
  expect(stderr).toMatch(/^Error: .*no space left on device\n/);
  expect(stdout.split('\n').slice(-2)).toEqual(['status 1', '']);
});

test("config looks as cosmovisor's, on stdout, without the command-line library", () => {
  const cosmovisor = begun();
  const { status, stdout, stderr, loaded } = cvtool(['config'], {
    COSMOVISOR_TIMEFORMAT_LOGS: 'kitchen',
    DAEMON_RESTART_DELAY: '1500us',
    DAEMON_ALLOW_DOWNLOAD_BINARIES: 'TRUE',
  });
  expect(status).toBe(0);
  expect(stdout).toBe(`Configurable Values:
  DAEMON_HOME: ${home}
  DAEMON_NAME: demod
  DAEMON_ALLOW_DOWNLOAD_BINARIES: true
  DAEMON_DOWNLOAD_MUST_HAVE_CHECKSUM: false
  DAEMON_RESTART_AFTER_UPGRADE: true
  DAEMON_RESTART_DELAY: 1.5ms
  DAEMON_SHUTDOWN_GRACE: 0s
  DAEMON_POLL_INTERVAL: 300ms
  UNSAFE_SKIP_BACKUP: false
  DAEMON_DATA_BACKUP_DIR: ${home}
  DAEMON_PREUPGRADE_MAX_RETRIES: 0
  COSMOVISOR_DISABLE_LOGS: false
  COSMOVISOR_COLOR_LOGS: true
  COSMOVISOR_TIMEFORMAT_LOGS: 3:04PM
  COSMOVISOR_CUSTOM_PREUPGRADE: 
  COSMOVISOR_DISABLE_RECASE: false
Derived Values:
         Root Dir: ${cosmovisor}
      Upgrade Dir: ${cosmovisor}/upgrades
      Genesis Bin: ${cosmovisor}/genesis/bin/demod
   Monitored File: ${home}/data/upgrade-info.json
  Data Backup Dir: ${home}
Further Values:
  DAEMON_GRPC_ADDRESS: localhost:9090
  CVTOOL_BACKUP_MODE: auto
  CVTOOL_LOG_FORMAT: console
`);
  expect(stderr).toBe(
    `Note: ${join(cosmovisor, 'config.toml')} is not read: it counts only where --cosmovisor-config names it.\n`,
  );
  expect(loaded).toEqual(['cli.js', 'config.js', 'cvtool-error.js']);
});

test.each([
  [(file: string) => ['config', '--cosmovisor-config', file]],
  [(file: string) => ['config', `--cosmovisor-config=${file}`]],
  [(file: string) => ['config', '-c', file]],
  [(file: string) => ['config', `-c${file}`]],
  [(file: string) => ['-c', file, 'config']],
  [(file: string) => ['--cosmovisor-config', file, 'config']],
])('config reads the file that is named, and says nothing of it then: %#', (words) => {
  const file = join(begun(), 'config.toml');
  writeFileSync(file, readFileSync(file, 'utf8').replace('daemon_restart_delay = 0', "daemon_restart_delay = '7s'"));
  const { status, stdout, stderr } = cvtool(words(file), { DAEMON_HOME: '', DAEMON_NAME: '' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('DAEMON_RESTART_DELAY: 7s\n');
  expect(stdout).toContain(`DAEMON_HOME: ${home}\n`);
});

test('config tells all that is wrong at once, on stderr', () => {
  const { status, stdout, stderr } = cvtool(['config'], { UNSAFE_SKIP_BACKUP: '1', DAEMON_POLL_INTERVAL: '0' });
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  for (const word of ['UNSAFE_SKIP_BACKUP', 'DAEMON_POLL_INTERVAL', join(home, 'cosmovisor')]) {
    expect(stderr).toContain(word);
  }
});

test.each([
  ['config', '--bogus'],
  ['version', '--long'],
  ['version', '-x'],
  ['config', '-c'],
  ['show-upgrade-info', '--bogus'],
])('%s %s is a wrong call', (...args) => {
  const { status, stdout, stderr } = cvtool(args);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toContain(args[1]);
});

const { version: own } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

test('version: a line of ours, then what the binary says, with the arguments given', () => {
  begun();
  expect(cvtool(['version'])).toMatchObject({
    status: 0,
    stdout: `cvtool version: ${own}\ncalled: version\n`,
    stderr: '',
    loaded: ['check-binary.js', 'cli.js', 'cvtool-error.js', 'version.js'],
  });
  expect(cvtool(['version', 'a', '--', '--x']).stdout).toContain('called: version a --x\n');
  expect(cvtool(['version', '--', '--long']).stdout).toContain('long 7.8.9\n');
});

test.each([{}, { COSMOVISOR_DISABLE_LOGS: 'true' }, { SAY_ON: '2' }])(
  'version -o json is one JSON document: %j',
  (variables) => {
    begun();
    for (const words of [['-o', 'json'], ['-ojson'], ['--output=json']]) {
      const { status, stdout } = cvtool(['version', ...words], variables);
      expect(status).toBe(0);
      expect(JSON.parse(stdout)).toEqual({ cosmovisor_version: own, app_version: { name: 'demo', version: '7.8.9' } });
    }
  },
);

test('version of ours alone needs nothing at all', () => {
  const bare = { DAEMON_HOME: 'relative', DAEMON_NAME: '/' };
  for (const flag of ['--cosmovisor-only', '--cvtool-only']) {
    expect(cvtool(['version', flag], bare)).toMatchObject({
      status: 0,
      stdout: `cvtool version: ${own}\n`,
      stderr: '',
    });
    const { stdout } = cvtool(['version', flag, '-o', 'json'], bare);
    expect(JSON.parse(stdout)).toEqual({ cosmovisor_version: own });
  }
});

test('version: where the binary is missing or fails, it is told, after our own line', () => {
  mkdirSync(join(home, 'cosmovisor'), { recursive: true });
  const missing = cvtool(['version']);
  expect(missing).toMatchObject({ status: 1, stdout: `cvtool version: ${own}\n` });
  expect(missing.stderr).toContain(`Error: failed to run version command: stat ${home}`);
  begun();
  const failing = cvtool(['version'], { STATUS: '3' });
  expect(failing.status).toBe(1);
  expect(failing.stderr).toContain('failed to run version command: ');
  expect(failing.stderr).toContain('exit status 3');
});

test('version makes no link and changes nothing', () => {
  const cosmovisor = begun();
  rmSync(join(cosmovisor, 'current'));
  const before = tree(home);
  expect(cvtool(['version']).stdout).toContain('called: version');
  expect(tree(home)).toEqual(before);
});

test('show-upgrade-info prints the bytes of the file, whatever they are', () => {
  begun();
  mkdirSync(join(home, 'data'));
  const file = join(home, 'data/upgrade-info.json');
  expect(cvtool(['show-upgrade-info'])).toMatchObject({
    status: 0,
    stdout: `No upgrade info found at ${file}\n`,
    stderr: '',
  });
  writeFileSync(file, '{"name":"v2", garbage');
  expect(cvtool(['show-upgrade-info'])).toMatchObject({ status: 0, stdout: '{"name":"v2", garbage\n', stderr: '' });
  rmSync(file);
  mkdirSync(file);
  const folder = cvtool(['show-upgrade-info']);
  expect({ status: folder.status, stdout: folder.stdout }).toEqual({ status: 1, stdout: '' });
  expect(folder.stderr).toContain('Error: failed to read upgrade-info.json: ');
});

const verbs = ['version', 'config', 'init', 'show-upgrade-info', 'add-upgrade', 'add-batch-upgrade', 'prepare-upgrade'];

test.each(['help', '--help', '-h'])('%s names the verbs and the two variables', (word) => {
  const { status, stdout } = cvtool([word], { DAEMON_HOME: '', DAEMON_NAME: '' });
  expect(status).toBe(0);
  for (const name of [...verbs, 'run', 'DAEMON_HOME', 'DAEMON_NAME']) {
    expect(stdout).toContain(name);
  }
});

test.each(verbs)('%s --help is help, and does nothing', (verb) => {
  const { status, stdout } = cvtool([verb, '--help']);
  expect(status).toBe(0);
  expect(stdout).toContain(`Usage: cvtool ${verb}`);
  expect(existsSync(home)).toBe(false);
});
