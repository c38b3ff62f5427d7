// How often an upgrade makes sure that something is on the disk: what its latency pays for.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { findCommand } from '../../../src/host/find-command.js';
import { heading, row } from './figures.js';
import { makeHome, supervise, type Bench, type Supervisor } from './supervised.js';

export async function benchSyncs(bench: Bench): Promise<void> {
  heading('fsync(2), fdatasync(2), syncfs(2), sync(2) of an upgrade with empty data and a backup, counted by strace');
  if (findCommand('strace', process.env.PATH) === undefined) return console.log('  there is no strace: not counted');
  const columns = [];
  for (const supervisor of bench.supervisors) {
    columns.push({ label: supervisor.label, values: [await countSyncs(bench, supervisor)] });
  }
  row('calls', '', columns);
}

async function countSyncs(bench: Bench, supervisor: Supervisor): Promise<number> {
  const home = makeHome(bench);
  const trace = join(home, '../trace');
  const calls = 'trace=fsync,fdatasync,syncfs,sync';
  const run = supervise(supervisor, home, ['strace', '-f', '-qq', '-e', calls, '-e', 'signal=none', '-o', trace]);
  try {
    await run.started('genesis');
    await delay(1000);
    const { size } = statSync(trace);
    run.plan();
    await run.started('v2');
    const lines = readFileSync(trace).subarray(size).toString().split('\n');
    return lines.filter((line) => /^\d+ +\w+\(/.test(line)).length; // one that is resumed begins with <...
  } finally {
    await run.end();
  }
}
