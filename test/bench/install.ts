// `cvtool install` of an archive from loopback, beside curl, sha256sum, tar, sync and one start of the same: time, as ratios in one run.
// Argument: an archive of panacead with its binary in bin/ (tar.gz); default: one of 60 MB, made on the spot.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { makeBigHome } from './parts/big-home.js';

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const rounds = Number(process.env.BENCH_ROUNDS ?? 11);
const scratch = mkdtempSync(join(tmpdir(), 'cvtool-bench-'));
const environment = { PATH: process.env.PATH, HOME: scratch, TMPDIR: scratch };
/** Each begins with nothing, and ends with the files written to the disk. */
const byHand = `set -e
mkdir -p "$1"
cd "$1"
curl -fsS -o a.tar.gz "$2"
echo "$3  a.tar.gz" | sha256sum -c --status
tar xzf a.tar.gz
rm a.tar.gz
find . -exec sync {} +
bin/panacead version >/dev/null`;

const serving = `const { createReadStream, statSync } = require('node:fs');
const file = process.argv[1];
const server = require('node:http').createServer((_, response) => {
  response.writeHead(200, { 'content-length': statSync(file).size });
  createReadStream(file, { highWaterMark: 1 << 20 }).pipe(response);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;

try {
  await bench(process.argv[2] ?? packed());
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** What `cvtool pack` makes of a program of 60 MB. */
function packed(): string {
  const home = makeBigHome(scratch, 60);
  const options = ['--home', home, '--name', 'panacead', '--out', scratch, '--json'];
  const text = execFileSync(process.execPath, [cli, 'pack', 'v2.2.0', ...options], { env: environment });
  return (JSON.parse(text.toString()) as { path: string }).path;
}

async function bench(archive: string): Promise<void> {
  const server = spawn(process.execPath, ['-e', serving, archive], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [port] = (await once(server.stdout, 'data')) as [Buffer];
    const url = `http://127.0.0.1:${port.toString().trim()}/a.tar.gz`;
    const sum = createHash('sha256').update(readFileSync(archive)).digest('hex');
    const home = join(scratch, 'installed');
    const ours = [process.execPath, cli, 'install', url, '--checksum', `sha256:${sum}`, '--as', 'v2.2.0'];
    const place = ['--home', home, '--name', 'panacead'];
    const runs = {
      'curl, sha256sum, tar, sync, start': ['sh', '-c', byHand, 'sh', home, url, sum],
      'cvtool install': [...ours, ...place],
    } as const;
    const names = Object.keys(runs) as (keyof typeof runs)[];
    const all = new Map(names.map((each) => [each, [] as number[]]));
    for (let round = -1; round < rounds; round += 1) {
      for (const each of names) {
        const took = timed(runs[each], home);
        if (round >= 0) all.get(each)?.push(took); // the first one warms
      }
    }
    const median = (each: keyof typeof runs): number =>
      (all.get(each) ?? []).sort((a, b) => a - b)[Math.floor(rounds / 2)] ?? Number.NaN;
    const base = median(names[0] ?? 'cvtool install');
    console.log(`Node ${process.version}, ${statSync(archive).size / 1e6} MB, medians of ${rounds}, taking turns`);
    for (const each of names) {
      const ratio = (median(each) / base).toFixed(2);
      console.log(`  ${each.padEnd(36)} ${median(each).toFixed(0).padStart(5)} ms   ${ratio}`);
    }
  } finally {
    server.kill();
  }
}

/** @returns milliseconds */
function timed([file = '', ...args]: readonly string[], home: string): number {
  rmSync(home, { recursive: true, force: true });
  const started = performance.now();
  const { status, stderr } = spawnSync(file, args, { env: environment, encoding: 'utf8' });
  const took = performance.now() - started;
  if (status !== 0) throw new Error(`${file} ended with ${String(status)}: ${stderr}`);
  return took;
}
