// The checks that are pure: facts in, rows out.
import { expect, test } from 'vitest';

import type { GoToolchain } from '../../src/host/go-toolchains.js';
import { judgeClock } from '../../src/inspect/doctor/clock.js';
import { canLink, judgeBackupSpace, judgeBuildSpace, judgeFileSystem } from '../../src/inspect/doctor/disk.js';
import { judgeOpenFiles } from '../../src/inspect/doctor/open-files.js';
import { inOrder, row, shellWord, sizeText, worstOf, type Row } from '../../src/inspect/doctor/row.js';
import { judgeNextRelease, judgeStaged, leftToBuild, type StagedVerdict } from '../../src/inspect/doctor/staged.js';
import { judgeToolchains } from '../../src/inspect/doctor/toolchains.js';
import { judgeTools, type ToolFacts } from '../../src/inspect/doctor/tools.js';
import { parseGoVersion } from '../../src/values/go-version.js';
import { parsePlanName } from '../../src/values/plan-name.js';
import { panacea } from './make-home.js';

const recipe = await panacea();
const said = (rows: readonly Row[]): string[] => rows.map(({ status, text }) => `${status} ${text}`);
const statuses = (rows: readonly Row[]): string[] => rows.map(({ status }) => status);
const upgrade = (name: string) => ({ kind: 'upgrade', plan: parsePlanName(name) }) as const;
const genesis = { kind: 'genesis' } as const;

test('tools: a run needs flock, a build the rest', () => {
  const all = { flock: '/f', setpriv: '/s', git: '/g', make: '/m', cc: '/c' };
  const facts: ToolFacts = {
    files: all,
    git: { version: 'git version 2.39', enough: true },
    cc: 'gcc 12',
    node: 'v20',
  };
  expect(statuses(judgeTools(facts))).toEqual(['pass', 'pass', 'pass']);
  const none = { flock: undefined, setpriv: undefined, git: undefined, make: undefined, cc: undefined };
  expect(said(judgeTools({ ...facts, files: none, git: undefined, cc: undefined }))).toEqual([
    'pass Node v20',
    expect.stringMatching(/^fail flock/),
    expect.stringMatching(/^warn setpriv/),
    expect.stringMatching(/^warn git/),
    expect.stringMatching(/^warn make/),
    expect.stringMatching(/^warn a C compiler/),
  ]);
  expect(said(judgeTools({ ...facts, git: { version: 'git version 1.8', enough: false } }))).toContainEqual(
    expect.stringMatching(/^warn git version 1.8 is too old/),
  );
});

test('toolchains: one row a version of Go, for the releases that are left', () => {
  const left = leftToBuild(recipe, [genesis, upgrade('v2.0.2'), upgrade('v2.0.3'), upgrade('v2.0.5')]);
  expect(left.map(({ tag }) => tag)).toEqual(['v2.0.6', 'v2.0.7-2', 'v2.2.0-1']);
  const go = (version: string, from: GoToolchain['from'] = 'installed') => ({
    version: parseGoVersion(version),
    root: '/go',
    from,
  });
  const facts = { recipe, left, installed: [], isVouched: () => false, whyNoProxy: undefined };
  expect(said(judgeToolchains({ ...facts, left: [] }))).toEqual([expect.stringMatching(/^pass every release/)]);
  expect(said(judgeToolchains(facts))).toEqual([
    expect.stringMatching(/^warn go1.19.2 for v2.0.6, v2.0.7: it is not here/),
    expect.stringMatching(/^warn go1.22.0 for v2.2.0: /),
  ]);
  expect(said(judgeToolchains({ ...facts, installed: [go('1.26.0'), go('1.19.2', 'fetched')] }))).toEqual([
    expect.stringMatching(/^pass go1.19.2 .*: go1.19.2 in \/go$/),
    expect.stringMatching(/^pass go1.22.0 .*: go1.26.0 can fetch it/),
  ]);
  expect(statuses(judgeToolchains({ ...facts, isVouched: () => true }))).toEqual(['pass', 'pass']);
  expect(said(judgeToolchains({ ...facts, isVouched: () => true, whyNoProxy: 'no proxy' }))[0]).toMatch(
    /^warn .*no proxy/,
  );
});

test.each([
  [{ soft: 65_535, hard: 65_535 }, 'pass'],
  [{ soft: 1024, hard: 524_288 }, 'pass'],
  [{ soft: 1024, hard: 4096 }, 'warn'],
  [{ soft: 1024, hard: 1024 }, 'fail'],
])('open files of a shell: %o, the hard limit counts: %s', (shell, status) => {
  expect(judgeOpenFiles({ daemon: undefined, shell, hasUnit: false }).status).toBe(status);
});

test('open files: of a daemon that runs the soft limit counts; with a unit the shell’s do not matter', () => {
  const few = { soft: 100, hard: 65_535 };
  expect(judgeOpenFiles({ daemon: few, shell: undefined, hasUnit: true }).status).toBe('fail');
  expect(judgeOpenFiles({ daemon: undefined, shell: { soft: 1, hard: 1 }, hasUnit: true }).status).toBe('pass');
  expect(judgeOpenFiles({ daemon: undefined, shell: undefined, hasUnit: false }).status).toBe('unknown');
});

test('the clock', () => {
  expect([true, false, undefined].map((each) => judgeClock(each).status)).toEqual(['pass', 'warn', 'unknown']);
});

test('disk: what links spare, and what is needed', () => {
  const mount = (type: string) => ({ point: '/', type, readOnly: false });
  const on = (type: string, same = true) => ({ data: mount(type), backups: mount(type), same });
  expect(['ext4', 'btrfs', 'overlay', 'vfat', 'strange'].map((type) => canLink(on(type)))).toEqual([
    true,
    true,
    true,
    false,
    true,
  ]);
  expect(canLink(on('ext4', false))).toBe(false);
  expect(judgeFileSystem(on('btrfs')).text).toContain('clones: yes');
  expect(judgeFileSystem(on('strange')).status).toBe('unknown');
  expect(judgeFileSystem(on('vfat')).status).toBe('warn');
  expect(judgeFileSystem(on('ext4', false)).status).toBe('warn');
  const space = { folder: '/b', free: 100, copy: 10, linked: 50, skipped: false };
  expect(judgeBackupSpace(space).status).toBe('pass');
  expect(judgeBackupSpace({ ...space, linked: 95 }).status).toBe('warn');
  expect(judgeBackupSpace({ ...space, copy: 101 }).status).toBe('fail');
  expect(judgeBackupSpace({ ...space, copy: undefined }).status).toBe('unknown');
  expect(judgeBackupSpace({ ...space, skipped: true }).status).toBe('warn');
  expect(judgeBuildSpace({ cache: '/c', free: 2 ** 30, left: 1 }).status).toBe('warn');
  expect(judgeBuildSpace({ cache: '/c', free: 2 ** 30, left: 0 }).status).toBe('pass');
});

test('staged: one line where all holds; each row that does not; what the chain is past is no failure any more', () => {
  const verdict = (name: string, status: 'pass' | 'fail' | 'unknown'): StagedVerdict => ({
    subject: { name: `upgrades/${name}`, target: upgrade(name) },
    findings: [
      { level: 'L0', status: 'pass', text: 'fine' },
      { level: 'L1', status, text: 'broken', hint: 'mend it' },
    ],
    version: '1',
  });
  const judge = (each: StagedVerdict) => judgeStaged([each], { recipe, current: upgrade('v2.0.6') });
  expect(said(judge(verdict('v2.0.7', 'pass')))).toEqual(['pass upgrades/v2.0.7 (1): L0, L1 hold']);
  expect(said(judge(verdict('v2.0.7', 'unknown')))).toEqual([
    'pass upgrades/v2.0.7 (1): L0 hold; L1 cannot be judged here',
  ]);
  expect(judge(verdict('v2.0.7', 'fail'))).toEqual([
    row('staged', 'fail', 'upgrades/v2.0.7 (1): L1: broken', 'mend it'),
  ]);
  expect(said(judge(verdict('v2.0.5', 'fail')))).toEqual([expect.stringMatching(/^warn .*past it/)]);
});

test('the next release of the table', () => {
  const next = (current: Parameters<typeof judgeNextRelease>[1], staged: readonly string[] = []) =>
    judgeNextRelease(recipe, current, staged.map(upgrade)).map(
      ({ status, text, hint }) => `${status} ${text} ${hint ?? ''}`,
    );
  expect(next(undefined)).toEqual([]);
  expect(next(genesis)).toEqual([expect.stringMatching(/^warn .*v2.0.2 .*not staged cvtool stage-upgrade v2.0.2$/)]);
  expect(next(upgrade('v2.0.5'), ['v2.0.6'])).toEqual([
    expect.stringMatching(/^pass .*v2.0.6 \(height 9692000\), is staged/),
  ]);
  expect(next(upgrade('v2.2.0'))).toEqual([expect.stringMatching(/^warn .*The table does not build it/)]);
  expect(next(upgrade('v2.3.0'))).toEqual([expect.stringMatching(/^pass .*none after v2.3.0/)]);
  expect(next(upgrade('other'))).toEqual([expect.stringMatching(/^unknown /)]);
});

test('rows: their order, the worst of them, sizes and words', () => {
  const rows = [row('clock', 'pass', ''), row('home', 'warn', ''), row('tools', 'unknown', '')];
  expect(inOrder(rows).map(({ check }) => check)).toEqual(['home', 'clock', 'tools']);
  expect([worstOf(rows), worstOf([])]).toEqual(['warn', 'pass']);
  expect([0, 1023, 1024, 3 * 2 ** 30].map(sizeText)).toEqual(['0 bytes', '1023 bytes', '1.0 KiB', '3.0 GiB']);
  expect([`/a b`, `it's`, '/x'].map(shellWord)).toEqual([`'/a b'`, `'it'\\''s'`, '/x']);
});
