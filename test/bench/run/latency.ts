// From the rename of upgrade-info.json into place to the first instruction of the new node's main, with the backup that is made by
// default: both ends on CLOCK_MONOTONIC, so loading the new node counts, for each supervisor alike.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { heading, row } from './figures.js';
import { makeHome, supervise, type Bench, type Supervisor } from './supervised.js';

/** Table files as a node's database has them: 512 of 2 MiB. */
const tables = { count: 512, bytes: 2 << 20 };
/** Milliseconds after the node's start, when all that a start brings along is over. */
const settled = 1000;
/** DAEMON_POLL_INTERVAL's default: the plans come at moments spread evenly over it. */
const pollInterval = 300;

export async function benchLatency(bench: Bench): Promise<void> {
  heading("upgrade-info.json renamed into place until the new node's main, with a backup");
  await benchData(bench, 'empty data', undefined, { rounds: bench.rounds ?? 15, most: 0.25 });
  const database = makeDatabase(join(bench.scratch, 'application.db'));
  await benchData(bench, '1 GiB of table files', database, { rounds: bench.rounds ?? 7, most: 0.1 });
}

async function benchData(
  bench: Bench,
  what: string,
  database: string | undefined,
  { rounds, most }: { readonly rounds: number; readonly most: number },
): Promise<void> {
  const columns = bench.supervisors.map(({ label }) => ({ label, values: [] as number[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < columns.length; turn += 1) {
      const index = (round + turn) % columns.length; // each goes first as often
      const supervisor = bench.supervisors[index];
      if (supervisor === undefined) continue;
      execFileSync('sync'); // what the one before has copied is not written to disk in this one's time
      const phase = (pollInterval * (round + 0.5)) / rounds;
      columns[index]?.values.push(await upgradeOnce(bench, supervisor, database, phase));
    }
  }
  row(`${what}, ${rounds} rounds`, 'ms', columns, { against: bench.against, most });
}

async function upgradeOnce(
  bench: Bench,
  supervisor: Supervisor,
  database: string | undefined,
  phase: number,
): Promise<number> {
  const home = makeHome(bench);
  const inData = join(home, 'data/application.db');
  if (database !== undefined) renameSync(database, inData);
  const run = supervise(supervisor, home);
  try {
    await run.started('genesis');
    await delay(settled + phase);
    const before = run.plan();
    const milliseconds = Number((await run.started('v2')) - before) / 1e6;
    holdToBackup(home, database === undefined ? 0 : tables.count);
    return milliseconds;
  } finally {
    if (database !== undefined) renameSync(inData, database);
    await run.end();
  }
}

/** A supervisor that made no whole backup has not done the same work. */
function holdToBackup(home: string, count: number): void {
  const backup = readdirSync(home).find((name) => name.startsWith('data-backup-'));
  const folder = join(home, backup ?? '', 'application.db');
  const made = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.ldb')).length : 0;
  if (backup === undefined || made !== count) throw new Error(`${home} has no whole backup`);
}

function makeDatabase(folder: string): string {
  mkdirSync(folder);
  const table = randomBytes(tables.bytes);
  for (let number = 1; number <= tables.count; number += 1) {
    writeFileSync(join(folder, `${String(number).padStart(6, '0')}.ldb`), table);
  }
  writeFileSync(join(folder, 'CURRENT'), 'MANIFEST-000600\n');
  writeFileSync(join(folder, 'MANIFEST-000600'), randomBytes(20_000));
  return folder;
}
