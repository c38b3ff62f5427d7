// How long `version` and `config` take, beside an empty Node.
import { spawnSync } from 'node:child_process';

import { heading, row } from './figures.js';
import { environmentOf, makeHome, type Bench } from './supervised.js';

export function benchStart(bench: Bench): void {
  const rounds = bench.rounds ?? 21;
  heading(`version (with the node's own) and config, ${rounds} rounds`);
  const home = makeHome(bench);
  const environment = environmentOf(home);
  const nothing = { label: 'node -e 0', command: [process.execPath, '-e', '0'] };
  for (const verb of ['version', 'config']) {
    const runs = [
      ...bench.supervisors.map(({ label, command }) => ({ label, command: [...command, verb] })),
      nothing,
    ].filter(({ label, command }) => knows(label, command, environment));
    const columns = runs.map(({ label, command }) => ({ label, command, values: [] as number[] }));
    for (let round = 0; round < rounds; round += 1) {
      for (const { command, values } of columns) values.push(timed(command, environment));
    }
    row(verb, 'ms', columns, { against: nothing.label, most: 1.5 });
  }
}

/** cosmovisor 1.4 has no `config`. */
function knows(label: string, command: readonly string[], environment: NodeJS.ProcessEnv): boolean {
  if (run(command, environment) === 0) return true;
  console.log(`  ${label} does not know ${command.at(-1) ?? ''}`);
  return false;
}

function timed(command: readonly string[], environment: NodeJS.ProcessEnv): number {
  const begun = performance.now();
  run(command, environment);
  return performance.now() - begun;
}

function run([file = '', ...args]: readonly string[], environment: NodeJS.ProcessEnv): number | null {
  return spawnSync(file, args, { env: environment, stdio: 'ignore' }).status;
}
