// Stagings that go well, on the embedded demo's chain, as an operator types them.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { makeDemoRepository } from '../../src/stage/demo-repository.js';
import {
  expectError,
  jsonOf,
  makeSandbox,
  namesBelow,
  recipeWithoutHandlers,
  startProcess,
  treeOf,
  type Sandbox,
} from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let repository: string;
let sandbox: Sandbox;

beforeAll(async () => {
  ({ repository } = await makeDemoRepository(join(scratch, 'repository'), { PATH: process.env.PATH }));
});
beforeEach(() => {
  sandbox = makeSandbox(mkdtempSync(join(scratch, 'at-')), { recipe: 'demo', repository });
});
afterEach(() => {
  expect(sandbox.leftovers().filter((name) => !name.startsWith('builds/kept-'))).toEqual([]);
});

const bare = { PATH: '/usr/bin:/bin' };
const staged = [
  'SHA256SUMS',
  ...['bin', 'bin/demod', 'lib', 'lib/libwasmvm.so'],
  ...['manifest.json', 'provenance.intoto.jsonl', 'sbom.cdx.json'],
];

test.each(['v2.0.6', 'tags/v2.0.6', 'refs/tags/v2.0.6'])(
  'stage-genesis --tag %s: starts with an empty environment, without checkout, build folder and cache',
  async (tag) => {
    const { status, stdout, stderr } = await sandbox.run(['stage-genesis', '--tag', tag]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^Staged genesis from tag v2\.0\.6 \(commit e86a64fa6e1f\) in .*\/genesis, in [\d.]+ s\.$/m);
    const genesis = join(sandbox.home, 'cosmovisor/genesis');
    expect(namesBelow(genesis)).toEqual(staged);
    rmSync(join(sandbox.root, 'cache'), { recursive: true });
    const moved = join(sandbox.root, 'another host');
    renameSync(genesis, moved);
    expect(spawnSync(join(moved, 'bin/demod'), ['version'], { env: {}, encoding: 'utf8' }).stdout).toBe('2.0.6\n');
  },
);

test('the upgrade by its name alone, in its folder', async () => {
  const result = jsonOf(await sandbox.run(['stage-upgrade', 'v2.1.0', '--json']));
  const folder = join(sandbox.home, 'cosmovisor/upgrades/v2.1.0');
  expect(result).toMatchObject({
    ok: true,
    unchanged: false,
    target: 'upgrades/v2.1.0',
    folder,
    tag: 'v2.1.0',
    go: null,
  });
  expect(namesBelow(folder)).toEqual(staged);
  expect(namesBelow(sandbox.home).filter((name) => name.includes('staging'))).toEqual([]);
});

test('again: nothing to do, and not a byte or time of the home changes', async () => {
  await sandbox.run(['stage-genesis']);
  const before = treeOf(sandbox.home);
  const { status, stdout } = await sandbox.run(['stage-genesis']);
  expect(status).toBe(0);
  expect(stdout).toContain('Nothing to do:');
  expect(jsonOf(await sandbox.run(['stage-genesis', '--force', '--json']))).toMatchObject({ unchanged: true });
  expect(treeOf(sandbox.home)).toEqual(before);
});

test('with the umask 0077 another user can still start it', async () => {
  const line = 'umask 0077; mkdir -m 755 "$DAEMON_HOME"; exec "$0" "$@"';
  const args = [
    '-c',
    line,
    process.execPath,
    join(import.meta.dirname, '../../dist/cli.js'),
    'stage-upgrade',
    'v2.1.0',
  ];
  const { status } = await startProcess('sh', args, sandbox.environment, sandbox.root).ended;
  expect(status).toBe(0);
  const modes = [
    '',
    'cosmovisor',
    'cosmovisor/upgrades',
    ...['', 'bin', 'lib', 'bin/demod'].map((name) => join('cosmovisor/upgrades/v2.1.0', name)),
  ];
  for (const name of modes) expect((statSync(join(sandbox.home, name)).mode & 0o555).toString(8), name).toBe('555');
});

test.each(['a home', 'ein Häuschen/für zwei', 'not/there/yet'])('a home such as %j', async (name) => {
  const home = join(sandbox.root, name);
  const { status, stdout } = await sandbox.run(['stage-genesis'], { DAEMON_HOME: home });
  expect(status).toBe(0);
  expect(stdout).toContain(`${home}/cosmovisor/genesis`);
  expect(spawnSync(join(home, 'cosmovisor/genesis/bin/demod'), ['version'], { env: bare }).status).toBe(0);
});

test('--home may be relative, and --name is the file', async () => {
  const { status } = await sandbox.run(['stage-genesis', '--home', './here', '--name', 'other'], {
    DAEMON_HOME: '/nonexistent/home',
  });
  expect(status).toBe(0);
  expect(existsSync(join(sandbox.root, 'here/cosmovisor/genesis/bin/other'))).toBe(true);
});

test('what mkdir -p left is filled, and what else lies there stays', async () => {
  const place = join(sandbox.home, 'cosmovisor/upgrades/v2.1.0');
  mkdirSync(join(place, 'bin'), { recursive: true });
  writeFileSync(join(place, 'notes.txt'), 'mine');
  writeFileSync(join(place, 'upgrade-info.json'), '{"name":"v2.1.0","height":20}');
  utimesSync(join(place, 'notes.txt'), 1, 1);
  expect((await sandbox.run(['stage-upgrade', 'v2.1.0'])).status).toBe(0);
  expect(namesBelow(place)).toEqual([...staged, 'notes.txt', 'upgrade-info.json'].sort());
  expect(statSync(join(place, 'notes.txt')).mtimeMs).toBe(1000);
  // and so with --force, over another release
  const freely = ['--recipe', recipeWithoutHandlers(sandbox.root)];
  expect((await sandbox.run(['stage-upgrade', 'v2.1.0', '--tag', 'v2.0.6', '--force', ...freely])).status).toBe(0);
  expect(readFileSync(join(place, 'upgrade-info.json'), 'utf8')).toBe('{"name":"v2.1.0","height":20}');
});

describe('--dry-run', () => {
  test('changes nothing: neither home nor cache, where the table knows the tag', async () => {
    const before = [...treeOf(join(sandbox.root, 'cache')), ...treeOf(sandbox.home)];
    const { status, stdout, stderr } = await sandbox.run(['stage-upgrade', 'v2.1.0', '--dry-run']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const fact of [
      repository,
      '8f710be0beee349e1f8016ca02a4f641bf44e3ba (by the release table)',
      'make clean && make build',
      join(sandbox.home, 'cosmovisor/upgrades/v2.1.0'),
    ]) {
      expect(stdout).toContain(fact);
    }
    expect([...treeOf(join(sandbox.root, 'cache')), ...treeOf(sandbox.home)]).toEqual(before);
  });

  test('tells what lies there', async () => {
    await sandbox.run(['stage-genesis']);
    expect((await sandbox.run(['stage-genesis', '--dry-run'])).stdout).toContain('staged already');
    const args = ['stage-genesis', '--tag', 'v2.1.0', '--dry-run'];
    expect((await sandbox.run(args)).stdout).toContain('holds another release, tag v2.0.6: only --force replaces it');
    expect(jsonOf(await sandbox.run([...args, '--json']))).toMatchObject({
      dryRun: true,
      otherRelease: { tag: 'v2.0.6' },
    });
  });
});

test.each([
  ['a/b', 'a%2Fb', 'escaped'],
  ['é', '%C3%A9', 'escaped'],
  ['a b', 'a%20b', 'escaped'],
  ['V2.1.0', 'v2.1.0', 'lower-cased'],
])('the name %j is a folder upgrades/%s, and that is said', async (name, folder, how) => {
  const args = ['stage-upgrade', name, '--tag', 'v2.1.0', '--recipe', recipeWithoutHandlers(sandbox.root)];
  const { status, stdout } = await sandbox.run(args);
  expect(status).toBe(0);
  expect(stdout).toContain(`is ${how} as cosmovisor does it: the folder is upgrades/${folder}`);
  expect(namesBelow(join(sandbox.home, 'cosmovisor/upgrades')).filter((path) => !path.includes('/'))).toEqual([folder]);
});

test('--commit that is right, whole or its beginning', async () => {
  for (const commit of ['e86a64f', 'E86A64FA6E1FB6EC14AA24C8E5386A3D6C8C8DC2'])
    expect((await sandbox.run(['stage-genesis', '--commit', commit])).status).toBe(0);
});

test('--keep-source leaves the checkout and says where; --no-cache leaves no mirror', async () => {
  const { stdout } = await sandbox.run(['stage-genesis', '--keep-source', '--no-cache']);
  const kept = /^The source is kept in (.*)$/m.exec(stdout)?.[1] ?? '';
  expect(existsSync(join(kept, 'source/Makefile'))).toBe(true);
  expect(namesBelow(join(sandbox.root, 'cache/cvtool/mirrors'))).toEqual([]);
});

test('--offline: not without a mirror, and with one', async () => {
  expectError(await sandbox.run(['stage-genesis', '--offline', '--json']), 'OFFLINE', [repository, '--offline']);
  expect(existsSync(sandbox.home)).toBe(false);
  await sandbox.run(['stage-genesis']);
  expect((await sandbox.run(['stage-upgrade', 'v2.1.0', '--offline'])).status).toBe(0);
});

test('--verbose prints what the build prints; without it only the steps', async () => {
  expect((await sandbox.run(['stage-genesis'])).stdout).not.toContain('rm -rf build');
  expect((await sandbox.run(['stage-genesis', '--force', '--verbose'])).stdout).toContain('    rm -rf build');
});

test('on GitHub Actions each step is a closed group, and no line of the build is a command', async () => {
  const { stdout } = await sandbox.run(['stage-genesis'], { GITHUB_ACTIONS: 'true' });
  const marks = stdout.split('\n').filter((line) => line.trimStart().startsWith('::'));
  expect(marks.filter((_, n) => n % 2 === 0).every((line) => line.startsWith('::group::'))).toBe(true);
  expect(marks.filter((_, n) => n % 2 === 1).every((line) => line === '::endgroup::')).toBe(true);
  expect(marks.length).toBe(20);
  expect(stdout).toContain('  | rm -rf build');
});

test.each([{}, { NO_COLOR: '1' }, { TERM: 'xterm-256color' }])('no colour in a pipe: %o', async (variables) => {
  const { stdout } = await sandbox.run(['stage-genesis'], variables);
  expect(stdout).not.toContain('\x1b');
});

test('a reader that goes after the first line stops nothing', async () => {
  const line = '"$0" "$@" 2>&1 | head -1';
  const cli = join(import.meta.dirname, '../../dist/cli.js');
  const { stdout } = await startProcess(
    'sh',
    ['-c', line, process.execPath, cli, 'stage-genesis', '--verbose'],
    sandbox.environment,
    sandbox.root,
  ).ended;
  expect(stdout).toBe('- Preflight\n');
  expect(namesBelow(join(sandbox.home, 'cosmovisor/genesis'))).toEqual(staged);
});

test('a stdout that cannot be written: it stages, says so, and does not end with 0', async () => {
  const cli = join(import.meta.dirname, '../../dist/cli.js');
  const args = ['-c', '"$0" "$@" > /dev/full', process.execPath, cli, 'stage-genesis'];
  const { status, stderr } = await startProcess('sh', args, sandbox.environment, sandbox.root).ended;
  expect(status).toBe(4);
  expect(stderr).toMatch(/^Error: stdout cannot be written: .*ENOSPC.*\n$/);
  expect(namesBelow(join(sandbox.home, 'cosmovisor/genesis'))).toEqual(staged);
});
