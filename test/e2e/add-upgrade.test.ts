// The built program's `add-upgrade` and `add-batch-upgrade`: what they put where, what they refuse, and that a refused call writes
// nothing.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { beforeEach, describe, expect, test } from 'vitest';

import { compileC } from '../support/compile-c.js';
import { needs } from '../support/needs.js';
import { cli, namesBelow, startProcess, treeOf } from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { waitUntil } from '../support/wait-until.js';

const scratch = scratchFolder();
const program = compileC(scratch, 'program', 'int main(void) { return 0; }');

let place: string;
let home: string;
let list: string;
beforeEach(() => {
  place = mkdtempSync(join(scratch, 'place-'));
  home = join(place, 'home');
  list = join(home, 'data/upgrade-info.json.batch');
  for (const folder of ['cosmovisor', 'data']) mkdirSync(join(home, folder), { recursive: true });
});

const environment = (): NodeJS.ProcessEnv => ({
  ...{ PATH: process.env.PATH, HOME: place, TMPDIR: place, TZ: 'UTC' },
  ...{ DAEMON_HOME: home, DAEMON_NAME: 'demod', COSMOVISOR_TIMEFORMAT_LOGS: '' },
});

function cvtool(args: readonly string[], variables: NodeJS.ProcessEnv = {}) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    cwd: place,
    encoding: 'utf8',
    env: { ...environment(), ...variables },
  });
  return { status, stdout, stderr };
}

/** A script, which cannot be judged but as a file. */
function script(name = 'built', text = '#!/bin/sh\necho called >>"$0.called"\n', mode = 0o755): string {
  writeFileSync(join(place, name), text);
  chmodSync(join(place, name), mode);
  return name;
}

const staged = (name: string): string => join(home, 'cosmovisor/upgrades', name, 'bin/demod');
const plans = (): unknown => JSON.parse(readFileSync(list, 'utf8'));
const plan = (name: string, height: number) => ({ name, time: '0001-01-01T00:00:00Z', height });
const octal = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

/** An upgrade that was made at `height`, and runs. */
function applied(name: string, height: number): void {
  mkdirSync(join(home, 'cosmovisor/upgrades', name, 'bin'), { recursive: true });
  writeFileSync(join(home, 'cosmovisor/upgrades', name, 'upgrade-info.json'), JSON.stringify({ name, height }));
  rmSync(join(home, 'cosmovisor/current'), { force: true });
  symlinkSync(`upgrades/${name}`, join(home, 'cosmovisor/current'));
}

/** Status 1, one error on stderr with these words, nothing on stdout, and every file, mode and time as before. */
function expectRefused(args: readonly string[], words: readonly string[], variables?: NodeJS.ProcessEnv): void {
  const before = treeOf(place);
  const { status, stdout, stderr } = cvtool(args, variables);
  expect({ status, stdout, errors: stderr.match(/^Error: /gm)?.length }, stderr).toEqual({
    status: 1,
    stdout: '',
    errors: 1,
  });
  for (const word of words) expect(stderr).toContain(word);
  expect(stderr).not.toMatch(/a bug in cvtool|^\s+at /m);
  expect(treeOf(place)).toEqual(before);
}

describe('add-upgrade', () => {
  test('stages the binary, 0755 whatever mode and umask are, says so, and starts nothing', () => {
    const file = script('built', undefined, 0o600);
    const before = treeOf(join(home, 'data'));
    const command = `umask 077; exec "$0" "$@"`;
    const { status, stdout, stderr } = spawnSync(
      'sh',
      ['-c', command, process.execPath, cli, 'add-upgrade', 'V2 Big', file],
      {
        ...{ cwd: place, encoding: 'utf8', env: environment() },
      },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.split('\n')).toEqual([
      expect.stringMatching(/^<nil> INF Using built for v2 big upgrade L0=unknown L1=unknown .* module=cosmovisor$/),
      `<nil> INF Upgrade binary located at ${staged('v2%20big')} module=cosmovisor`,
      '',
    ]);
    expect(namesBelow(join(home, 'cosmovisor'))).toEqual(
      ['', '/v2%20big', '/v2%20big/bin', '/v2%20big/bin/demod'].map((name) => `upgrades${name}`),
    );
    for (const name of ['', 'v2%20big', 'v2%20big/bin', 'v2%20big/bin/demod'])
      expect([name, octal(join(home, 'cosmovisor/upgrades', name))]).toEqual([name, '755']);
    expect(readFileSync(staged('v2%20big'))).toEqual(readFileSync(join(place, file)));
    expect(treeOf(join(home, 'data'))).toEqual(before);
    expect(existsSync(join(place, 'built.called'))).toBe(false);
  });

  test('a name keeps its case with COSMOVISOR_DISABLE_RECASE=true, in the plan too', () => {
    const args = ['add-upgrade', 'V2-Rho', script(), '--upgrade-height', '100'];
    expect(cvtool(args, { COSMOVISOR_DISABLE_RECASE: 'true' }).status).toBe(0);
    expect(existsSync(staged('V2-Rho'))).toBe(true);
    expect(plans()).toEqual([plan('V2-Rho', 100)]);
  });

  test('a plan goes to the list of manual ones, in the order of heights, and never over the file of x/upgrade', () => {
    writeFileSync(join(home, 'data/upgrade-info.json'), '{"name":"v9","height":9}');
    writeFileSync(list, JSON.stringify([{ name: 'v3', height: 300, info: 'kept', more: [1] }]));
    const { status, stdout } = cvtool(['add-upgrade', 'v2', script(), '--upgrade-height=200']);
    expect(status).toBe(0);
    expect(stdout).toContain(`${list} written, v2 upgrade binary will switch at height 200`);
    expect(plans()).toEqual([plan('v2', 200), { name: 'v3', height: 300, info: 'kept', more: [1] }]);
    expect(octal(list)).toBe('644');
    expect(readFileSync(join(home, 'data/upgrade-info.json'), 'utf8')).toBe('{"name":"v9","height":9}');
    expect(readdirSync(join(home, 'data')).sort()).toEqual(['upgrade-info.json', 'upgrade-info.json.batch']);
  });

  test('what is there is replaced with --force alone: the binary, and the plan of that name', () => {
    expect(cvtool(['add-upgrade', 'v2', script(), '--upgrade-height', '100']).status).toBe(0);
    const other = script('other', '#!/bin/sh\n# other\n');
    expectRefused(['add-upgrade', 'v2', other], ['file already exists at', staged('v2'), '--force']);
    expectRefused(['add-upgrade', 'v2', other, '--upgrade-height', '150'], ['file already exists at']);
    expect(cvtool(['add-upgrade', '--force', 'V2', other, '--upgrade-height', '150']).status).toBe(0);
    expect(readFileSync(staged('v2'), 'utf8')).toBe('#!/bin/sh\n# other\n');
    expect(plans()).toEqual([plan('v2', 150)]);
  });

  test('a plan of that name alone needs --force too', () => {
    writeFileSync(list, JSON.stringify([plan('v2', 100)]));
    expectRefused(
      ['add-upgrade', 'v2', script(), '--upgrade-height', '150'],
      ['"v2"', '100', 'already exists', '--force'],
    );
    expect(cvtool(['add-upgrade', 'v2', script()]).status).toBe(0); // no plan is asked for
    expect(plans()).toEqual([plan('v2', 100)]);
  });

  test('a manifest that told of the binary before goes away with it; what else lies there stays', () => {
    mkdirSync(join(staged('v2'), '../../lib'), { recursive: true });
    mkdirSync(join(staged('v2'), '..'), { recursive: true });
    for (const [name, text] of [
      ['manifest.json', '{}'],
      ['SHA256SUMS', ''],
      ['provenance.intoto.jsonl', '{}'],
      ['sbom.cdx.json', '{}'],
      ['lib/libx.so', 'x'],
      ['notes', 'mine'],
      ['bin/demod', 'old'],
    ] as const)
      writeFileSync(join(staged('v2'), '../..', name), text);
    expect(cvtool(['add-upgrade', 'v2', script(), '--force']).status).toBe(0);
    expect(namesBelow(join(home, 'cosmovisor/upgrades/v2'))).toEqual([
      'bin',
      'bin/demod',
      'lib',
      'lib/libx.so',
      'notes',
    ]);
  });

  test('into a folder that somebody has made, and into upgrades/ on another path', () => {
    mkdirSync(join(place, 'elsewhere/v2'), { recursive: true });
    symlinkSync(join(place, 'elsewhere'), join(home, 'cosmovisor/upgrades'));
    expect(cvtool(['add-upgrade', 'v2', script()]).status).toBe(0);
    expect(cvtool(['add-upgrade', 'v3', script()]).status).toBe(0);
    expect(namesBelow(join(place, 'elsewhere'))).toEqual([
      'v2',
      'v2/bin',
      'v2/bin/demod',
      'v3',
      'v3/bin',
      'v3/bin/demod',
    ]);
  });

  test('what a killed call left is no obstacle, and an old folder that a killed staging had set aside comes back', () => {
    const old = join(home, 'cosmovisor/.cvtool-staging/old/upgrades/v1/bin');
    const half = join(home, 'cosmovisor/.cvtool-staging/new/upgrades/v2/bin');
    for (const folder of [old, half, join(home, 'cosmovisor/upgrades')]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(old, 'demod'), 'v1');
    writeFileSync(join(half, 'demod'), 'torn', { mode: 0o400 });
    writeFileSync(join(home, 'data/.upgrade-info.json.batch.cvtool-new'), 'torn', { mode: 0o400 });
    expectRefused(['add-upgrade', 'v2', 'absent'], ['absent']);
    expect(cvtool(['add-upgrade', 'v2', script(), '--upgrade-height', '7']).status).toBe(0);
    expect(readFileSync(staged('v1'), 'utf8')).toBe('v1');
    expect(readdirSync(join(home, 'cosmovisor'))).toEqual(['upgrades']);
    expect(readdirSync(join(home, 'data'))).toEqual(['upgrade-info.json.batch']);
  });

  test.each([
    [['add-upgrade'], ['upgrade-name']],
    [['add-upgrade', 'v2'], ['path to executable']],
    [['add-upgrade', 'v2', 'built', 'c'], ['add-upgrade']],
    [['add-upgrade', 'v2', 'absent'], ['invalid executable path: stat absent: no such file or directory']],
    [['add-upgrade', 'v2', ''], ['invalid executable path']],
    [['add-upgrade', 'v2', '.'], ['invalid executable path: . is a directory']],
    [['add-upgrade', 'v2', '/dev/zero'], ['/dev/zero is no regular file']],
    [['add-upgrade', '', 'built'], ['name "" is empty']],
    [['add-upgrade', '..', 'built'], ['".."']],
    [['add-upgrade', 'a\nb', 'built'], ['control character']],
    [['add-upgrade', 'ü'.repeat(50), 'built'], ['too long']],
    [
      ['add-upgrade', 'v2', 'built', '--upgrade-height', 'soon'],
      ['"soon"', '--upgrade-height'],
    ],
    [
      ['add-upgrade', 'v2', 'built', '--upgrade-height', '-5'],
      ['"-5"', '--upgrade-height'],
    ],
    [['add-upgrade', 'v2', 'built', '--upgrade-height', '1.5'], ['"1.5"']],
    [['add-upgrade', 'v2', 'built', '--upgrade-height', '9007199254740993'], ['"9007199254740993"']],
    [['add-upgrade', 'v2', 'built', '--bogus'], ['--bogus']],
  ])('%j is refused and writes nothing', (args, words) => {
    script();
    expectRefused(args, words);
  });

  test('no height, as cosmovisor has it, is 0', () => {
    expect(cvtool(['add-upgrade', 'v2', script(), '--upgrade-height', '0']).status).toBe(0);
    expect(existsSync(list)).toBe(false);
  });

  test.each([
    ['no home', () => renameSync(home, `${home}.away`), ['cosmovisor']],
    ['no data/', () => rmSync(join(home, 'data'), { recursive: true }), ['data must be an existing directory']],
    [
      'a list that is none',
      () => writeFileSync(list, '{"name":'),
      ['cannot be read as a list of plans', 'upgrade-info.json.batch'],
    ],
    ['a list that holds no plan', () => writeFileSync(list, '[{"name":"v9"}]'), ['cannot be read as a list of plans']],
    [
      'another plan at that height',
      () => writeFileSync(list, JSON.stringify([plan('v9', 100)])),
      ['"v9"', '"v2"', '100'],
    ],
    ['a later upgrade that runs', () => applied('v3', 100), ['not above 100', '"v3"']],
    ['that very upgrade that runs', () => applied('v2', 50), ['"v2" is the one that runs']],
    [
      'a file in the place of the folder',
      () => {
        mkdirSync(join(home, 'cosmovisor/upgrades'));
        writeFileSync(join(home, 'cosmovisor/upgrades/v2'), '');
      },
      ['upgrades/v2 is no folder'],
    ],
    [
      'a folder in the place of the binary',
      () => mkdirSync(staged('v2'), { recursive: true }),
      ['bin/demod is a folder'],
    ],
  ] as const)('%s: refused with a height, and nothing is written', (_, make, words) => {
    const file = script();
    make();
    expectRefused(['add-upgrade', '--force', 'v2', file, '--upgrade-height', '100'], words);
  });

  test('a binary that runs is not replaced under the node', async () => {
    mkdirSync(join(staged('v2'), '..'), { recursive: true });
    copyFileSync(compileC(place, 'pauses', '#include <unistd.h>\nint main(void) { pause(); return 0; }'), staged('v2'));
    const child = spawn(staged('v2'), { stdio: 'ignore' });
    try {
      await waitUntil('it runs', () => readFileSync(`/proc/${String(child.pid)}/comm`, 'utf8') === 'demod\n');
      expectRefused(['add-upgrade', '--force', 'v2', script()], ['in use', String(child.pid)]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('while a staging holds the home it waits, and says for whom; Ctrl-C ends that, and nothing was written', async () => {
    script();
    const holder = spawn('flock', [join(home, 'cosmovisor'), 'sh', '-c', 'echo held; exec sleep 100'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      await once(holder.stdout, 'data');
      const before = treeOf(home);
      const run = startProcess(process.execPath, [cli, 'add-upgrade', 'v2', 'built'], environment(), place);
      await waitUntil('it waits', () => run.said().includes('waiting for process'));
      run.child.kill('SIGINT');
      const { status, stderr } = await run.ended;
      expect({ status, errors: stderr.match(/^Error: stopped by SIGINT/gm)?.length }).toEqual({
        status: 130,
        errors: 1,
      });
      expect(treeOf(home)).toEqual(before);
    } finally {
      holder.kill('SIGKILL');
    }
  });

  test('two calls at once: both plans are on the list', async () => {
    script();
    const names = ['v2', 'v3', 'v4', 'v5'];
    const ends = names.map(
      (name, index) =>
        new Promise((resolve) => {
          const args = [cli, 'add-upgrade', name, 'built', '--upgrade-height', String(100 + index)];
          spawn(process.execPath, args, { cwd: place, env: environment(), stdio: 'ignore' }).once('exit', resolve);
        }),
    );
    expect(await Promise.all(ends)).toEqual([0, 0, 0, 0]);
    expect(plans()).toEqual(names.map((name, index) => plan(name, 100 + index)));
  });
});

describe('verification of what is added', () => {
  test('L0: what is no program is refused, and said', () => {
    writeFileSync(join(place, 'text'), 'no program');
    writeFileSync(join(place, 'torn'), readFileSync(program).subarray(0, 2000));
    const foreign = Buffer.from(readFileSync(program));
    foreign.writeUInt16LE(8, 18); // e_machine: MIPS
    writeFileSync(join(place, 'foreign'), foreign);
    expectRefused(['add-upgrade', 'v2', 'text'], ['not fit to be run here', 'text for v2: L0:', '--force']);
    expectRefused(['add-upgrade', 'v2', 'torn'], ['torn for v2: L0:']);
    expectRefused(['add-upgrade', 'v2', 'foreign'], ['foreign for v2: L0:', 'mips']);
    const forced = cvtool(['add-upgrade', 'v2', 'torn', '--force']);
    expect(forced.status).toBe(0);
    expect(forced.stderr).toMatch(/^Warning: v2: L0 fails: /);
    expect(readFileSync(staged('v2'))).toEqual(readFileSync(join(place, 'torn')));
  });

  test('L1: libraries are looked for from where the copy will lie, not beside the file that was given', () => {
    for (const folder of ['release/bin', 'release/lib']) mkdirSync(join(place, folder), { recursive: true });
    const library = compileC(join(place, 'release/lib'), 'libx.so', 'int x(void) { return 1; }', [
      '-shared',
      '-Wl,-soname,libx.so',
    ]);
    const flags = [library, '-Wl,--enable-new-dtags,-rpath,$ORIGIN/../lib'];
    compileC(join(place, 'release/bin'), 'demod', 'int x(void); int main(void) { return x(); }', flags);
    expectRefused(
      ['add-upgrade', 'v2', 'release/bin/demod'],
      ['release/bin/demod for v2: L1:', 'libx.so', 'upgrades/v2/bin/../lib'],
    );
    for (const part of ['bin', 'lib']) mkdirSync(join(home, 'cosmovisor/upgrades/v2', part), { recursive: true });
    copyFileSync(library, join(home, 'cosmovisor/upgrades/v2/lib/libx.so'));
    expect(cvtool(['add-upgrade', 'v2', 'release/bin/demod'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('L0=pass L1=pass') as unknown,
    });
    expect(spawnSync(staged('v2')).status).toBe(1);
  });

  test('the levels above are told, and refuse nothing', () => {
    const recipe = { CVTOOL_RECIPE: 'panacea' };
    const { status, stdout, stderr } = cvtool(['add-upgrade', 'v2.2.0-1', 'copied'], recipe);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toContain('copied');
    copyFileSync(program, join(place, 'copied'));
    const added = cvtool(['add-upgrade', 'v2.2.0-1', 'copied'], recipe);
    expect(added.status).toBe(0);
    expect(added.stdout).toMatch(/L0=pass L1=pass L2=pass L3=\w+ L4=\w+ L5=\w+ L6=warn/);
    expect(added.stderr).toMatch(/^Warning: v2\.2\.0-1: L6: v2\.2\.0-1 is the tag of upgrade v2\.2\.0/m);
  });

  test('nothing around the file is read or hashed', () => {
    mkdirSync(join(place, 'bin'));
    spawnSync('mkfifo', [join(place, 'bin/pipe')]);
    copyFileSync(program, join(place, 'bin/demod'));
    expect(cvtool(['add-upgrade', 'v2', 'bin/demod']).status).toBe(0);
  });
});

describe('add-batch-upgrade', () => {
  test('a CSV file: all binaries, and the list in the place of the one before', () => {
    writeFileSync(list, 'not even JSON');
    mkdirSync(join(staged('v3'), '..'), { recursive: true });
    writeFileSync(staged('v3'), 'old');
    script('two, 2', '#!/bin/sh\n# 2\n');
    script('three', '#!/bin/sh\n# 3\n');
    writeFileSync(join(place, 'up.csv'), '\ufeffV3,three,300\r\n\r\n v2, "two, 2", 200 \r\na/b:c,three,400\r\n');
    const { status, stdout, stderr } = cvtool(['add-batch-upgrade', '--upgrade-file', 'up.csv']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(plans()).toEqual([plan('v2', 200), plan('v3', 300), plan('a/b:c', 400)]);
    expect(readFileSync(staged('v2'), 'utf8')).toBe('#!/bin/sh\n# 2\n');
    expect(readFileSync(staged('v3'), 'utf8')).toBe('#!/bin/sh\n# 3\n');
    expect(existsSync(staged('a%2Fb:c'))).toBe(true);
    expect(stdout.match(/will switch at height/g)).toHaveLength(3);
    expect(readdirSync(join(home, 'data'))).toEqual(['upgrade-info.json.batch']);
  });

  test('--upgrade-list, more than once; and from a pipe of the shell', () => {
    script();
    const args = ['add-batch-upgrade', '--upgrade-list', 'v2:built:100,v3:built:200', '--upgrade-list=v4:built:300'];
    expect(cvtool(args).status).toBe(0);
    expect(plans()).toEqual([plan('v2', 100), plan('v3', 200), plan('v4', 300)]);
    const command = `echo v5,built,500 | "$0" "${cli}" add-batch-upgrade --upgrade-file /dev/stdin`;
    expect(spawnSync('sh', ['-c', command, process.execPath], { cwd: place, env: environment() }).status).toBe(0);
    expect(plans()).toEqual([plan('v5', 500)]);
  });

  test('the same bytes are left as they are, also where the node runs from them', () => {
    mkdirSync(join(staged('v2'), '..'), { recursive: true });
    copyFileSync(program, staged('v2'));
    chmodSync(staged('v2'), 0o755);
    const before = treeOf(staged('v2'));
    expect(cvtool(['add-batch-upgrade', '--upgrade-list', `v2:${program}:100`]).status).toBe(0);
    expect(treeOf(staged('v2'))).toEqual(before);
  });

  test('the list of a whole replay, again in the middle of it: what was made is left out, and said', () => {
    script();
    applied('v3', 300);
    const { status, stderr } = cvtool([
      'add-batch-upgrade',
      '--upgrade-list',
      'v2:built:200,v3:built:300,v4:built:400',
    ]);
    expect(status).toBe(0);
    expect(plans()).toEqual([plan('v4', 400)]);
    expect(stderr).toMatch(
      /^Warning: height 200 is not above 300, .*v2 is left out of the list\nWarning: .*"v3" is the one that runs/,
    );
  });

  test.each([
    [[], ['either --upgrade-file or --upgrade-list must be provided']],
    [
      ['--upgrade-file', 'up.csv', '--upgrade-list', 'v2:built:1'],
      ['--upgrade-file', '--upgrade-list'],
    ],
    [['x'], ['add-batch-upgrade']],
    [['--upgrade-list', 'v2:built'], ['argument at position 0 ("v2:built") is invalid']],
    [['--upgrade-list', 'v2:built:1,v3:built:2:3'], ['argument at position 1']],
    [
      ['--upgrade-list', 'v2:built:soon'],
      ['upgrade height at position 0 ("soon") is invalid', '"v2"'],
    ],
    [['--upgrade-list', 'v2:built:1,v3:built:0'], ['position 1']],
    [['--upgrade-list', 'v2:built:1,v3:built:-2'], ['position 1']],
    [['--upgrade-list', 'v2:built:1,..:built:2'], ['".."']],
    [['--upgrade-list', 'v2:built:1,v3:absent:2'], ['invalid executable path: stat absent']],
    [['--upgrade-list', 'v2:built:1,V2:built:2'], ['"v2" would be made twice']],
    [['--upgrade-list', 'v2:built:1,v3:built:1'], ['would both be made at height 1']],
    [['--upgrade-list', 'v2:built:1,v3:text:2'], ['text for v3: L0:']],
    [['--upgrade-list', '"v2:built:1'], ['--upgrade-list']],
    [['--upgrade-list', ''], ['there is no upgrade in --upgrade-list']],
    [
      ['--upgrade-file', 'empty.csv'],
      ['there is no upgrade in empty.csv', 'upgrade-info.json.batch'],
    ],
    [['--upgrade-file', 'absent.csv'], ['error opening upgrade CSV file absent.csv: no such file or directory']],
    [['--upgrade-file', '.'], ['upgrade CSV file .:']],
    [['--upgrade-file', '/dev/zero'], ['more than 16777216 bytes']],
    [
      ['--upgrade-file', 'short.csv'],
      ['error parsing upgrade CSV file short.csv: record on line 2: wrong number of fields'],
    ],
    [['--upgrade-file', 'quote.csv'], ['error parsing upgrade CSV file quote.csv: line 2']],
  ])('%j is refused, and nothing is written, not even of the entries that are right', (args, words) => {
    script();
    writeFileSync(join(place, 'text'), 'no program');
    writeFileSync(join(place, 'up.csv'), 'v2,built,1\n');
    writeFileSync(join(place, 'empty.csv'), '\n');
    writeFileSync(join(place, 'short.csv'), 'v2,built,1\nv3,built\n');
    writeFileSync(join(place, 'quote.csv'), 'v2,built,1\nv3,bu"ilt,2\n');
    expectRefused(['add-batch-upgrade', ...args], words);
  });
});

needs({ root: true })('a full disk is one error: no binary is half there, and the list is as it was', () => {
  writeFileSync(join(place, 'big'), Buffer.concat([Buffer.from('#!/bin/sh\n'), Buffer.alloc(2 << 20, '#')]));
  script('small');
  const command = `mount -t tmpfs -o size=1m none "$1" && mkdir "$1/data" "$1/cosmovisor" && echo '[]' >"$1/data/upgrade-info.json.batch" &&
    { "$2" "$3" add-batch-upgrade --upgrade-list v2:small:1,v3:big:2; echo "status $?"; find "$1" -type f; cat "$1/data/upgrade-info.json.batch"; }`;
  const { stdout, stderr } = spawnSync('unshare', ['-m', 'sh', '-c', command, 'sh', home, process.execPath, cli], {
    ...{ cwd: place, encoding: 'utf8', env: environment() },
  });
  expect(stderr).toMatch(/^Error: .*no space left on device\n/);
  expect(stdout.split('\n').slice(2)).toEqual(['status 1', join(home, 'data/upgrade-info.json.batch'), '[]', '']);
});
