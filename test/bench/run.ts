// `cvtool run` beside cosmovisor: latency of an upgrade, idle memory and CPU, version and config, calls of fsync.
// Arguments: [latency|idle|start|syncs]… (default: all) [--rounds N]. COSMOVISOR_BIN names the cosmovisor binaries, with colons
// between them; the aims are against the first. cvtool is run by the Node that runs the bench.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { compileFastNode } from './run/fast-node.js';
import { benchIdle } from './run/idle.js';
import { benchLatency } from './run/latency.js';
import { benchStart } from './run/start.js';
import type { Bench, Supervisor } from './run/supervised.js';
import { benchSyncs } from './run/syncs.js';

const parts: Record<string, (bench: Bench) => Promise<void> | void> = {
  latency: benchLatency,
  idle: benchIdle,
  start: benchStart,
  syncs: benchSyncs,
};

const { values, positionals } = parseArgs({ allowPositionals: true, options: { rounds: { type: 'string' } } });
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
const wrong = positionals.find((name) => !Object.hasOwn(parts, name));
if (wrong !== undefined) throw new Error(`there is no part ${wrong}: ${Object.keys(parts).join(', ')}`);
if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
  throw new Error('--rounds wants a number above 0');

const scratch = mkdtempSync(join(tmpdir(), 'cvtool-bench-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const cosmovisors = (process.env.COSMOVISOR_BIN ?? '').split(':').filter((path) => path !== '');
for (const path of cosmovisors) if (!existsSync(path)) throw new Error(`COSMOVISOR_BIN: there is no ${path}`);
const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const supervisors: readonly Supervisor[] = [
  { label: 'cvtool', command: [process.execPath, cli] },
  ...cosmovisors.map((path) => ({ label: basename(path), command: [path] })),
];
const bench: Bench = {
  scratch,
  nodeProgram: compileFastNode(scratch),
  supervisors,
  against: supervisors[1]?.label ?? '',
  rounds,
};
const fileSystem = execFileSync('stat', ['-f', '-c', '%T', scratch], { encoding: 'utf8' }).trim();
console.log(
  `Node ${process.version}, ${availableParallelism()} cores, ${fileSystem}; medians, least to most, taking turns`,
);
console.log(
  cosmovisors.length === 0
    ? 'COSMOVISOR_BIN names no cosmovisor: nothing to compare with'
    : `aims: against ${bench.against}`,
);
for (const name of positionals.length === 0 ? Object.keys(parts) : positionals) await parts[name]?.(bench);
