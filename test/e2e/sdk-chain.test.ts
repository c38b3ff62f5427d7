// A real chain of the Cosmos SDK under the built `cvtool run`: its governance decides an upgrade, and the supervisor is left alone,
// killed or stopped at the height. Whatever is done, the next run goes on: the same chain, the new binary, one whole backup,
// never two daemons, and none that outlives its run.
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, expect } from 'vitest';

import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { makeSdkChain, upgrade, type SdkChain } from '../support/sdk-chain.js';
import { SdkValidator } from '../support/sdk-validator.js';

const scratch = scratchFolder();
const withChain = needs({ go: true, network: true, slow: true });
/** Milliseconds: the first test builds. */
const patience = 10 * 60_000;

const newPlace = `upgrades/${upgrade.name}`;
const wholeBackup = expect.not.stringContaining('.partial') as unknown;
const partialBackup = expect.stringContaining('.partial') as unknown;

let chain: Promise<SdkChain> | undefined;
const validators: SdkValidator[] = [];
afterEach(async () => {
  for (const validator of validators.splice(0)) await validator.remove();
});

async function makeValidator(): Promise<SdkValidator> {
  chain ??= makeSdkChain(scratch);
  const validator = await SdkValidator.make(scratch, await chain);
  validators.push(validator);
  return validator;
}

/** Waits for the first blocks, and has the upgrade decided. @returns the name of the first block */
async function decide(validator: SdkValidator): Promise<string> {
  await validator.until('the first blocks', async () => ((await validator.height()) ?? 0) >= 2); // what block 1 says is committed
  await validator.decideUpgrade();
  return validator.blockId(1);
}

/** Waits until the new binary makes blocks beyond the height; all of it must then be as an upgrade leaves it. */
async function expectGoesOn(validator: SdkValidator, first: string): Promise<void> {
  await validator.until('blocks beyond the height', async () => ((await validator.height()) ?? 0) > upgrade.height + 1);
  expect(validator.daemons().map(({ place }) => place)).toEqual([newPlace]);
  expect(current(validator)).toBe(newPlace);
  expect(await validator.blockId(1)).toBe(first);
  expect(await validator.appliedAt()).toBe(upgrade.height);

  expect(backups(validator)).toEqual([wholeBackup]);
  const [backup = ''] = backups(validator);
  const signed = readFileSync(join(validator.home, backup, 'priv_validator_state.json'), 'utf8');
  expect(JSON.parse(signed)).toMatchObject({ height: String(upgrade.height) }); // of the halt, and not of a block beyond
  expect(existsSync(join(validator.home, backup, 'application.db/CURRENT'))).toBe(true);
}

/** SIGTERM: the node ends by it, and nothing is left of the run. */
async function expectStops(validator: SdkValidator, run: ReturnType<SdkValidator['start']>): Promise<void> {
  expect(await run.stop()).toBe(0);
  expect(validator.daemons()).toEqual([]);
  expect(run.stderr()).not.toMatch(/^Error: /m);
  expect(validator.sandbox.leftovers()).toEqual([]);
  const names = readdirSync(validator.home, { recursive: true, encoding: 'utf8' });
  expect(names.filter((name) => /\.partial|cvtool-new|\.current\.next|\/upgrade\.json$/.test(name))).toEqual([]);
}

function current(validator: SdkValidator): string {
  return readlinkSync(join(validator.home, 'cosmovisor/current'));
}

function backups(validator: SdkValidator): string[] {
  return readdirSync(validator.home).filter((name) => name.startsWith('data-backup-'));
}

withChain(
  'governance decides an upgrade: the chain goes on with the new binary',
  async () => {
    const validator = await makeValidator();
    const run = validator.start();
    const first = await decide(validator);
    await expectGoesOn(validator, first);
    await expectStops(validator, run);
  },
  patience,
);

interface Moment {
  readonly name: string;
  readonly signal: 'SIGKILL' | 'SIGTERM';
  /** Makes the home such that the supervisor cannot get ahead of the signal. @returns variables for it */
  readonly hold?: (validator: SdkValidator) => NodeJS.ProcessEnv;
  readonly hasCome: (validator: SdkValidator) => boolean;
  /** Where `current` leads to when the signal has done its work. */
  readonly leftAt: string;
  readonly backupsLeft: readonly unknown[];
}

const asThePlanComes = {
  name: 'as the node writes its plan',
  hold: () => ({ DAEMON_RESTART_DELAY: '1h' }),
  hasCome: ({ home }: SdkValidator) => existsSync(join(home, 'data/upgrade-info.json')),
  leftAt: 'genesis',
  backupsLeft: [],
};
const moments: readonly Moment[] = [
  { ...asThePlanComes, signal: 'SIGKILL' },
  { ...asThePlanComes, signal: 'SIGTERM' },
  {
    name: 'within the backup',
    signal: 'SIGKILL',
    hold: ({ home }) => {
      // longer to copy than to see its beginning
      for (const part of ['a', 'b', 'c', 'd']) writeFileSync(join(home, 'data', part), Buffer.alloc(64 << 20, part));
      return { CVTOOL_BACKUP_MODE: 'copy' };
    },
    hasCome: (validator) => backups(validator).length > 0,
    leftAt: 'genesis',
    backupsLeft: [partialBackup],
  },
  {
    name: 'after the backup',
    signal: 'SIGKILL',
    hold: ({ home }) => {
      writeFileSync(join(home, 'cosmovisor/hold.sh'), '#!/bin/sh\nexec sleep 3600\n');
      return { COSMOVISOR_CUSTOM_PREUPGRADE: 'hold.sh' };
    },
    hasCome: (validator) => backups(validator).some((name) => !name.endsWith('.partial')),
    leftAt: 'genesis',
    backupsLeft: [wholeBackup],
  },
  {
    name: 'as the new node starts',
    signal: 'SIGKILL',
    hasCome: (validator) => validator.daemons().some(({ place }) => place === newPlace),
    leftAt: newPlace,
    backupsLeft: [wholeBackup],
  },
];

for (const { name, signal, hold, hasCome, leftAt, backupsLeft } of moments) {
  withChain(
    `${signal} to the supervisor at the height, ${name}: the next run goes on`,
    async () => {
      const validator = await makeValidator();
      const run = validator.start(hold?.(validator));
      const first = await decide(validator);
      await validator.until(name, () => hasCome(validator));
      expect(await run.stop(signal)).toBe(signal === 'SIGKILL' ? 137 : 0);
      if (signal === 'SIGTERM') expect(validator.daemons()).toEqual([]); // else it has its time to stop, and the next run waits
      expect([current(validator), backups(validator)]).toEqual([leftAt, backupsLeft]);
      expect(run.stderr()).not.toMatch(/^Error: /m);

      const next = validator.start();
      await expectGoesOn(validator, first);
      await expectStops(validator, next);
    },
    patience,
  );
}
