// What an operator may type wrong, and what a repository may answer: one clear error each, the home untouched, nothing left.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';

import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import type { ErrorCode } from '../../src/errors/catalogue.js';
import { makeDemoRepository } from '../../src/stage/demo-repository.js';
import { expectError, jsonOf, makeSandbox, processesNaming, treeOf, type Sandbox } from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let repository: string;
let sandbox: Sandbox;
let before: string[];

beforeAll(async () => {
  ({ repository } = await makeDemoRepository(join(scratch, 'repository'), { PATH: process.env.PATH }));
});
beforeEach(() => {
  sandbox = makeSandbox(mkdtempSync(join(scratch, 'at-')), { recipe: 'demo', repository });
  mkdirSync(join(sandbox.home, 'cosmovisor/upgrades/v1'), { recursive: true });
  before = treeOf(sandbox.home);
});
afterEach(() => {
  expect(treeOf(sandbox.home)).toEqual(before);
  expect(sandbox.leftovers()).toEqual([]);
});

const genesis = ['stage-genesis'];
test.each<[string[], ErrorCode, string[]]>([
  [['stage-upgrade', '..'], 'NAME_INVALID', ['".."']],
  [['stage-upgrade', ''], 'NAME_INVALID', ['is empty']],
  [['stage-upgrade', '-x'], 'USAGE', ["'-x'", 'cvtool --help']],
  [['stage-upgrade', '--', '-x'], 'NAME_INVALID', ['"-x"', 'option']],
  [['stage-upgrade', 'v2\n.1'], 'NAME_INVALID', [String.raw`"v2\n.1"`]],
  [['stage-upgrade', 'é'.repeat(43)], 'NAME_INVALID', ['258 bytes', '255']],
  [['stage-upgrade', 'v2.0.7'], 'RELEASE_UNKNOWN', ['v2.0.6 comes before it, v2.1.0 comes after it', '--tag v2.0.6']],
  [['stage-upgrade', 'nosuch'], 'RELEASE_UNKNOWN', ['nosuch', '--tag <tag>']],
  [[...genesis, '--tag', 'v2.0.66'], 'TAG_UNKNOWN', ['v2.0.66', 'nearest tags: v2.0.6', 'git ls-remote --tags /']],
  [[...genesis, '--tag', '--force'], 'TAG_INVALID', ['"--force"', 'option']],
  [[...genesis, '--recipe', 'dmeo'], 'RECIPE_UNKNOWN', ['"dmeo"', 'Did you mean demo?']],
  [[...genesis, '--recipe', './none.yaml'], 'RECIPE_UNKNOWN', ['none.yaml']],
  [[...genesis, '--repo', './none'], 'REPOSITORY_UNREACHABLE', ['/none', 'does not exist', '--repo']],
  [[...genesis, '--repo', '.'], 'REPOSITORY_UNREACHABLE', ['--repo']],
  [[...genesis, '--repo', 'ext::sh -c true'], 'ADDRESS_INVALID', ['helper program']],
  [[...genesis, '--repo', 'http://127.0.0.1:1/x'], 'ADDRESS_INVALID', ['https://']],
  [[...genesis, '--repo', 'git://127.0.0.1:1/x'], 'REPOSITORY_UNREACHABLE', ['git://127.0.0.1:1/x', 'refused']],
  [[...genesis, '--commit', '1234567'], 'COMMIT_MISMATCH', ['e86a64fa6e1f', '1234567', 'the release table']],
  [[...genesis, '--commit', 'abc'], 'COMMIT_INVALID', ['"abc"', '7 to 40']],
  [[...genesis, '--home', ''], 'HOME_INVALID', ['--home']],
  [[...genesis, '--home', '~/x'], 'HOME_INVALID', ['~/x', '$HOME']],
  [[...genesis, '--name', 'a/b'], 'CONFIG_INVALID', ['"a/b"', '--name']],
  [[...genesis, '--no-cache', '--offline'], 'USAGE', ['--no-cache', '--offline']],
  [['stage-genesi'], 'USAGE', ["'stage-genesi'", 'Did you mean stage-genesis?']],
  [['help', 'stage-genesi'], 'USAGE', ["'stage-genesi'", 'Did you mean stage-genesis?']],
  [['nosuch', '--help'], 'USAGE', ["'nosuch'"]],
  [[...genesis, '--taag', 'x'], 'USAGE', ["'--taag'", 'Did you mean --tag?']],
  [[...genesis, 'extra'], 'USAGE', ['too many arguments']],
  [['stage-upgrade'], 'USAGE', ["'name'"]],
  [['cache', 'prnue'], 'USAGE', ['prnue', 'path, size or prune']],
])('%j: %s', async (args, code, words) => {
  const json = args.includes('--') ? ['stage-upgrade', '--json', ...args.slice(1)] : [...args, '--json'];
  expectError(await sandbox.run(json), code, words);
});

test.each<[NodeJS.ProcessEnv, ErrorCode, string[]]>([
  [{ DAEMON_HOME: 'relative' }, 'HOME_INVALID', ['DAEMON_HOME', '"relative"']],
  [{ CVTOOL_STALL_SECONDS: '1s' }, 'CONFIG_INVALID', ['CVTOOL_STALL_SECONDS', '"1s"']],
  [{ CVTOOL_BUILD_SECONDS: '-1' }, 'CONFIG_INVALID', ['CVTOOL_BUILD_SECONDS', '"-1"']],
  [{ CVTOOL_REPO: '' }, 'CONFIG_INVALID', ['names no repository', '--repo']],
])('%j: %s', async (variables, code, words) => {
  expectError(await sandbox.run(['stage-genesis', '--json'], variables), code, words);
});

test('all settings that are wrong are told at once', async () => {
  const args = ['stage-genesis', '--name', 'a/b', '--repo', 'ext::x', '--json'];
  expectError(await sandbox.run(args, { DAEMON_HOME: 'here' }), 'CONFIG_INVALID', [
    '3 settings',
    'here',
    'a/b',
    'ext::x',
  ]);
});

test('a mistake in a recipe file is named with its line', async () => {
  const text = readFileSync(join(import.meta.dirname, '../../recipes/demo.yaml'), 'utf8');
  const file = join(sandbox.root, 'mine.yaml');
  writeFileSync(file, text.replace('daemon: demod', 'daemon: ../demod\ndeamon: demod'));
  const line = text.split('\n').indexOf('daemon: demod') + 1;
  const ended = await sandbox.run(['stage-genesis', '--recipe', './mine.yaml', '--json']);
  expectError(ended, 'RECIPE_INVALID', [`./mine.yaml:${line}:9`, `./mine.yaml:${line + 1}:1`, '../demod', 'deamon']);
});

test('without --json an error is told once, on stderr alone', async () => {
  const { status, stdout, stderr } = await sandbox.run(['stage-upgrade', 'v2.0.7']);
  expect({ status, stdout }).toEqual({ status: 3, stdout: '- Preflight\n' + stdout.split('\n').slice(1).join('\n') });
  expect(stdout).not.toContain('Error');
  expect(stderr.match(/never had/g)).toHaveLength(1);
});

describe('a repository that', () => {
  test('has a moved tag is refused, also where the mirror had it right', async () => {
    const moved = join(sandbox.root, 'moved');
    cpSync(repository, moved, { recursive: true });
    execFileSync('git', ['-C', moved, 'tag', '--force', 'v2.0.6', 'v2.1.0'], { stdio: 'ignore' });
    const ended = await sandbox.run(['stage-genesis', '--repo', moved, '--json']);
    expectError(ended, 'COMMIT_MISMATCH', ['v2.0.6', '8f710be0beee', 'e86a64fa6e1f', 'moved']);
  });

  test('stalls is given up after CVTOOL_STALL_SECONDS, and git with it', async () => {
    const server = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const address = `git://127.0.0.1:${portOf(server)}/demo`;
      const ended = await sandbox.run(['stage-genesis', '--repo', address, '--json'], { CVTOOL_STALL_SECONDS: '1' });
      expectError(ended, 'REPOSITORY_UNREACHABLE', [address, 'stalled', '1 s', 'CVTOOL_STALL_SECONDS']);
      expect(processesNaming(address)).toEqual([]);
    } finally {
      server.close();
    }
  });
});

describe('a tag that the table lacks', () => {
  test('needs --commit where nobody can be asked; the plan may be looked at', async () => {
    const extra = extraTag();
    const args = ['stage-genesis', '--tag', 'v2.2.0', '--repo', extra, '--json'];
    expectError(await sandbox.run(args), 'COMMIT_NEEDED', [
      'v2.2.0',
      '--commit 8f710be0beee349e1f8016ca02a4f641bf44e3ba',
    ]);
    const plan = jsonOf(await sandbox.run([...args, '--dry-run'])) as { plan: { commitFrom: string } };
    expect(plan.plan.commitFrom).toBe('the repository alone');
    expectError(await sandbox.run([...args, '--commit', '7777777']), 'COMMIT_MISMATCH', [
      '7777777',
      '8f710be0beee',
      extra,
    ]);
  });

  test('is built with it', async () => {
    const args = [
      'stage-genesis',
      '--tag',
      'v2.2.0',
      '--repo',
      extraTag(),
      '--commit',
      '8f710be',
      '--home',
      './other',
      '--json',
    ];
    expect(jsonOf(await sandbox.run(args))).toMatchObject({ ok: true, tag: 'v2.2.0', target: 'genesis' });
  });

  function extraTag(): string {
    const extra = join(sandbox.root, 'extra');
    cpSync(repository, extra, { recursive: true });
    execFileSync('git', ['-C', extra, 'tag', 'v2.2.0', 'v2.1.0']);
    return extra;
  }
});

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
