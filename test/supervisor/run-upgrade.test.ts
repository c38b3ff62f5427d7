// The way of a run, 3 and 5, with real processes: the steps of an upgrade in their order, and what each failure leaves.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import { compileC } from '../support/compile-c.js';
import { needs } from '../support/needs.js';
import { type DaemonScript, type DaemonStep } from '../support/scripted-daemon.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { isAlive, waitUntil } from '../support/wait-until.js';
import { endHomesAfterEach, makeRunHome, runTools, type RunHome, type RunTools } from './run-home.js';

const scratch = scratchFolder();
let tools: RunTools;
beforeAll(() => {
  tools = runTools(scratch);
});
endHomesAfterEach();

const withBackup = { UNSAFE_SKIP_BACKUP: 'false' };
const script = { COSMOVISOR_CUSTOM_PREUPGRADE: 'pre.sh' };

function homeAtPlan(next?: DaemonScript, steps: readonly DaemonStep[] = ['plan v2 10', 'hang']): RunHome {
  const home = makeRunHome(scratch, tools);
  home.genesis({ steps });
  if (next !== undefined) home.upgrade('v2', next);
  writeFileSync(join(home.home, 'data/state'), 'some bytes');
  return home;
}

const running: DaemonScript = { steps: ['hang'] };
const inHome = (home: RunHome, ...names: string[]): string => join(home.home, ...names);
const newBinary = (home: RunHome): string => inHome(home, 'cosmovisor/upgrades/v2/bin/noded');
const whatRan = (home: RunHome): string[] => home.events().map(({ label, what }) => `${label} ${what}`);

function writeScript(home: RunHome, text: string, mode = 0o755): void {
  writeFileSync(inHome(home, 'cosmovisor/pre.sh'), text);
  chmodSync(inHome(home, 'cosmovisor/pre.sh'), mode);
}

/** The failure left all as it was; what mends it lets the next run go on, without the old binary and with no second backup. */
async function goesOn(home: RunHome, variables: NodeJS.ProcessEnv = {}): Promise<void> {
  const startsBefore = home.starts().length;
  home.start(variables);
  await home.started('v2');
  expect(home.starts().slice(startsBefore)).toEqual(['v2']);
  expect(home.current()).toBe('upgrades/v2');
}

describe('5: the order', () => {
  test('stop, delay, backup, script, pre-upgrade, switch, start', async () => {
    const home = homeAtPlan(running);
    writeScript(
      home,
      `#!/bin/sh
printf 'script %d %s\\n' $$ "$(readlink cosmovisor/current) $(ls | grep -c data-backup) $1 $2" >> $TEST_TRACE/trace
echo raw; echo raw >&2`,
      0o644,
    );
    const run = home.start({
      ...withBackup,
      ...script,
      DAEMON_RESTART_DELAY: '200ms',
      COSMOVISOR_DISABLE_LOGS: 'true',
    });
    await home.started('v2');
    expect(whatRan(home).filter((each) => !each.includes('status'))).toEqual([
      'genesis start',
      'genesis plan',
      'genesis signal TERM',
      'genesis stop 0',
      'script genesis 1 v2 10',
      'v2 pre',
      'v2 start',
    ]);
    expect(run.stdout()).toBe(''); // what script and pre-upgrade print goes to the log
    expect(statSync(inHome(home, 'cosmovisor/pre.sh')).mode & 0o777).toBe(0o744);
  });

  test('DAEMON_RESTART_AFTER_UPGRADE=false leaves out the start alone', async () => {
    const home = homeAtPlan(running);
    expect(await home.start({ DAEMON_RESTART_AFTER_UPGRADE: 'false' }).ended).toBe(0);
    expect([home.current(), home.starts()]).toEqual(['upgrades/v2', ['genesis']]);
  });

  test('one that ignores SIGTERM is killed after the grace, and only then is it gone', async () => {
    const home = homeAtPlan(running, ['ignore TERM', 'plan v2 10', 'hang']);
    const run = home.start({ DAEMON_SHUTDOWN_GRACE: '300ms' });
    await home.started('v2');
    expect(run.stdout()).toContain('DAEMON_SHUTDOWN_GRACE exceeded');
  });

  test('a delay or a grace longer than a timer can wait is not over at once', async () => {
    const home = homeAtPlan(running, ['slow 700', 'plan v2 10', 'hang']);
    const run = home.start({
      DAEMON_SHUTDOWN_GRACE: '800h',
      DAEMON_RESTART_DELAY: '800h',
      DAEMON_POLL_INTERVAL: '2000000h',
    });
    await home.saw('genesis', 'stop 0');
    await waitUntil('the database is unlocked', () => existsSync(inHome(home, 'cosmovisor/.cvtool/upgrade.json')));
    expect(await run.stop()).toBe(0);
    expect([home.starts(), run.stderr()]).toEqual([['genesis'], '']);
  });

  test.each(['flock', 'fcntl'] as const)('a database that is still locked (%s) is waited for', async (how) => {
    const home = homeAtPlan(running, [`lock ${how} 1200`, 'plan v2 10', 'hang']);
    home.start();
    await home.started('v2');
    const all = whatRan(home);
    expect(all.indexOf('genesis unlocked')).toBeGreaterThan(-1);
    expect(all.indexOf('genesis unlocked')).toBeLessThan(all.indexOf('v2 pre'));
  });
});

describe('5: pre-upgrade', () => {
  test.each([0, 1, 2, 255])('ends with %i: the upgrade goes on', async (status) => {
    const home = homeAtPlan({ ...running, pre: [status] });
    home.start();
    await home.started('v2');
  });
  test.each([30, 31, 126, 127, 'kill'] as const)(
    'ends with %s: exit 1, nothing is switched, the next run goes on',
    async (status) => {
      const home = homeAtPlan({ ...running, pre: [status] });
      const run = home.start(withBackup);
      expect(await run.ended).toBe(1);
      expect(run.stderr()).toMatch(/^Error: .*pre-upgrade/);
      expect([home.current(), existsSync(inHome(home, 'cosmovisor/upgrades/v2/upgrade-info.json'))]).toEqual([
        'genesis',
        false,
      ]);
      home.upgrade('v2', { ...running, pre: [0] });
      await goesOn(home, withBackup);
      expect(home.backups()).toHaveLength(1);
    },
  );
  test('31 is tried again as often as is said', async () => {
    const home = homeAtPlan({ ...running, pre: [31, 31, 0] });
    home.start({ DAEMON_PREUPGRADE_MAX_RETRIES: '2' });
    await home.started('v2');
    expect(home.events('pre')).toHaveLength(3);
  });
});

describe('5: the custom script', () => {
  test.each([
    ['it fails', '#!/bin/sh\nexit 3\n', 'status 3'],
    ['it names no interpreter', 'exit 0\n', 'exec format error'],
    ['it is missing', undefined, 'no such file'],
  ])('%s: exit 1, nothing is switched, the next run goes on', async (_, text, why) => {
    const home = homeAtPlan(running);
    if (text !== undefined) writeScript(home, text);
    const run = home.start({ ...withBackup, ...script });
    expect(await run.ended).toBe(1);
    expect(run.stderr()).toMatch(new RegExp(`^Error: COSMOVISOR_CUSTOM_PREUPGRADE.*pre.sh.*${why}`));
    writeScript(home, '#!/bin/sh\n');
    await goesOn(home, { ...withBackup, ...script });
    expect(home.backups()).toHaveLength(1);
  });
  test('what it leaves in the background holds nothing up, and a kill of the supervisor leaves nothing for long', async () => {
    const home = homeAtPlan(running);
    writeScript(home, '#!/bin/sh\nsleep 61 &\n');
    const run = home.start(script);
    await home.started('v2');
    await run.stop();
    const killed = homeAtPlan(running);
    writeScript(killed, '#!/bin/sh\nsleep 62 & echo $! > $TEST_TRACE/left; wait\n');
    const first = killed.start(script);
    await waitUntil(
      'the script',
      () => existsSync(join(killed.trace, 'left')) && readFileSync(join(killed.trace, 'left'), 'utf8') !== '',
    );
    await first.stop('SIGKILL');
    const left = Number(readFileSync(join(killed.trace, 'left'), 'utf8'));
    writeScript(killed, '#!/bin/sh\n');
    await goesOn(killed, script);
    expect(isAlive(left)).toBe(false);
  });
});

describe('3, 5: the new binary', () => {
  const source = 'int x(void); int main(int c, char **v) { (void)v; return c == 2 && x() == 7 ? 0 : 30; }';
  function buildWithLibrary(home: RunHome, flags: readonly string[] = []): void {
    const folder = inHome(home, 'cosmovisor/upgrades/v2');
    for (const name of ['bin', 'lib']) mkdirSync(join(folder, name), { recursive: true });
    compileC(join(folder, 'lib'), 'libx.so', 'int x(void) { return 7; }', ['-shared', '-fPIC', '-Wl,-soname,libx.so']);
    compileC(folder, 'bin/noded', source, [`-L${folder}/lib`, '-lx', ...flags]);
  }
  test('a library that is missing: refused before the switch, named; the next run goes on', async () => {
    const home = homeAtPlan();
    buildWithLibrary(home);
    rmSync(inHome(home, 'cosmovisor/upgrades/v2/lib'), { recursive: true });
    const run = home.start(withBackup);
    expect(await run.ended).toBe(1);
    expect([run.stderr(), home.current()]).toEqual([expect.stringContaining('libx.so'), 'genesis']);
    home.upgrade('v2');
    await goesOn(home, withBackup);
    expect(home.backups()).toHaveLength(1);
  });
  test('one for another machine is refused before the switch', async () => {
    const home = homeAtPlan(running);
    const bytes = readFileSync(newBinary(home));
    bytes[18] = bytes[18] === 183 ? 62 : 183; // e_machine: EM_AARCH64, EM_X86_64 (elf.h)
    writeFileSync(newBinary(home), bytes);
    const run = home.start();
    expect(await run.ended).toBe(1);
    expect([run.stderr(), home.current()]).toEqual([expect.stringContaining(newBinary(home)), 'genesis']);
  });
  test('with staged libraries it finds them, pre-upgrade too; a portable one gets nothing added', async () => {
    const home = homeAtPlan();
    buildWithLibrary(home);
    const run = home.start();
    expect(await run.ended).toBe(0);
    expect([home.current(), run.stdout()]).toEqual(['upgrades/v2', expect.stringContaining('pre-upgrade successful')]);
    const portable = homeAtPlan();
    buildWithLibrary(portable, ['-Wl,-rpath,$ORIGIN/../lib']);
    const other = join(portable.root, 'other');
    mkdirSync(other);
    compileC(other, 'libx.so', 'int x(void) { return 8; }', ['-shared', '-fPIC', '-Wl,-soname,libx.so']);
    const refused = portable.start({ LD_LIBRARY_PATH: other });
    expect(await refused.ended).toBe(1);
    expect(refused.stderr()).toContain('LD_LIBRARY_PATH');
    expect(await portable.start().ended).toBe(0);
  });
  test('missing x bits are added', async () => {
    const home = homeAtPlan(running);
    chmodSync(newBinary(home), 0o600);
    home.start();
    await home.started('v2');
    expect(statSync(newBinary(home)).mode & 0o777).toBe(0o711);
  });
  test('a missing one: named with a near spelling, no folder is made, and no second backup however often it fails', async () => {
    const home = homeAtPlan();
    home.upgrade('V2');
    for (let failures = 0; failures < 2; failures += 1) {
      const run = home.start(withBackup);
      expect(await run.ended).toBe(1);
      expect(run.stderr()).toContain('upgrades/V2');
      expect(readdirSync(inHome(home, 'cosmovisor/upgrades'))).toEqual(['V2']);
      expect(home.backups()).toHaveLength(1);
    }
    home.upgrade('v2');
    await goesOn(home, withBackup);
    expect(home.backups()).toHaveLength(1);
  });
});

describe('5: going on', () => {
  const record = (home: RunHome): string => inHome(home, 'cosmovisor/.cvtool/upgrade.json');
  async function failed(): Promise<RunHome> {
    const home = homeAtPlan();
    expect(await home.start(withBackup).ended).toBe(1);
    home.upgrade('v2');
    return home;
  }
  test('a backup that a killed run had no time to note is found', async () => {
    const home = await failed();
    const noted = JSON.parse(readFileSync(record(home), 'utf8')) as object;
    writeFileSync(record(home), JSON.stringify({ ...noted, backup: undefined }));
    await goesOn(home, withBackup);
    expect(home.backups()).toHaveLength(1);
  });
  test('one that was removed meanwhile is made again', async () => {
    const home = await failed();
    rmSync(inHome(home, home.backups()[0] ?? ''), { recursive: true });
    await goesOn(home, withBackup);
    expect(home.backups()).toHaveLength(1);
  });
  test('a plan file that the power took is none that was taken back', async () => {
    const home = await failed();
    writeFileSync(inHome(home, 'data/upgrade-info.json'), '');
    await goesOn(home, withBackup);
  });
  test('a plan that was taken back is none; a damaged note is none', async () => {
    const home = await failed();
    home.genesis({ steps: ['exit 0'] });
    writeFileSync(record(home), '{"na');
    rmSync(inHome(home, 'data/upgrade-info.json'));
    expect(await home.start(withBackup).ended).toBe(0);
    expect(home.starts().at(-1)).toBe('genesis');
  });
  test('what a killed run left half-written is swept away, and never in the way', async () => {
    const home = homeAtPlan(running, ['exit 0']);
    mkdirSync(inHome(home, 'cosmovisor/.cvtool'));
    const left = [
      'cosmovisor/.current.next',
      'cosmovisor/.cvtool/.upgrade.json.cvtool-new',
      'cosmovisor/upgrades/v2/.upgrade-info.json.cvtool-new',
      'data/.upgrade-info.json.batch.cvtool-new',
    ];
    for (const name of left) writeFileSync(inHome(home, name), 'torn');
    const partial = inHome(home, 'data-backup-2026-1-1.partial');
    mkdirSync(partial);
    symlinkSync(home.home, join(partial, '.cvtool-backup.json'));
    writeFileSync(join(partial, 'much'), 'data');
    expect(await home.start(withBackup).ended).toBe(0);
    expect([...left.map((name) => inHome(home, name)), partial].filter(existsSync)).toEqual([]);
  });
});

describe('5: the places', () => {
  test('`data` as a link, and files of the future (a clock that jumped back): one whole backup', async () => {
    const home = homeAtPlan(running);
    renameSync(inHome(home, 'data'), join(home.root, 'elsewhere'));
    symlinkSync(join(home.root, 'elsewhere'), inHome(home, 'data'));
    runTool('touch', ['-d', 'tomorrow', inHome(home, 'data/state')], { cwd: home.root });
    home.start(withBackup);
    await home.started('v2');
    expect(readFileSync(inHome(home, home.backups()[0] ?? '', 'state'), 'utf8')).toBe('some bytes');
  });
  test('a clock that jumped back a day between two runs: still one backup', async () => {
    const home = homeAtPlan();
    expect(await home.start(withBackup).ended).toBe(1);
    for (const path of ['data/upgrade-info.json', home.backups()[0] ?? '', 'cosmovisor/.cvtool/upgrade.json'])
      runTool('touch', ['-d', 'tomorrow', inHome(home, path)], { cwd: home.root });
    home.upgrade('v2');
    await goesOn(home, withBackup);
    expect(home.backups()).toHaveLength(1);
  });
  test('a backup folder that has become a file: named, exit 1, and the next run goes on', async () => {
    const home = homeAtPlan(running, ['wait go', 'plan v2 10', 'hang']);
    const folder = join(home.root, 'backups');
    mkdirSync(folder);
    const run = home.start({ ...withBackup, DAEMON_DATA_BACKUP_DIR: folder });
    await home.started('genesis');
    rmSync(folder, { recursive: true });
    writeFileSync(folder, '');
    home.flag('go');
    expect(await run.ended).toBe(1);
    expect([run.stderr(), home.current()]).toEqual([expect.stringContaining(folder), 'genesis']);
    rmSync(folder);
    mkdirSync(folder);
    await goesOn(home, { ...withBackup, DAEMON_DATA_BACKUP_DIR: folder });
    expect(home.backups(folder)).toHaveLength(1);
  });
  needs({ root: true })('a read-only backup folder, a read-only home: named, exit 1, nothing is changed', async () => {
    const home = homeAtPlan(running, ['wait go', 'plan v2 10', 'hang']);
    const folder = join(home.root, 'backups');
    mkdirSync(folder);
    runTool('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', folder], { cwd: scratch });
    const variables = { ...withBackup, DAEMON_DATA_BACKUP_DIR: folder };
    try {
      const run = home.start(variables);
      await home.started('genesis');
      runTool('mount', ['-o', 'remount,ro', folder], { cwd: scratch });
      home.flag('go');
      expect(await run.ended).toBe(1);
      expect(run.stderr()).toMatch(/^Error: .*read-only/);
      expect([run.stderr(), home.current()]).toEqual([expect.stringContaining(folder), 'genesis']);
      runTool('mount', ['-o', 'remount,rw', folder], { cwd: scratch });
      await goesOn(home, variables);
      expect(home.backups(folder)).toHaveLength(1);
      await home.cut();
    } finally {
      runTool('umount', ['-l', folder], { cwd: scratch });
    }
    const cosmovisor = inHome(home, 'cosmovisor');
    runTool('mount', ['--bind', cosmovisor, cosmovisor], { cwd: scratch });
    try {
      runTool('mount', ['-o', 'remount,bind,ro', cosmovisor], { cwd: scratch });
      const run = home.start();
      expect(await run.ended).toBe(1);
      expect(run.stderr()).toMatch(/^Error: .*read-only/);
      expect(run.stderr()).not.toContain('bug');
    } finally {
      runTool('umount', ['-l', cosmovisor], { cwd: scratch });
    }
  });
  needs({ root: true })(
    'a full disk below cosmovisor/, or below the backup folder: one clear error, and the next run completes',
    async () => {
      for (const [place, variables] of [
        ['cosmovisor', {}],
        ['backups', { ...withBackup, DAEMON_DATA_BACKUP_DIR: 'backups' }],
      ] as const) {
        const home = makeRunHome(scratch, tools);
        const disk = inHome(home, place);
        mkdirSync(disk, { recursive: true });
        runTool('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', disk], { cwd: scratch });
        try {
          home.genesis({ steps: ['wait go', 'plan v2 10', 'hang'] });
          home.upgrade('v2');
          writeFileSync(inHome(home, 'data/state'), Buffer.alloc(100_000));
          const named =
            'DAEMON_DATA_BACKUP_DIR' in variables ? { ...variables, DAEMON_DATA_BACKUP_DIR: disk } : variables;
          const run = home.start(named);
          await home.started('genesis');
          expect(() => writeFileSync(join(disk, 'fill'), Buffer.alloc(2 << 20))).toThrow('ENOSPC');
          home.flag('go');
          expect(await run.ended, place).toBe(1);
          expect(run.stderr()).toMatch(/^Error: .*no space left/i);
          expect(run.stderr()).toContain(disk);
          expect([home.current(), run.stderr()]).toEqual(['genesis', expect.not.stringContaining('bug')]);
          rmSync(join(disk, 'fill'));
          if (place === 'backups') await goesOn(home, named);
          else {
            home.start(named); // nothing could be noted: the old binary halts once more
            await home.started('v2');
          }
          await home.cut();
        } finally {
          runTool('umount', ['-l', disk], { cwd: scratch });
        }
      }
    },
  );
  needs({ root: true })('`data` on a file system of its own: the backup is a copy of it', async () => {
    const home = makeRunHome(scratch, tools);
    runTool('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', inHome(home, 'data')], { cwd: scratch });
    try {
      home.genesis({ steps: ['plan v2 10', 'hang'] });
      home.upgrade('v2');
      writeFileSync(inHome(home, 'data/state'), 'some bytes');
      home.start(withBackup);
      await home.started('v2');
      expect(readFileSync(inHome(home, home.backups()[0] ?? '', 'state'), 'utf8')).toBe('some bytes');
      await home.cut();
    } finally {
      runTool('umount', ['-l', inHome(home, 'data')], { cwd: scratch });
    }
  });
});
