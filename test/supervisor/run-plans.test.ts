// The way of a run, 2 and 4, with real processes: which plan is acted on, and when.
import { mkdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isAbsolute, join } from 'node:path';

import { beforeAll, describe, expect, test } from 'vitest';

import { type DaemonScript, type DaemonStep } from '../support/scripted-daemon.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { endHomesAfterEach, makeApplied, makeRunHome, runTools, type RunHome, type RunTools } from './run-home.js';

const scratch = scratchFolder();
let tools: RunTools;
beforeAll(() => {
  tools = runTools(scratch);
});
endHomesAfterEach();

function homeWith(steps: readonly DaemonStep[], more: Omit<DaemonScript, 'steps'> = {}): RunHome {
  const home = makeRunHome(scratch, tools);
  home.genesis({ steps, ...more });
  home.upgrade('v2');
  return home;
}

const manualList = (home: RunHome): string => join(home.home, 'data/upgrade-info.json.batch');
const namesLeft = (home: RunHome): string[] =>
  (JSON.parse(readFileSync(manualList(home), 'utf8')) as { name: string }[]).map(({ name }) => name);

describe('4: a plan that is due', () => {
  test.each([
    ['plain', ['plan v2 10', 'hang']],
    ['halves', ['halves v2 10', 'hang']],
    ['empty first', ['empty v2 10', 'hang']],
    ['and the daemon exits 0', ['plan v2 10', 'exit 0']],
    ['and the daemon exits 2', ['plan v2 10', 'exit 2']],
    ['and the daemon dies', ['plan v2 10', 'die 11']],
  ] as const)('%s: stopped, switched, started', async (_, steps) => {
    const home = homeWith(steps);
    const run = home.start();
    await home.started('v2');
    expect(home.starts()).toEqual(['genesis', 'v2']);
    expect(home.current()).toBe('upgrades/v2');
    expect(readFileSync(join(home.home, 'cosmovisor/upgrades/v2/upgrade-info.json'), 'utf8')).toContain('"height":10');
    expect(await run.stop()).toBe(0);
  });

  test.each([
    '',
    '{',
    'null',
    '{"name":"v2"}',
    '{"name":"v2","height":"10"}',
    '{"name":"..","height":1}',
    '{"name":"","height":3}',
  ])('content that is no plan is not acted on, and told once: %s', async (raw) => {
    const home = homeWith([`raw ${raw}`, 'wait go', 'plan v2 10', 'hang']);
    const run = home.start();
    await home.started('genesis');
    await expect.poll(() => run.stdout(), { timeout: 10_000 }).toContain('plan file cannot be read yet');
    expect(home.starts()).toEqual(['genesis']);
    home.flag('go');
    await home.started('v2');
    expect(run.stdout().split('cannot be read yet')).toHaveLength(2);
  });

  test.each(['stderr', undefined] as const)(
    'the node is below the height: it runs on until it is there (%s)',
    async (status) => {
      const home = homeWith(['height 5', 'plan v2 10', 'hang'], status === undefined ? {} : { status });
      home.start();
      await home.saw('genesis', 'status', 2);
      expect(home.starts()).toEqual(['genesis']);
      home.height(10);
      await home.started('v2');
    },
  );

  test('it has told a lower height since: its end is a crash, with its own status', async () => {
    const home = homeWith(['height 5', 'plan v2 10', 'wait crash', 'exit 3']);
    const run = home.start();
    await home.saw('genesis', 'status', 2);
    home.flag('crash');
    expect(await run.ended).toBe(3);
    expect(home.current()).toBe('genesis');
  });

  test('RPC on the loopback is asked first, by --rpc.laddr and by config.toml', async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      response.end('{"result":{"sync_info":{"latest_block_height":"7"}}}');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = `tcp://0.0.0.0:${(server.address() as AddressInfo).port}`;
    try {
      const byFlag = homeWith(['plan v2 7', 'hang'], { status: 'hang' });
      byFlag.start({}, ['start', '--rpc.laddr', address]);
      await byFlag.started('v2');
      const byFile = homeWith(['plan v2 8', 'wait go', 'exit 4']);
      mkdirSync(join(byFile.home, 'config'));
      writeFileSync(
        join(byFile.home, 'config/config.toml'),
        `[p2p]\nladdr = "tcp://1.2.3.4:1"\n[rpc]\nladdr = "${address}"\n`,
      );
      const run = byFile.start();
      await byFile.saw('genesis', 'plan');
      const before = asked;
      await expect.poll(() => asked, { timeout: 20_000 }).toBeGreaterThan(before + 1); // the first may be of before the plan
      byFile.flag('go');
      expect(await run.ended).toBe(4);
      expect(byFile.events('status')).toEqual([]);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  test.each([
    [['--unsafe-skip-upgrades', '10']],
    [['--unsafe-skip-upgrades=5,10']],
    [['--unsafe-skip-upgrades', '5', '10', '--x']],
    [['--unsafe-skip-upgrades=5', '--unsafe-skip-upgrades', '10']],
  ])('%j: no upgrade, the daemon stays up, its exit is its own', async (args) => {
    const home = homeWith(['plan v2 10', 'wait go', 'exit 6']);
    const run = home.start({}, ['start', ...args]);
    await home.saw('genesis', 'plan');
    home.flag('go');
    expect(await run.ended).toBe(6);
    expect(home.starts()).toEqual(['genesis']);
  });

  test('a plan that was there before the start: by height, or when the daemon ends on it', async () => {
    const byHeight = homeWith(['height 10', 'hang']);
    byHeight.plan('v2', 10);
    byHeight.start();
    await byHeight.started('v2');
    const byEnd = homeWith(['exit 2']);
    byEnd.plan('v2', 10);
    byEnd.start();
    await byEnd.started('v2');
    expect(byEnd.starts()).toEqual(['genesis', 'v2']);
  });

  test('a plan that was taken away is none; the folder put in the place of another is watched', async () => {
    const gone = homeWith(['raw {"name":"v2","height":10}', 'wait go', 'exit 4']);
    gone.genesis({ steps: ['wait go', 'remove', 'exit 4'] });
    gone.plan('v2', 10);
    const run = gone.start();
    await gone.started('genesis');
    gone.flag('go');
    expect(await run.ended).toBe(4);
    const replaced = homeWith(['hang']);
    replaced.start();
    await replaced.started('genesis');
    renameSync(join(replaced.home, 'data'), join(replaced.home, 'old'));
    mkdirSync(join(replaced.home, 'data'));
    replaced.plan('v2', 10);
    await replaced.started('v2');
  });

  test('the same name is no upgrade, rewritten or not, in another case neither; a lower height with another is', async () => {
    const home = homeWith(['hang']);
    home.upgrade('V2', { steps: ['plan v2 99', 'sleep 500', 'plan V2 3', 'sleep 500', 'plan v3 5', 'hang'] });
    home.upgrade('v3');
    makeApplied(home, 'V2', 10);
    home.start();
    await home.started('v3');
    expect(home.starts()).toEqual(['V2', 'v3']);
  });

  test('upgrade after upgrade, and SIGTERM still reaches the one that runs', async () => {
    const home = homeWith(['plan v2 10', 'hang']);
    home.upgrade('v2', { steps: ['plan v3 20', 'exit 2'] });
    home.upgrade('v3', { steps: ['plan v4 30', 'hang'] });
    home.upgrade('v4');
    const run = home.start();
    await home.started('v4');
    expect(await run.stop()).toBe(0);
    expect([home.starts(), home.events('signal TERM').at(-1)?.label]).toEqual([['genesis', 'v2', 'v3', 'v4'], 'v4']);
  });

  test('a new binary that writes its own plan again and dies lacks the handler: told, and no loop', async () => {
    const home = homeWith(['plan v2 10', 'hang']);
    home.upgrade('v2', { steps: ['plan v2 10', 'exit 2'] });
    const run = home.start();
    expect(await run.ended).toBe(2);
    expect(run.stderr()).toMatch(/^Error: .*v2.*no handler/);
    expect(home.starts()).toEqual(['genesis', 'v2']);
  });
});

describe('4: manual plans', () => {
  test('each when its height has come, in the order of heights; what is done is taken off, and is the plan of upgrade-info.json', async () => {
    const home = homeWith(['height 1', 'hang']);
    for (const name of ['m1', 'm2', 'm3']) home.upgrade(name);
    const list = ['m3', 'm1', 'm2'].map((name) => ({ name, height: Number(name.slice(1)) * 100 }));
    writeFileSync(manualList(home), JSON.stringify(list));
    home.start();
    await home.saw('genesis', 'status', 2);
    expect(home.starts()).toEqual(['genesis']);
    home.height(250);
    await home.started('m2');
    expect(home.starts()).toEqual(['genesis', 'm1', 'm2']);
    expect(namesLeft(home)).toEqual(['m3']);
    expect(readFileSync(join(home.home, 'data/upgrade-info.json'), 'utf8')).toContain('"m2"');
  });

  test('a plan of the chain that was applied before is not taken for one to come after a manual one, nor the other way round', async () => {
    const home = homeWith(['hang']);
    home.upgrade('m3', { steps: ['wait go', 'plan v4 50', 'hang'] });
    home.upgrade('v4');
    makeApplied(home, 'v2', 10);
    home.plan('v2', 10);
    home.height(50);
    writeFileSync(manualList(home), '[{"name":"m3","height":20}]');
    home.start();
    await home.started('m3');
    expect(readFileSync(join(home.home, 'data/upgrade-info.json'), 'utf8')).toContain('"m3"');
    home.flag('go');
    await home.started('v4');
    writeFileSync(manualList(home), '[{"name":"v4","height":20}]'); // a run that was killed before it took it off
    await home.saw('v4', 'start');
    expect(home.starts()).toEqual(['v2', 'm3', 'v4']);
  });

  test('one that is still in the list though it runs is taken off at the start', async () => {
    const home = homeWith(['hang']);
    home.upgrade('m3', { steps: ['exit 0'] });
    makeApplied(home, 'm3', 20);
    writeFileSync(manualList(home), '[{"name":"m3","height":20},{"name":"m9","height":900}]');
    expect(await home.start().ended).toBe(0);
    expect(namesLeft(home)).toEqual(['m9']);
  });

  test('one for a height below that of the upgrade that runs is none: never a step back', async () => {
    const home = homeWith(['hang']);
    for (const name of ['m1', 'm3']) home.upgrade(name);
    makeApplied(home, 'v2', 50);
    writeFileSync(manualList(home), '[{"name":"m1","height":49},{"name":"m3","height":70}]');
    home.height(60);
    home.start();
    await home.saw('v2', 'status', 2);
    home.height(70);
    await home.started('m3');
    expect(home.starts()).toEqual(['v2', 'm3']);
  });

  test('the chain halts at a height above theirs before they were made: they come first, and none after it', async () => {
    for (const end of ['exit 2', 'hang'] as const) {
      const home = homeWith(['wait go', 'plan v9 90', end], { status: 'off' });
      home.upgrade('m1', { steps: ['exit 2'], status: 'off' });
      home.upgrade('m2', { steps: ['exit 2'], status: 'off' });
      home.upgrade('v9', { steps: ['hang'] });
      writeFileSync(manualList(home), '[{"name":"m2","height":20},{"name":"m1","height":10}]');
      home.height(90);
      home.start();
      home.flag('go');
      await home.saw('v9', 'start');
      expect([end, home.starts()]).toEqual([end, ['genesis', 'm1', 'm2', 'v9']]);
    }
  });

  test('with no height known they wait, also if the daemon dies', async () => {
    const home = homeWith(['wait go', 'exit 2'], { status: 'off' });
    writeFileSync(manualList(home), '[{"name":"v2","height":20}]');
    const run = home.start();
    await home.saw('genesis', 'status');
    home.flag('go');
    expect(await run.ended).toBe(2);
    expect(home.starts()).toEqual(['genesis']);
  });
});

describe('2: current', () => {
  test('no link but applied upgrades: restored to that of the greatest height, and said', async () => {
    const home = homeWith(['hang']);
    home.upgrade('v3', { steps: ['exit 0'] });
    makeApplied(home, 'v2', 10);
    makeApplied(home, 'v3', 20);
    rmSync(join(home.home, 'cosmovisor/current'));
    const run = home.start();
    expect(await run.ended).toBe(0);
    expect([home.starts(), home.current()]).toEqual([['v3'], 'upgrades/v3']);
    expect(run.stdout()).toContain('restoring');
  });

  test('a torn copy is no reason to fall back to genesis', async () => {
    const only = homeWith(['hang']);
    only.upgrade('v2', { steps: ['exit 0'] });
    writeFileSync(join(only.home, 'cosmovisor/upgrades/v2/upgrade-info.json'), '{"na');
    expect(await only.start().ended).toBe(0);
    expect(only.starts()).toEqual(['v2']);
    const among = homeWith(['hang']);
    among.upgrade('v3');
    makeApplied(among, 'v2', 10);
    writeFileSync(join(among.home, 'cosmovisor/upgrades/v3/upgrade-info.json'), '');
    rmSync(join(among.home, 'cosmovisor/current'));
    const run = among.start();
    expect(await run.ended).toBe(1);
    expect([among.starts(), run.stderr()]).toEqual([[], expect.stringContaining('v3/upgrade-info.json')]);
    among.plan('v3', 20); // what the node wrote tells the height that the copy does not
    among.start();
    await among.started('v3');
  });

  test.each([true, false])('a link stays in the style that it has (absolute: %s)', async (absolute) => {
    const home = homeWith(['plan v2 10', 'hang']);
    const genesis = join(home.home, 'cosmovisor/genesis');
    symlinkSync(absolute ? genesis : 'genesis', join(home.home, 'cosmovisor/current'));
    home.start();
    await home.started('v2');
    expect(isAbsolute(readlinkSync(join(home.home, 'cosmovisor/current')))).toBe(absolute);
  });

  test('a home with spaces, by a link', async () => {
    const home = makeRunHome(scratch, tools, 'my home ü');
    home.genesis({ steps: ['plan v2 10', 'hang'] });
    home.upgrade('v2');
    symlinkSync(home.home, join(home.root, 'link'));
    home.start({ DAEMON_HOME: join(home.root, 'link'), UNSAFE_SKIP_BACKUP: 'false' });
    await home.started('v2');
    expect(home.backups()).toHaveLength(1);
  });
});
