// A staging beside bare git, make and cp; a second staging; a second tag; --help and --version beside an empty Node.
// Arguments: [tag] [second tag]. What is staged is the recipe of CVTOOL_RECIPE from the repository of CVTOOL_REPO (default: the
// embedded demo). Both sides have an empty build cache of their own and the same modules; they take turns at going first.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { makeDemoRepository } from '../../src/stage/demo-repository.js';

interface Plan {
  readonly commit: string;
  readonly artifact: string;
  readonly commands: readonly (readonly string[])[];
  readonly environment: Record<string, string>;
  readonly go: { readonly version: string } | null;
}

const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'cvtool-bench-'));
const rounds = Number(process.env.BENCH_ROUNDS ?? 1);
try {
  const demo = process.env.CVTOOL_REPO === undefined;
  const repository = demo
    ? (await makeDemoRepository(join(scratch, 'demo'), process.env)).repository
    : (process.env.CVTOOL_REPO ?? '');
  const recipe = process.env.CVTOOL_RECIPE ?? (demo ? 'demo' : 'panacea');
  const [tag = 'v2.0.6', second = demo ? 'v2.1.0' : 'v2.0.7-2'] = process.argv.slice(2);
  console.log(`${recipe} ${tag} from ${demo ? 'the embedded demo' : repository}, Node ${process.version}`);
  await benchStaging(repository, recipe, tag, second);
  benchStart();
} finally {
  execFileSync('chmod', ['-R', 'u+w', scratch]); // a module cache is read-only
  rmSync(scratch, { recursive: true, force: true });
}

async function benchStaging(repository: string, recipe: string, tag: string, second: string): Promise<void> {
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const side = join(scratch, `round-${round}`);
    mkdirSync(side);
    const plan = planOf(repository, recipe, tag, side);
    const turns = [
      () => void bare.push(timed(() => buildBare(repository, tag, plan, join(side, 'bare')))),
      () => void ours.push(timed(() => stage(repository, recipe, tag, side))),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.reverse()) turn();
    if (round > 0) continue;
    row(
      'second staging of the same tag',
      timed(() => stage(repository, recipe, tag, side)),
      'at most 1 s',
    );
    const mirrors = join(side, 'cache/cvtool/mirrors');
    const before = inodes(mirrors);
    stage(repository, recipe, second, side, 'upgrade');
    row(`${second}: mirrors cloned again`, inodes(mirrors) === before ? 0 : 1, '0');
  }
  const [a, b] = [median(ours), median(bare)];
  row('git clone, make clean, make build, cp', b, '');
  row('cvtool stage-genesis', a, '');
  row('over', a - b, `at most 5 % + 2 s = ${(b * 0.05 + 2).toFixed(2)} s`);
  row('ratio', a / b, '');
}

function planOf(repository: string, recipe: string, tag: string, side: string): Plan {
  const said = execFileSync(process.execPath, [cli, 'stage-genesis', '--tag', tag, '--dry-run', '--json'], {
    encoding: 'utf8',
    env: variables(repository, recipe, side),
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return (JSON.parse(said) as { plan: Plan }).plan;
}

/** What the document tells an operator to type, with the same Go and the same flags. */
function buildBare(repository: string, tag: string, plan: Plan, folder: string): void {
  const checkout = join(folder, 'source');
  mkdirSync(folder);
  const quiet = { stdio: 'ignore' } as const;
  execFileSync('git', ['clone', '-q', '-b', tag, repository, checkout], quiet);
  const own = { GOCACHE: join(folder, 'go-build'), GOFLAGS: plan.environment.GOFLAGS };
  const go = plan.go === null ? {} : { GOTOOLCHAIN: `go${plan.go.version}`, GOENV: 'off', ...own };
  for (const [command = '', ...args] of plan.commands) {
    execFileSync(command, args, { ...quiet, cwd: checkout, env: { ...process.env, ...go } });
  }
  const target = join(folder, 'home/cosmovisor/genesis/bin/daemon');
  mkdirSync(dirname(target), { recursive: true });
  cpSync(join(checkout, plan.artifact), target);
}

function stage(
  repository: string,
  recipe: string,
  tag: string,
  side: string,
  kind: 'genesis' | 'upgrade' = 'genesis',
): void {
  const args =
    kind === 'genesis' ? ['stage-genesis', '--tag', tag] : ['stage-upgrade', tag.replace(/-\d+$/, ''), '--tag', tag];
  const { status, stderr } = spawnSync(process.execPath, [cli, ...args], {
    encoding: 'utf8',
    env: { ...variables(repository, recipe, side), GOCACHE: join(side, 'go-build') },
  });
  if (status !== 0) throw new Error(`cvtool ${args.join(' ')} ended with ${String(status)}: ${stderr}`);
}

function variables(repository: string, recipe: string, side: string): NodeJS.ProcessEnv {
  const own = {
    CVTOOL_REPO: repository,
    CVTOOL_RECIPE: recipe,
    DAEMON_HOME: join(side, 'home'),
    XDG_CACHE_HOME: join(side, 'cache'),
  };
  return { ...process.env, ...own };
}

function benchStart(): void {
  const nothing = start(['-e', '0']);
  for (const option of ['--help', '--version']) {
    const ours = start([cli, option]);
    row(
      `cvtool ${option} / node -e 0`,
      ours / nothing,
      `at most 1.5 (${(ours * 1000).toFixed(0)} ms / ${(nothing * 1000).toFixed(0)} ms)`,
    );
  }
}

function start(args: readonly string[]): number {
  return median(
    Array.from({ length: 21 }, () => timed(() => execFileSync(process.execPath, args, { stdio: 'ignore' }))),
  );
}

function timed(work: () => void): number {
  const begun = performance.now();
  work();
  return (performance.now() - begun) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function inodes(folder: string): string {
  if (!existsSync(folder)) return '';
  return readdirSync(folder)
    .map((name) => statSync(join(folder, name, 'git')).ino)
    .join();
}

function row(what: string, value: number, limit: string): void {
  console.log(`  ${what.padEnd(40)} ${value.toFixed(2).padStart(8)}  ${limit}`);
}
