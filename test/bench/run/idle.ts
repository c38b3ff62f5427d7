// A supervisor that has nothing to do: the memory of its one process, and the CPU time that it takes. V8 collects what the start has
// left some 8 s after it: memory is looked at before and after, and the CPU time of that is not taken for idling.
import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

import { heading, row } from './figures.js';
import { makeHome, supervise, type Bench, type Supervised } from './supervised.js';

/** Milliseconds after the node's start. */
const looks = [8_000, 12_000];
const cpuWindow = 30_000;

/** In MiB. Pss counts a shared page by its share: those of Node's own file are shared with the bench itself. */
const fields = { RSS: 'VmRSS', 'of it anonymous': 'RssAnon', Pss: 'Pss' };

export async function benchIdle(bench: Bench): Promise<void> {
  const rounds = bench.rounds ?? 3;
  heading(`idle, all of them at the same time, ${rounds} rounds, CPU in the last`);
  const memory = looks.flatMap((after) =>
    Object.entries(fields).map(([what, field]) => ({ what, field, after, columns: columnsFor(bench) })),
  );
  const cpu = columnsFor(bench);
  for (let round = 0; round < rounds; round += 1) {
    const runs = bench.supervisors.map((supervisor) => supervise(supervisor, makeHome(bench)));
    try {
      await Promise.all(runs.map((run) => run.started('genesis')));
      const begun = performance.now();
      for (const after of looks) {
        await delay(begun + after - performance.now());
        for (const { field, columns } of memory.filter((each) => each.after === after)) {
          runs.forEach(({ pid }, index) => columns[index]?.values.push(mebibytes(pid, field)));
        }
      }
      if (round === rounds - 1) (await cpuOf(runs)).forEach((used, index) => cpu[index]?.values.push(used));
    } finally {
      await Promise.all(runs.map((run) => run.end()));
    }
  }
  for (const { what, after, columns } of memory) {
    const aim = what === 'RSS' ? { against: bench.against, most: 0.85 } : undefined;
    row(`${what}, ${after / 1000} s after the start`, 'MiB', columns, aim);
  }
  row(`CPU in ${cpuWindow / 1000} s`, 'ms', cpu, { against: bench.against, most: 1 });
}

function columnsFor({ supervisors }: Bench): { label: string; values: number[] }[] {
  return supervisors.map(({ label }) => ({ label, values: [] }));
}

async function cpuOf(runs: readonly Supervised[]): Promise<readonly number[]> {
  const before = runs.map(({ pid }) => cpuTime(pid));
  await delay(cpuWindow);
  return runs.map(({ pid }, index) => cpuTime(pid) - (before[index] ?? 0));
}

/** The time that a process's threads have run, in milliseconds: /proc/PID/stat tells no less than 10. */
function cpuTime(pid: number): number {
  const nanoseconds = readdirSync(`/proc/${pid}/task`).map((thread) =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]),
  );
  return nanoseconds.reduce((sum, each) => sum + each, 0) / 1e6;
}

function mebibytes(pid: number, field: string): number {
  const text = readFileSync(`/proc/${pid}/${field === 'Pss' ? 'smaps_rollup' : 'status'}`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024;
}
