// Replays of a chain under the built `cvtool run`, by staged binaries and manual plans: every upgrade is made, in the order of the
// heights, none twice and none too early, whatever the line of the SDK and however the node stops.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect, test } from 'vitest';

import { needs } from '../support/needs.js';
import {
  compileReplayNode,
  writeChain,
  type ReplayedChain,
  type ReplayUpgrade,
  type SdkLine,
} from '../support/replay-node.js';
import { cli } from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { runTool } from '../support/run-tool.js';
import { waitUntil } from '../support/wait-until.js';
import { endHomesAfterEach, makeRunHome, type RunHome } from '../supervisor/run-home.js';

const scratch = scratchFolder();
const lines: readonly SdkLine[] = ['0.42', '0.45', '0.47', '0.50'];
let program: string;
beforeAll(() => {
  program = compileReplayNode(scratch);
});
endHomesAfterEach();

/** `count` upgrades, through the four lines one after the other. */
function chainOf(count: number, by: (index: number) => ReplayUpgrade['by'], distance = 10): ReplayedChain {
  const upgrades = Array.from({ length: count }, (_, index) => ({
    name: `v${index + 1}`,
    height: (index + 1) * distance,
    by: by(index),
    line: lines[Math.floor((index * lines.length) / count)] ?? '0.50',
  }));
  return { genesis: '0.42', upgrades, last: (count + 1) * distance, blockTime: 5 };
}

/** A home with the genesis binary, all others staged and planned by one `add-batch-upgrade`, its list in no order. */
function homeOf(chain: ReplayedChain): RunHome {
  const home = makeRunHome(scratch, { program: cli, daemon: program });
  writeChain(home.trace, chain);
  const genesis = join(home.home, 'cosmovisor/genesis/bin');
  mkdirSync(genesis, { recursive: true });
  copyFileSync(program, join(genesis, 'noded'));
  const rows = chain.upgrades.map(({ name, height }) => `${name},${program},${height}`);
  writeFileSync(join(home.root, 'upgrades.csv'), shuffled(rows).join('\n'));
  runTool(process.execPath, [cli, 'add-batch-upgrade', '--upgrade-file', join(home.root, 'upgrades.csv')], {
    environment: home.environment,
  });
  return home;
}

/** In an order that looks like none, and is the same each time. */
function shuffled(rows: readonly string[]): string[] {
  return rows
    .map((row, index) => ({ row, at: (index * 7919 + 13) % 101 }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ row }) => row);
}

const start = (home: RunHome) => home.start({}, ['run', 'start']);

/** All were made, each in its turn, and what says so lies on the disk. */
function expectReplayed(home: RunHome, { upgrades }: ReplayedChain): void {
  const names = upgrades.map(({ name }) => name);
  const labels = home.starts();
  expect(labels.filter((label, index) => label !== labels[index - 1])).toEqual(['genesis', ...names]);
  const events = home.events();
  for (const wrong of ['lost', 'too-early', 'before-its-height', 'overlap'])
    expect(events.filter(({ what }) => what.includes(wrong))).toEqual([]);
  const byChain = upgrades.filter(({ by }) => by === 'chain').map(({ name, height }) => `applied ${name} ${height}`);
  expect(events.map(({ what }) => what).filter((what) => what.startsWith('applied'))).toEqual(byChain);
  expect(home.current()).toBe(`upgrades/${names.at(-1) ?? ''}`);
  expect(JSON.parse(readFileSync(join(home.home, 'data/upgrade-info.json.batch'), 'utf8'))).toEqual([]);
  for (const { name, height } of upgrades) {
    const copy = readFileSync(join(home.home, 'cosmovisor/upgrades', name, 'upgrade-info.json'), 'utf8');
    expect(JSON.parse(copy)).toMatchObject({ name, height });
  }
}

/** The node goes on at the heights of manual plans: it is stopped when the last one was made. */
async function replayByHand(chain: ReplayedChain): Promise<void> {
  const home = homeOf(chain);
  const run = start(home);
  const last = chain.upgrades.at(-1)?.name ?? '';
  await waitUntil(`the start of ${last}`, () => home.starts().includes(last), 500_000);
  expect(await run.stop()).toBe(0);
  expectReplayed(home, chain);
}

const endless = 1_000_000_000;

test('the chain halts at each height', async () => {
  const chain = chainOf(8, () => 'chain');
  const home = homeOf(chain);
  expect(await start(home).ended).toBe(0);
  expectReplayed(home, chain);
});

test('the chain knows of none: each is made when the node has told its height', async () => {
  await replayByHand({ ...chainOf(4, () => 'manual', 50), last: endless });
});

test('a node that replays faster than it is asked: what was passed by is made up for, in its order', async () => {
  const chain = chainOf(12, (index) => (index % 4 === 3 ? 'chain' : 'manual'));
  const home = homeOf(chain);
  expect(await start(home).ended).toBe(0);
  expectReplayed(home, chain);
});

test('the supervisor is killed again and again meanwhile', async () => {
  const chain = chainOf(16, (index) => (index % 3 === 1 ? 'manual' : 'chain'));
  const home = homeOf(chain);
  for (let seen = 3; ; seen += 4) {
    const run = start(home);
    await waitUntil('more happens', () => home.events().length >= seen || run.child.exitCode !== null, 30_000);
    if (run.child.exitCode !== null) break;
    await run.stop('SIGKILL');
  }
  expectReplayed(home, chain);
});

needs({ slow: true })(
  'a hundred, by the chain and by hand in turns, none lost',
  async () => {
    const chain = chainOf(100, (index) => (index % 3 === 1 ? 'manual' : 'chain'));
    const home = homeOf(chain);
    expect(await start(home).ended).toBe(0);
    expectReplayed(home, chain);
  },
  300_000,
);

needs({ slow: true })(
  'a hundred by hand alone, none lost',
  async () => {
    await replayByHand({ ...chainOf(100, () => 'manual', 100), last: endless });
  },
  600_000,
);
