// The rules of the contract (spec/supervisor.md, The way of a run), each by its paragraph.
import { describe, expect, test } from 'vitest';

import { rules } from '../../src/supervisor/machine/next.js';
import { phases, type Events, type Rules } from '../../src/supervisor/machine/types.js';
import { parsePlanName } from '../../src/values/plan-name.js';
import { exited, plan, World } from './world.js';

const v2 = plan('v2', 50);

/** A run that has begun with no upgrade to resume, its binary found sound, so that the node runs. */
function begun(given: Partial<Events['begun']> = {}, rules: Partial<Rules> = {}): World {
  return new World(rules)
    .tell({ kind: 'begun', running: undefined, plan: undefined, manual: [], resume: undefined, ...given })
    .tell({ kind: 'stepDone', step: 'check' });
}

/** A node that runs genesis, with no plan. */
function running(rules: Partial<Rules> = {}): World {
  return begun({}, rules);
}

function told(world: World, height: number | undefined): World {
  expect(world.asked, 'a height is asked for').toBeTypeOf('number');
  return world.tell({ kind: 'heightTold', height, generation: world.asked ?? -1 });
}

/** From the daemon's end to the start of the new one, all steps going well. */
function upgradeThrough(world: World): World {
  while (world.step !== undefined) {
    const { step } = world;
    world.tell(step === 'preUpgrade' ? { kind: 'preUpgradeEnded', end: exited(1) } : { kind: 'stepDone', step });
  }
  return world;
}

test('each phase has a rule for each event, with the paragraph that it carries out', () => {
  for (const phase of phases) {
    for (const [kind, { spec }] of Object.entries(rules[phase])) expect(spec, `${phase}.${kind}`).toMatch(/\S/);
  }
  const named = JSON.stringify(Object.values(rules).flatMap((row) => Object.values(row).map(({ spec }) => spec)));
  for (const paragraph of ['3: ', '4: ', '5: ', '6: ']) expect(named).toContain(paragraph);
});

describe('3: the binary is looked at before it is started', () => {
  const checking = (): World =>
    new World().tell({ kind: 'begun', running: undefined, plan: undefined, manual: [], resume: undefined });
  test('what is known to be wrong is refused: status 1, nothing is started', () => {
    const world = checking().tell({ kind: 'stepFailed', step: 'check' });
    expect([world.ended, world.log]).toEqual([1, ['check', 'end']]);
  });
  test('nothing is started after a stop in the middle of it', () => {
    const world = checking().tell({ kind: 'signalled', signal: 'SIGTERM' });
    expect([world.log.at(-1), world.ended]).toEqual(['abort', undefined]);
    expect(world.tell({ kind: 'stepDone', step: 'check' }).ended).toBe(0);
    expect(world.log).not.toContain('start');
  });
  test('a plan that comes meanwhile was there before the start', () => {
    const world = checking().tell({ kind: 'planChanged', plan: v2 }).tell({ kind: 'stepDone', step: 'check' });
    expect(told(world, undefined).log).not.toContain('signal SIGTERM');
  });
});

describe('4: when a plan is due', () => {
  test('the file came while the daemon ran, and no height is told: due', () => {
    const world = told(running().tell({ kind: 'planChanged', plan: v2 }), undefined);
    expect(world.log.slice(-4)).toEqual(['say', 'signal SIGTERM', 'note', 'setTimer']);
    world.tell({ kind: 'daemonEnded', end: exited(0) });
    expect(upgradeThrough(world).log.at(-2)).toBe('start');
    expect(world.state.running).toBe('v2');
  });
  test('the node is known to be below the height: it runs on, is asked again every 2 s, until it is there', () => {
    const world = told(running().tell({ kind: 'planChanged', plan: v2 }), 49);
    expect(world.log).not.toContain('signal SIGTERM');
    world.tell({ kind: 'timerFired', timer: 'ask' });
    expect(told(world, 50).log).toContain('signal SIGTERM');
  });
  test('no answer after a height below the plan was told: it is not due by that', () => {
    const world = told(running().tell({ kind: 'planChanged', plan: v2 }), 49);
    world.tell({ kind: 'timerFired', timer: 'ask' });
    expect(told(world, undefined).log).not.toContain('signal SIGTERM');
  });
  test('a file that was there before the start: no answer is not due, a height that says so is', () => {
    const start = (): World => begun({ plan: v2 });
    expect(told(start(), undefined).log).not.toContain('signal SIGTERM');
    expect(told(start(), 50).log).toContain('signal SIGTERM');
  });
  test.each([0, 2, 1])('the daemon exits by itself with %i: the file decides, no height needed', (status) => {
    const world = begun({ plan: v2 });
    world.tell({ kind: 'daemonEnded', end: exited(status) });
    expect(world.step).toBe('unlock');
  });
  test('it told a lower height after the file’s last change: its exit is a crash', () => {
    const world = told(running().tell({ kind: 'planChanged', plan: v2 }), 49);
    world.tell({ kind: 'daemonEnded', end: exited(2) });
    expect(world.ended).toBe(2);
  });
  test('a height told before the file’s last change says nothing', () => {
    const world = told(running().tell({ kind: 'planChanged', plan: v2 }), 49);
    world.tell({ kind: 'planChanged', plan: plan('v2', 50) }).tell({ kind: 'daemonEnded', end: exited(2) });
    expect(world.step).toBe('unlock');
  });
  test('an answer to an older question does not count', () => {
    const world = running().tell({ kind: 'planChanged', plan: v2 });
    const old = world.asked ?? -1;
    world
      .tell({ kind: 'planChanged', plan: plan('v3', 500) })
      .tell({ kind: 'heightTold', height: 60, generation: old });
    expect(world.log).not.toContain('signal SIGTERM');
  });
  test('the running upgrade’s own name is no upgrade, rewritten or not', () => {
    const world = begun({ running: parsePlanName('v2'), plan: v2 });
    world.tell({ kind: 'planChanged', plan: plan('v2', 90) });
    expect(world.asked).toBeUndefined();
    world.tell({ kind: 'daemonEnded', end: exited(0) });
    expect(world.ended).toBe(0);
  });
  test('a lower height than the last one’s is a plan like any other', () => {
    const world = begun({ running: parsePlanName('v3') });
    expect(told(world.tell({ kind: 'planChanged', plan: plan('v2', 5) }), undefined).log).toContain('signal SIGTERM');
  });
  test('a skipped height is no upgrade: the daemon stays up, and its exit is its own', () => {
    const world = running({ skippedHeights: [50] }).tell({ kind: 'planChanged', plan: v2 });
    expect(world.asked).toBeUndefined();
    expect(world.tell({ kind: 'daemonEnded', end: exited(3) }).ended).toBe(3);
  });
  test('manual plans are done in the order of their heights, and wait where no height is known, also at the daemon’s end', () => {
    const manual = [plan('m300', 300, 'manual'), plan('m100', 100, 'manual'), plan('m200', 200, 'manual')];
    const world = begun({ manual });
    told(world, 99).tell({ kind: 'timerFired', timer: 'ask' });
    told(world, 250).tell({ kind: 'daemonEnded', end: exited(0) });
    expect(upgradeThrough(world).state.running).toBe('m100');
    const both = begun({ plan: plan('c150', 150), manual });
    expect(upgradeThrough(told(both, 250).tell({ kind: 'daemonEnded', end: exited(0) })).state.running).toBe('m100');
    expect(upgradeThrough(told(both, 250).tell({ kind: 'daemonEnded', end: exited(0) })).state.running).toBe('c150');
    const silent = begun({ manual });
    told(silent, undefined).tell({ kind: 'daemonEnded', end: exited(2) });
    expect(silent.ended).toBe(2);
  });
});

describe('5: the upgrade', () => {
  const due = (given: Partial<Rules> = {}): World =>
    running(given)
      .tell({ kind: 'planChanged', plan: v2 })
      .tell({ kind: 'daemonEnded', end: exited(2) });
  const atPreUpgrade = (given: Partial<Rules> = {}): World => {
    const world = due({ skipBackup: true, ...given });
    return world.tell({ kind: 'stepDone', step: 'unlock' }).tell({ kind: 'stepDone', step: 'fetch' });
  };
  test('restart delay, backup, script, binary, pre-upgrade, switch, start: in this order', () => {
    const world = due({ restartDelay: 1000, customScript: true });
    world.tell({ kind: 'stepDone', step: 'unlock' });
    expect(world.timers).toContain('delay');
    upgradeThrough(world.tell({ kind: 'timerFired', timer: 'delay' }));
    expect(world.log.filter((each) => /^step|^start/.test(each))).toEqual([
      'start',
      'step unlock',
      'step backup',
      'step script',
      'step fetch',
      'step preUpgrade',
      'step switch',
      'start',
    ]);
  });
  test.each([
    [0, 'switch'],
    [1, 'switch'],
    [2, 'switch'],
    [255, 'switch'],
  ] as const)('pre-upgrade ends with %i: go on', (status, step) => {
    expect(atPreUpgrade().tell({ kind: 'preUpgradeEnded', end: exited(status) }).step).toBe(step);
  });
  test.each([30, 126, 127])('pre-upgrade ends with %i: fail, nothing is switched', (status) => {
    const world = atPreUpgrade().tell({ kind: 'preUpgradeEnded', end: exited(status) });
    expect([world.ended, world.log.includes('step switch')]).toEqual([1, false]);
  });
  test('pre-upgrade ended by a signal cannot run', () => {
    const world = atPreUpgrade().tell({
      kind: 'preUpgradeEnded',
      end: { kind: 'signalled', signal: 'SIGSEGV', number: 11 },
    });
    expect(world.ended).toBe(1);
  });
  test('31 is tried again up to the maximum, 1 s apart, then fails', () => {
    const world = atPreUpgrade({ preUpgradeRetries: 2 });
    for (const attempt of [1, 2]) {
      expect(world.state.attempts).toBe(attempt);
      world.tell({ kind: 'preUpgradeEnded', end: exited(31) });
      expect(world.timers).toContain('retry');
      world.tell({ kind: 'timerFired', timer: 'retry' });
      expect(world.step).toBe('preUpgrade');
    }
    expect(world.tell({ kind: 'preUpgradeEnded', end: exited(31) }).ended).toBe(1);
  });
  test('DAEMON_RESTART_AFTER_UPGRADE=false leaves out the start alone', () => {
    const world = upgradeThrough(due({ restartAfterUpgrade: false }));
    expect([world.ended, world.state.running, world.log.filter((each) => each === 'start')]).toEqual([
      0,
      'v2',
      ['start'],
    ]);
  });
  test.each(['unlock', 'backup', 'fetch'] as const)('a failure of %s ends with 1 before the switch', (failing) => {
    const world = due();
    while (world.step !== failing) world.tell({ kind: 'stepDone', step: world.step ?? 'switch' });
    world.tell({ kind: 'stepFailed', step: failing });
    expect([world.ended, world.log.includes('step switch')]).toEqual([1, false]);
  });
  test('a run after a kill goes on from where it stood: no daemon is started first, no second backup', () => {
    const world = new World().tell({
      kind: 'begun',
      running: undefined,
      plan: v2,
      manual: [],
      resume: { plan: v2, backupMade: true },
    });
    upgradeThrough(world);
    expect(world.log.filter((each) => /^step|^start/.test(each))).toEqual([
      'step unlock',
      'step fetch',
      'step preUpgrade',
      'step switch',
      'start',
    ]);
  });
  test('the new binary writes its own plan again and dies: it lacks the handler, and is not started in a loop', () => {
    const world = upgradeThrough(due()).tell({ kind: 'planChanged', plan: v2 });
    expect(world.daemon).toBe(true); // the rewrite alone is no reason to stop it
    world.tell({ kind: 'daemonEnded', end: exited(2) });
    expect(world.ended).toBe(2);
  });
});

describe('6: signals', () => {
  test.each([
    ['SIGTERM', 'SIGTERM'],
    ['SIGINT', 'SIGTERM'],
    ['SIGQUIT', 'SIGQUIT'],
    ['SIGHUP', 'SIGHUP'],
  ] as const)('%s reaches the daemon as %s, each time, and the supervisor leaves after it', (signal, sent) => {
    const world = running().tell({ kind: 'signalled', signal }).tell({ kind: 'signalled', signal });
    expect(world.log.filter((each) => each.startsWith('signal'))).toEqual([`signal ${sent}`, `signal ${sent}`]);
    expect(world.ended).toBeUndefined();
    expect(world.timers.size).toBe(0); // as long as it takes
    expect(world.tell({ kind: 'daemonEnded', end: exited(0) }).ended).toBe(0);
  });
  test.each(['SIGUSR1', 'SIGUSR2'] as const)('%s is passed on and stops nothing', (signal) => {
    const world = running().tell({ kind: 'signalled', signal });
    expect([world.log.at(-1), world.state.phase]).toEqual([`signal ${signal}`, 'running']);
  });
  test('the status after a stop: 0 where the signal ended it, else its own', () => {
    const stopped = (): World => running().tell({ kind: 'signalled', signal: 'SIGTERM' });
    expect(
      stopped().tell({ kind: 'daemonEnded', end: { kind: 'signalled', signal: 'SIGTERM', number: 15 } }).ended,
    ).toBe(0);
    expect(stopped().tell({ kind: 'daemonEnded', end: exited(143) }).ended).toBe(0); // it has caught the signal
    expect(stopped().tell({ kind: 'daemonEnded', end: exited(7) }).ended).toBe(7);
  });
  test('a daemon that dies by itself gives its status, 128+n for a signal', () => {
    expect(
      running().tell({ kind: 'daemonEnded', end: { kind: 'signalled', signal: 'SIGSEGV', number: 11 } }).ended,
    ).toBe(139);
    expect(running().tell({ kind: 'daemonEnded', end: exited(3) }).ended).toBe(3);
  });
  test('DAEMON_SHUTDOWN_GRACE: SIGKILL after it, which is then not the stop’s own end', () => {
    const world = running({ grace: 1000 })
      .tell({ kind: 'signalled', signal: 'SIGTERM' })
      .tell({ kind: 'timerFired', timer: 'grace' });
    expect(world.log.at(-1)).toBe('signal SIGKILL');
    expect(world.tell({ kind: 'daemonEnded', end: { kind: 'signalled', signal: 'SIGKILL', number: 9 } }).ended).toBe(
      137,
    );
  });
  test('no upgrade after a requested stop, whatever the file says', () => {
    const world = running().tell({ kind: 'planChanged', plan: v2 }).tell({ kind: 'signalled', signal: 'SIGTERM' });
    expect(world.tell({ kind: 'daemonEnded', end: exited(0) }).ended).toBe(0);
  });
  test('a stop in the middle of an upgrade’s stop: the daemon is waited for, and nothing follows', () => {
    const world = told(running().tell({ kind: 'planChanged', plan: v2 }), 50).tell({
      kind: 'signalled',
      signal: 'SIGINT',
    });
    expect(world.tell({ kind: 'daemonEnded', end: exited(0) }).ended).toBe(0);
  });
});
