// Makes a fresh clone ready: says what the machine lacks, installs the packages that the lock file names, builds dist/.
// Node's own modules only, since it runs before anything is installed, and plain enough for an old Node to read it.
// From the command line: `node .config/ready.mjs` (what a build needs) or `--tools` (and what cvtool itself works with).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));
const nodeNeeded = [20, 19];

/** What cvtool works with: how it is looked for, and the packages that bring it. */
const tools = [
  { what: 'git', there: () => answers('git', ['--version']), debian: ['git'], fedora: ['git'] },
  { what: 'make', there: () => answers('make', ['--version']), debian: ['make'], fedora: ['make'] },
  {
    what: 'a C compiler, with the headers of the C library',
    there: compiles,
    debian: ['gcc', 'libc6-dev'],
    fedora: ['gcc', 'glibc-devel'],
  },
];

/**
 * @param options.tools also git, make and a C compiler: the demo, the tests and the benches run cvtool itself
 * @param options.dist false: without the build
 * Ends the process with status 1 where something is missing, or with that of the step that failed.
 */
export async function ready({ tools: withTools = false, dist = true } = {}) {
  const lacking = [...nodeLacks(), ...(withTools ? tools.filter(({ there }) => !there()) : [])];
  if (lacking.length > 0) giveUp(describeLacking(lacking));
  installPackages();
  if (!dist) return;
  const { build } = await import('./build.mjs');
  try {
    await build();
  } catch (error) {
    if (!Array.isArray(error.errors)) throw error;
    giveUp('The build failed: esbuild says above where.');
  }
}

function nodeLacks() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > nodeNeeded[0] || (major === nodeNeeded[0] && minor >= nodeNeeded[1])) return [];
  const what = `Node ${nodeNeeded.join('.')} or later: this is ${process.version}`;
  return [{ what, debian: ['nodejs', 'npm'], fedora: ['nodejs', 'npm'], note: 'Debian has it from release 13 on.' }];
}

function describeLacking(lacking) {
  const names = (system) => lacking.flatMap((tool) => tool[system]).join(' ');
  return [
    'This machine lacks',
    ...lacking.map(({ what }) => `  - ${what}`),
    `Debian, Ubuntu: sudo apt-get install ${names('debian')}`,
    `Fedora:         sudo dnf install ${names('fedora')}`,
    ...lacking.flatMap(({ note }) => note ?? []),
  ].join('\n');
}

/** `npm ci` where the packages are missing, half installed, or older than the lock file. */
function installPackages() {
  const installed = changedAt('node_modules/.package-lock.json'); // npm writes it last
  if (installed !== undefined && installed >= (changedAt('package-lock.json') ?? 0)) return;
  console.log(`${installed === undefined ? 'No packages yet' : 'The lock file is newer than the packages'}: npm ci`);
  // NODE_ENV=production would leave out all of them; of the packages here none needs its install script
  const args = ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund'];
  const { status, error } = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  if (error !== undefined) giveUp(`npm does not start (${error.message}).\n${describeLacking([npm])}`);
  if (status !== 0) giveUp('npm ci failed: its lines above say why. It needs the npm registry once.', status ?? 1);
}

const npm = { what: 'npm', debian: ['npm'], fedora: ['nodejs-npm'] };

function changedAt(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs;
}

function answers(command, args) {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** A compiler alone is not enough: Debian's gcc comes without the C library's headers. */
function compiles() {
  const folder = mkdtempSync(join(tmpdir(), 'cvtool-ready-'));
  try {
    const args = ['-x', 'c', '-', '-o', join(folder, 'out')];
    const input = '#include <stdio.h>\nint main(void) { return 0; }\n';
    const compilers = [process.env.CC, 'cc', 'gcc'].filter((name) => name !== undefined && name !== '');
    return compilers.some((name) => spawnSync(name, args, { input, stdio: ['pipe', 'ignore', 'ignore'] }).status === 0);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function giveUp(text, status = 1) {
  console.error(text);
  process.exit(status);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await ready({ tools: process.argv.includes('--tools') });
