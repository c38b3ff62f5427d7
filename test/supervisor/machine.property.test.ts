// The promises of the supervisor, over random interleavings of everything that can happen to it.
import fc from 'fast-check';
import { expect, test } from 'vitest';

import type { Event, Rules } from '../../src/supervisor/machine/types.js';
import { plan, World } from './world.js';

const maybe = <Value>(arbitrary: fc.Arbitrary<Value>) => fc.option(arbitrary, { nil: undefined });
const anyPlan = fc.record({ name: fc.constantFrom('v2', 'v3', 'v4'), height: fc.constantFrom(5, 50, 500) });
const anyRules: fc.Arbitrary<Rules> = fc.record({
  grace: maybe(fc.constant(1000)),
  restartDelay: maybe(fc.constant(1000)),
  restartAfterUpgrade: fc.boolean(),
  skipBackup: fc.boolean(),
  customScript: fc.boolean(),
  preUpgradeRetries: fc.integer({ min: 0, max: 2 }),
  skippedHeights: fc.subarray([5, 50, 500]),
});
/** An event of the outside, or a number that picks one of those that the world makes possible. */
const happening = fc.oneof(
  { weight: 40, arbitrary: fc.nat() },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom('SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2')
      .map((signal): Event => ({ kind: 'signalled', signal })),
  },
  {
    weight: 10,
    arbitrary: maybe(anyPlan).map((each): Event => ({
      kind: 'planChanged',
      plan: each && plan(each.name, each.height),
    })),
  },
  {
    weight: 1,
    arbitrary: fc.array(anyPlan, { maxLength: 3 }).map((all): Event => ({
      kind: 'manualChanged',
      manual: all.map((each) => plan(each.name, each.height, 'manual')),
    })),
  },
);
const story = fc.record({
  rules: anyRules,
  there: maybe(anyPlan),
  resume: fc.boolean(),
  happenings: fc.array(happening, { maxLength: 60, size: 'max' }),
});

function live({
  rules,
  there,
  resume,
  happenings,
}: typeof story extends fc.Arbitrary<infer Story> ? Story : never): World {
  const world = new World(rules);
  const found = there && plan(there.name, there.height);
  world.tell({
    kind: 'begun',
    running: undefined,
    plan: found,
    manual: [],
    resume: resume && found ? { plan: found, backupMade: false } : undefined,
  });
  for (const each of happenings) {
    if (world.ended !== undefined) break;
    const possible = world.possible();
    const event = typeof each === 'number' ? possible[each % Math.max(1, possible.length)] : each;
    if (event !== undefined) world.tell(event);
  }
  return world;
}

test('never two daemons, never a switch before the backup, nothing begun after a stop, nobody left behind', () => {
  const seen = { ended: 0, switched: 0, stopped: 0 };
  fc.assert(
    fc.property(story, (each) => {
      const world = live(each);
      expect(world.broken).toEqual([]);
      seen.ended += world.ended === undefined ? 0 : 1;
      seen.switched += world.log.includes('step switch') ? 1 : 0;
      seen.stopped += world.state.stopRequested === undefined ? 0 : 1;
    }),
    { numRuns: Number(process.env.CVTOOL_FUZZ_RUNS ?? 5000) },
  );
  expect(Math.min(seen.ended, seen.switched, seen.stopped)).toBeGreaterThan(100); // else it has tested nothing
});

test('every stop ends: once what was begun has ended, so has the supervisor', () => {
  fc.assert(
    fc.property(
      story,
      fc.constantFrom('SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP'),
      fc.infiniteStream(fc.nat()),
      (each, signal, picks) => {
        const world = live(each);
        if (world.ended !== undefined) return;
        world.tell({ kind: 'signalled', signal });
        for (let left = 20; left > 0; left -= 1) {
          const possible = world.possible().filter(({ kind }) => kind !== 'timerFired' && kind !== 'heightTold');
          const event = possible[(picks.next().value as number) % Math.max(1, possible.length)];
          if (event === undefined) break;
          world.tell(event);
        }
        expect(world.broken).toEqual([]);
        expect(world.ended).toBeTypeOf('number');
      },
    ),
    { numRuns: Number(process.env.CVTOOL_FUZZ_RUNS ?? 2000) },
  );
});
