// What a user gets: the packed file, made from sources alone, installed without any registry, called in each of the usual
// ways from a folder that has nothing to do with it.
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let scratch: string;
let elsewhere: string;
let version: string;
let packed: Packed;
let installed: string;

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'cvtool-install-'));
  elsewhere = join(scratch, 'a folder elsewhere');
  installed = join(scratch, 'global/lib/node_modules/cvtool');
  await mkdir(elsewhere);
  await mkdir(join(scratch, 'home'));
  version = (await manifest(root)).version;

  const clone = join(scratch, 'clone');
  await copyWithoutWhatIsMade(clone);
  [packed] = JSON.parse(run('npm', ['pack', '--json', '--pack-destination', scratch], clone)) as [Packed];
  run('npm', ['install', '--global', '--prefix', join(scratch, 'global'), tarball()]);
});

afterAll(async () => {
  await rm(scratch, { recursive: true, force: true });
});

test('npm pack in a clone without dist/ builds it, and packs what is needed and nothing else', () => {
  const paths = packed.files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining([
      'dist/cli.js',
      'dist/THIRD_PARTY_LICENSES',
      'recipes/panacea.yaml',
      'templates/demo-chain/common/Makefile',
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
    ]),
  );
  expect(paths.filter((path) => /^(src|test|docs|node_modules|\.)/.test(path))).toEqual([]);
});

test('the package needs no other, and carries the licences of what is bundled in it', async () => {
  expect(await manifest(installed)).not.toHaveProperty('dependencies');
  const licences = await readFile(join(installed, 'dist/THIRD_PARTY_LICENSES'), 'utf8');
  for (const name of ['commander', 'listr2', 'execa', 'simple-git', 'yaml', 'zod']) {
    expect(licences).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(`, 'm'));
  }
});

describe('called', () => {
  test('by its name, where npm i -g put it', () => {
    expect(run('cvtool', ['--version'])).toContain(version);
  });

  test('through a link to that name', async () => {
    await symlink(join(scratch, 'global/bin/cvtool'), join(scratch, 'cv'));
    expect(run(join(scratch, 'cv'), ['--version'])).toContain(version);
  });

  test('as node dist/cli.js, by a relative path too', () => {
    const path = join(installed, 'dist/cli.js');
    expect(run(process.execPath, [path, '--version'])).toContain(version);
    expect(run(process.execPath, [relative(elsewhere, path), '--version'])).toContain(version);
  });

  test('by npx, where a project has installed it', async () => {
    const project = join(scratch, 'project');
    await mkdir(project);
    run('npm', ['install', '--prefix', project, tarball()]);
    expect(run('npx', ['--no-install', 'cvtool', '--version'], project)).toContain(version);
  });

  test('with --help it names its verbs', () => {
    const help = run('cvtool', ['--help']);
    for (const verb of ['stage-genesis', 'stage-upgrade', 'run', 'cache', 'demo']) expect(help).toContain(verb);
  });

  test('with demo it finds its recipes and templates, and stages what they say', () => {
    expect(run('cvtool', ['demo'])).toContain('v2.1.0');
  }, 180_000);
});

/** As a fresh clone is, but for the packages: those are the ones here, by a link. */
async function copyWithoutWhatIsMade(clone: string): Promise<void> {
  const made = ['node_modules', 'dist', '.git', 'test', 'coverage'].map((name) => join(root, name));
  const isSource = (path: string): boolean => !made.includes(path) && !/\/dist\.\d+/.test(path);
  await cp(root, clone, { recursive: true, filter: isSource, preserveTimestamps: true });
  await symlink(join(root, 'node_modules'), join(clone, 'node_modules'));
}

function tarball(): string {
  return join(scratch, packed.filename);
}

/** With a home and a cache of its own, and no registry: port 1 of this machine, where nothing listens. */
function run(command: string, args: readonly string[], cwd = elsewhere): string {
  const paths = [join(scratch, 'global/bin'), dirname(process.execPath), process.env.PATH];
  const env = {
    PATH: paths.join(':'),
    HOME: join(scratch, 'home'),
    TMPDIR: scratch,
    npm_config_cache: join(scratch, 'npm'),
    npm_config_offline: 'true',
    npm_config_registry: 'http://127.0.0.1:1/',
  };
  return execFileSync(command, args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

async function manifest(folder: string): Promise<{ version: string }> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { version: string };
}
