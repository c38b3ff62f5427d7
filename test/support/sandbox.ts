// The built program in a world of its own: home, cache, user, temporary folder and the repository of the embedded demo's chain,
// or of a chain that a test invents. Nothing outside of it is touched.
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect } from 'vitest';

import { catalogue, type ErrorCode } from '../../src/errors/catalogue.js';
import { newRepository, type NewCommit } from '../../src/git/new-repository.js';
import { makeDemoRepository } from '../../src/stage/demo-repository.js';

export const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

export interface Ended {
  /** As a shell tells it: 128+n for a signal. */
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly ended: Promise<Ended>;
  /** What it has printed so far, both streams. */
  readonly said: () => string;
}

export interface Sandbox {
  readonly root: string;
  readonly home: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly run: (args: readonly string[], variables?: NodeJS.ProcessEnv) => Promise<Ended>;
  readonly start: (args: readonly string[], variables?: NodeJS.ProcessEnv) => Running;
  /** What a run left where nothing may be left: temporary files, build folders. */
  readonly leftovers: () => string[];
}

/** @param recipe a name or a file */
export function makeSandbox(root: string, { recipe, repository }: { recipe: string; repository: string }): Sandbox {
  if (!existsSync(cli)) throw new Error(`${cli} is missing: npm run build makes it, npm test does that by itself`);
  for (const name of ['user', 'tmp']) mkdirSync(join(root, name), { recursive: true });
  const environment = {
    PATH: process.env.PATH,
    HOME: join(root, 'user'),
    TMPDIR: join(root, 'tmp'),
    XDG_CACHE_HOME: join(root, 'cache'),
    DAEMON_HOME: join(root, 'home'),
    CVTOOL_RECIPE: recipe,
    CVTOOL_REPO: repository,
  };
  const start: Sandbox['start'] = (args, variables = {}) =>
    startProcess(process.execPath, [cli, ...args], { ...environment, ...variables }, root);
  return {
    root,
    home: environment.DAEMON_HOME,
    environment,
    start,
    run: (args, variables) => start(args, variables).ended,
    leftovers: () => [
      ...entriesOf(environment.TMPDIR).map((name) => `tmp/${name}`),
      ...entriesOf(join(root, 'cache/cvtool/builds')).map((name) => `builds/${name}`),
    ],
  };
}

/** The demo's recipe for names that its chain has no handlers for: a file in `folder`. */
export function recipeWithoutHandlers(folder: string): string {
  const text = readFileSync(new URL('../../recipes/demo.yaml', import.meta.url), 'utf8');
  const file = join(folder, 'without-handlers.yaml');
  writeFileSync(file, text.replace(/^handlers:\n(?:[ ].*\n)+/m, '').replace(/^ +handlers: .*\n/gm, ''));
  return file;
}

/** With the embedded demo's chain. */
export async function demoSandbox(root: string): Promise<Sandbox> {
  const { repository } = await makeDemoRepository(join(root, 'repository'), { PATH: process.env.PATH });
  return makeSandbox(root, { recipe: 'demo', repository });
}

export function startProcess(
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  cwd: string,
): Running {
  const child = spawn(command, args, { cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) => resolve({ status: status ?? 128 + signalNumber(signal), stdout, stderr }));
  });
  return { child, pid: child.pid ?? 0, ended, said: () => stdout + stderr };
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[String(signal)] ?? 0;
}

/** A chain that a test invents, with one release: `demod` of the tag v1.0.0. */
export interface Chain {
  /** Path to content; a Makefile must leave build/demod. */
  readonly files: Readonly<Record<string, string>>;
  /** Instead of those of the demo. */
  readonly recipe?: string;
}

/** The sandbox of an invented chain, whose recipe is a file. */
export async function chainSandbox(root: string, { files, recipe }: Chain): Promise<Sandbox> {
  const commit: NewCommit = {
    files: new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])),
    message: 'Release',
    date: '2024-01-08T09:00:00Z',
    tag: 'v1.0.0',
  };
  const repository = join(root, 'repository');
  const [id = ''] = await newRepository(repository, [commit], { PATH: process.env.PATH });
  const file = join(root, 'chain.yaml');
  writeFileSync(file, recipe ?? smallRecipe(id));
  return makeSandbox(root, { recipe: file, repository });
}

function smallRecipe(commit: string): string {
  return `schema: 1
name: small
daemon: demod
home: ~/.small
build: { commands: [[make, clean], [make, build]], timeLimit: 5m }
artifact: build/demod
version: { fields: { version: version, commit: commit } }
releases:
  - { genesis: true, tag: v1.0.0, commit: ${commit} }
`;
}

/** A program that says its version as staging asks for it, with the tag and commit of its checkout. */
export const soundProgram = `#include <stdio.h>
int main(void) { printf("version: %s\\ncommit: %s\\n", VERSION, COMMIT); return 0; }
`;

/** The head of a Makefile for `soundProgram`. */
export const soundMakefile = `VERSION := $(shell git describe --tags | sed 's/^v//')
COMMIT := $(shell git log -1 --format='%H')
CPPFLAGS := -DVERSION='"$(VERSION)"' -DCOMMIT='"$(COMMIT)"'
.PHONY: build clean
clean:
	rm -rf build
`;

/** Everything below a folder with all that staging could change of it: kind, mode, time, content. */
export function treeOf(folder: string): string[] {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  const what = stat.isSymbolicLink()
    ? `-> ${readlinkSync(folder)}`
    : stat.isFile()
      ? createHash('sha256').update(readFileSync(folder)).digest('hex')
      : '';
  const below = stat.isDirectory()
    ? readdirSync(folder)
        .sort()
        .flatMap((name) => treeOf(join(folder, name)))
    : [];
  return [`${folder} ${stat.mode.toString(8)} ${stat.mtimeMs} ${what}`, ...below];
}

/** The names below a folder, its own left out. */
export function namesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}

export function jsonOf({ stdout }: Ended): Record<string, unknown> {
  const lines = stdout.trimEnd().split('\n');
  expect(lines, stdout).toHaveLength(1); // one document, and nothing else
  return JSON.parse(lines[0] ?? '') as Record<string, unknown>;
}

/**
 * One clear error: its code in the document, its status as the catalogue has it, on stderr once, no stack.
 * @param words that the text on stderr must have: the value that is wrong, the way out
 */
export function expectError(ended: Ended, code: ErrorCode, words: readonly string[], status?: number): void {
  const { ok, error } = jsonOf(ended) as { ok: boolean; error: { code: string; exit: number } };
  const exit = status ?? catalogue[code].exit;
  expect({ ok, code: error.code, exit: error.exit, status: ended.status }, ended.stderr).toEqual({
    ok: false,
    code,
    exit,
    status: exit,
  });
  expect(ended.stderr.match(/^Error: /gm), ended.stderr).toHaveLength(1);
  for (const word of words) expect(ended.stderr).toContain(word);
  expect(ended.stderr).not.toMatch(/^\s+at .*:\d+/m);
  expect(ended.stderr).not.toContain('a bug in cvtool');
}

/** Processes that have `text` in their command line or work below it: what a stopped staging must not leave. */
export function processesNaming(text: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      const command = readOr(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
      const folder = readOr(() => readlinkSync(`/proc/${pid}/cwd`));
      return command.includes(text) || folder.startsWith(text) ? [`${pid} ${command} (in ${folder})`] : [];
    });
}

function readOr(read: () => string): string {
  try {
    return read();
  } catch {
    return ''; // it has ended meanwhile
  }
}

function entriesOf(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
