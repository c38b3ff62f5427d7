// `cvtool verify` beside sha256sum of the same file: time and peak memory, warm, as ratios in one run.
// Arguments: [home] [upgrade], a home of panacea with something staged; default: programs of 66 and 150 MB, made on the spot.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { makeBigHome } from './parts/big-home.js';

interface Measured {
  readonly milliseconds: number;
  readonly mebibytes: number;
}

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const rounds = Number(process.env.BENCH_ROUNDS ?? 11);
const scratch = mkdtempSync(join(tmpdir(), 'cvtool-bench-'));
const upgrade = 'v2.2.0'; // of `makeBigHome`
try {
  const measure = makeMeter();
  const [home, name] = process.argv.slice(2);
  console.log(`Node ${process.version}, medians of ${rounds}, taking turns`);
  if (home !== undefined) bench(home, name ?? upgrade, measure);
  else for (const megabytes of [66, 150]) bench(makeBigHome(scratch, megabytes), upgrade, measure);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

function bench(home: string, name: string, measure: (command: readonly string[]) => Measured): void {
  const binary = join(home, 'cosmovisor/upgrades', name, 'bin/panacead');
  const runs = {
    sha256sum: ['sha256sum', binary],
    'node -e 0': [process.execPath, '-e', '0'],
    'version --long': [binary, 'version', '--long'],
    'cvtool verify': [
      process.execPath,
      cli,
      'verify',
      name,
      '--home',
      home,
      '--name',
      'panacead',
      '--recipe',
      'panacea',
    ],
    'cvtool verify --no-exec': [
      process.execPath,
      cli,
      'verify',
      name,
      '--home',
      home,
      '--name',
      'panacead',
      '--recipe',
      'panacea',
      '--no-exec',
    ],
  } as const satisfies Record<string, readonly string[]>;
  const names = Object.keys(runs) as (keyof typeof runs)[];
  const all = new Map(names.map((each) => [each, [] as Measured[]]));
  for (const each of names) measure(runs[each]); // warm
  for (let round = 0; round < rounds; round += 1) {
    for (const each of names) all.get(each)?.push(measure(runs[each]));
  }
  const median = (each: keyof typeof runs, value: (measured: Measured) => number): number =>
    (all.get(each) ?? []).map(value).sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
  const base = { time: median('sha256sum', (m) => m.milliseconds), memory: median('sha256sum', (m) => m.mebibytes) };
  console.log(`\n${binary}, ${(statSync(binary).size / 1e6).toFixed(0)} MB`);
  for (const each of names) {
    const [time, memory] = [median(each, (m) => m.milliseconds), median(each, (m) => m.mebibytes)];
    const ratios = `${(time / base.time).toFixed(2)} of its time, ${(memory / base.memory).toFixed(1)} of its memory`;
    console.log(
      `  ${each.padEnd(24)} ${time.toFixed(0).padStart(5)} ms ${memory.toFixed(0).padStart(5)} MiB   ${ratios}`,
    );
  }
}

/** Runs a command and tells its wall time and peak memory: wait4(2) has them, and adds no process of its own. */
function makeMeter(): (command: readonly string[]) => Measured {
  const meter = join(scratch, 'meter');
  const source = `#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv) {
  struct timespec a, b; struct rusage used; int status;
  clock_gettime(CLOCK_MONOTONIC, &a);
  pid_t pid = fork();
  if (pid == 0) {
    int null = open("/dev/null", O_RDWR);
    dup2(null, 1); dup2(null, 2);
    execvp(argv[1], argv + 1);
    _exit(127);
  }
  wait4(pid, &status, 0, &used);
  clock_gettime(CLOCK_MONOTONIC, &b);
  printf("%f %ld\\n", (b.tv_sec - a.tv_sec) * 1e3 + (b.tv_nsec - a.tv_nsec) / 1e6, used.ru_maxrss);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}`;
  writeFileSync(`${meter}.c`, source);
  execFileSync('gcc', ['-O2', '-o', meter, `${meter}.c`]);
  const environment = { ...process.env, HOME: scratch };
  return (command) => {
    const { status, stdout } = spawnSync(meter, command, { encoding: 'utf8', env: environment });
    if (status !== 0) throw new Error(`${command.join(' ')} ended with ${String(status)}`);
    const [milliseconds, kibibytes] = stdout.trim().split(' ').map(Number);
    return { milliseconds: milliseconds ?? Number.NaN, mebibytes: (kibibytes ?? Number.NaN) / 1024 };
  };
}
