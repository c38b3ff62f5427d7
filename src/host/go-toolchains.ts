// The Go toolchains of this host: which are installed, which one a release gets, and how one is fetched.
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';

import type { Environment } from '../config/environment.js';
import { userHome } from '../config/folders.js';
import { CvtoolError, hasCode, messageOf } from '../errors/cvtool-error.js';
import { compareGoVersions, goToolchain, parseGoVersion, type GoVersion } from '../values/go-version.js';
import { printable } from '../values/printable.js';
import { findCommand } from './find-command.js';

const run = promisify(execFile);

/** A Go that can be run: `root/bin/go`. */
export interface GoToolchain {
  readonly version: GoVersion;
  /** GOROOT. */
  readonly root: string;
  readonly from: 'installed' | 'fetched';
}

/** What of `go env` belongs to the way to the modules, not to the build: it is kept, also where `go env -w` set it. */
const keptSettings = [
  'GOPROXY',
  'GONOPROXY',
  'GOPRIVATE',
  'GOSUMDB',
  'GONOSUMDB',
  'GOINSECURE',
  'GOVCS',
  'GOAUTH',
  'GOMODCACHE',
  'GOCACHE',
  'GOPATH',
] as const;
export type GoSettings = Partial<Record<(typeof keptSettings)[number], string>>;

/** Where Go may lie beside PATH: its own installer's places, and the distributions'. */
function candidateRoots(environment: Environment, toolchainsFolder: string): string[] {
  const home = userHome(environment);
  const moduleCaches = [
    toolchainsFolder,
    environment.GOMODCACHE ?? join(environment.GOPATH ?? join(home, 'go'), 'pkg/mod'),
  ];
  return [
    '/usr/local/go',
    '/usr/lib/go',
    ...childrenOf('/usr/lib', /^go-\d/),
    ...childrenOf('/usr/local', /^go-?\d/),
    ...childrenOf(join(home, 'sdk'), /^go\d/),
    ...moduleCaches.flatMap((cache) => fetchedInto(cache)),
  ];
}

/**
 * The toolchains of a module cache that are for this machine and whole. A fetch that was killed leaves its folder half filled,
 * with a mark beside its zip until it is done (cmd/go/internal/modfetch, unzip), and bin/go not yet executable (toolchain.Exec).
 */
function fetchedInto(cache: string): string[] {
  return childrenOf(join(cache, 'golang.org'), /^toolchain@v0\.0\.1-go/).filter((root) => {
    const version = basename(root).slice('toolchain@'.length);
    const mark = join(cache, 'cache/download/golang.org/toolchain/@v', `${version}.partial`);
    return version.endsWith(`.${goPlatform()}`) && !existsSync(mark);
  });
}

/** This machine as Go writes it: `linux-amd64`. */
export function goPlatform(): string {
  const architecture = { x64: 'amd64', ia32: '386' }[process.arch as string] ?? process.arch;
  return `${process.platform}-${architecture}`;
}

/** Every Go that is installed or was fetched before, the one of PATH first. */
export async function installedGos(
  environment: Environment,
  toolchainsFolder: string,
): Promise<readonly GoToolchain[]> {
  const command = findCommand('go', environment.PATH);
  const roots = new Set(
    candidateRoots(environment, toolchainsFolder).filter((root) => isExecutable(join(root, 'bin/go'))),
  );
  const found = await Promise.all([
    command === undefined ? undefined : askGo(command),
    ...[...roots].map((root) => askGo(join(root, 'bin/go'))),
  ]);
  return found.filter((go) => go !== undefined);
}

async function askGo(command: string): Promise<GoToolchain | undefined> {
  const named = /golang\.org\/toolchain@v0\.0\.1-go([^/]+?)\.[a-z0-9]+-[a-z0-9]+\/bin\/go$/.exec(command)?.[1];
  const fromName = named === undefined ? undefined : tryParseGoVersion(named);
  if (fromName !== undefined) return { version: fromName, root: dirname(dirname(command)), from: 'fetched' };
  try {
    const environment = {
      HOME: '/dev/null', // go writes telemetry into its home; as root it would make a folder that is missing
      PATH: '/usr/bin:/bin',
      GOENV: 'off',
      GOTOOLCHAIN: 'local',
      GOFLAGS: '',
    };
    const { stdout } = await run(command, ['version'], { cwd: '/', timeout: 20_000, env: environment });
    const version = tryParseGoVersion(/go version go(\S+)/.exec(stdout)?.[1] ?? '');
    if (version === undefined) return undefined;
    const { stdout: said } = await run(command, ['env', 'GOROOT'], { cwd: '/', timeout: 20_000, env: environment });
    const root = said.trim(); // empty in a Go that was itself built with -trimpath and moved
    return root !== '' && isExecutable(join(root, 'bin/go')) ? { version, root, from: 'installed' } : undefined;
  } catch {
    return undefined; // what does not answer is no Go
  }
}

/** The way to the modules as the user's Go is set up (environment, else `go env -w`), with what the environment says. */
export async function goSettings(go: GoToolchain | undefined, environment: Environment): Promise<GoSettings> {
  const said = go === undefined ? {} : await askSettings(go, environment);
  return Object.fromEntries(
    keptSettings.flatMap((name) => {
      const value = environment[name] ?? said[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
}

async function askSettings(go: GoToolchain, environment: Environment): Promise<Record<string, string>> {
  try {
    const { stdout } = await run(join(go.root, 'bin/go'), ['env', '-json', ...keptSettings], {
      cwd: '/',
      timeout: 20_000,
      env: { ...environment, GOTOOLCHAIN: 'local', GOFLAGS: '', GOROOT: '', GOWORK: 'off' },
    });
    return JSON.parse(stdout) as Record<string, string>;
  } catch (cause) {
    throw new CvtoolError('HOST_NOT_READY', `${join(go.root, 'bin/go')} does not say its settings`, {
      details: messageOf(cause).trim().split('\n').slice(-6).map(printable),
      hint: 'Look at `go env`, and at the file that `go env GOENV` names.',
      cause,
    });
  }
}

/** How a wanted Go will be had. */
export type GoChoice =
  | { readonly kind: 'installed'; readonly go: GoToolchain }
  | { readonly kind: 'fetch'; readonly by: GoToolchain; readonly versions: readonly GoVersion[] }
  /** No Go here can fetch; cvtool itself does: install/go-toolchain.ts. */
  | { readonly kind: 'download'; readonly versions: readonly GoVersion[] };

/** GOTOOLCHAIN works from Go 1.21 on. */
const firstThatFetches = parseGoVersion('1.21.0');

export function canFetchOthers(version: GoVersion): boolean {
  return compareGoVersions(version, firstThatFetches) >= 0;
}

/**
 * The wanted version where it is here; else an alternative that was fetched before; else what can fetch them; else, where
 * nothing can, an alternative that is installed.
 * @param alternatives later patch releases that will do, in order of preference
 * @param canDownload can cvtool fetch this version without the go command?
 * @returns undefined where this host can neither run nor fetch any of them
 */
export function chooseGo(
  wanted: GoVersion,
  alternatives: readonly GoVersion[],
  installed: readonly GoToolchain[],
  offline: boolean,
  canDownload: (version: GoVersion) => boolean = () => false,
): GoChoice | undefined {
  const exact = installed.find((go) => same(go.version, wanted));
  if (exact !== undefined) return { kind: 'installed', go: exact };
  const by = installed.find(({ version }) => canFetchOthers(version));
  const other = alternatives
    .map((version) => installed.find((go) => same(go.version, version)))
    .find((go) => go !== undefined);
  // an alternative that was fetched before will do: most likely since the proxy lacks the wanted one
  if (!offline && other?.from !== 'fetched') {
    const versions = [wanted, ...alternatives];
    if (by !== undefined) return { kind: 'fetch', by, versions };
    const downloads = versions.filter(canDownload);
    if (downloads.length > 0) return { kind: 'download', versions: downloads };
  }
  return other === undefined ? undefined : { kind: 'installed', go: other };
}

/**
 * Fetches the first of `versions` that the module proxy serves, into `toolchainsFolder`.
 * @throws GO_MISSING with what the proxy said of each
 */
export async function fetchGo(
  by: GoToolchain,
  versions: readonly GoVersion[],
  settings: GoSettings,
  environment: Environment,
  toolchainsFolder: string,
  signal: AbortSignal,
): Promise<GoToolchain> {
  mkdirSync(toolchainsFolder, { recursive: true });
  const refusals: string[] = [];
  for (const version of versions) {
    try {
      const { stdout } = await run(join(by.root, 'bin/go'), ['env', 'GOROOT'], {
        cwd: '/',
        signal,
        env: {
          ...environment,
          ...settings,
          GOENV: 'off',
          GOFLAGS: '',
          GOROOT: '',
          GOMODCACHE: toolchainsFolder,
          GOTOOLCHAIN: goToolchain(version),
        },
      });
      return { version, root: stdout.trim(), from: 'fetched' };
    } catch (error) {
      signal.throwIfAborted();
      refusals.push(`${goToolchain(version)}: ${lastWords(error)}`);
    }
  }
  throw new CvtoolError('GO_MISSING', `Go ${versions.join(' or ')} cannot be fetched`, {
    details: refusals,
    hint: 'Install it (https://go.dev/dl), or set GOPROXY to a module proxy that serves toolchains.',
  });
}

/** What a failed command said last; Node puts a line with the command itself before it. */
function lastWords(error: unknown): string {
  const lines = messageOf(error).trim().split('\n');
  return printable((lines.length > 1 ? lines.slice(1).slice(-3) : lines).map((line) => line.trim()).join(' '));
}

function same(a: GoVersion, b: GoVersion): boolean {
  return compareGoVersions(a, b) === 0;
}

/** undefined for a development build or a distribution's own numbering: not a release that anybody names. */
function tryParseGoVersion(text: string): GoVersion | undefined {
  try {
    return parseGoVersion(text);
  } catch (error) {
    if (error instanceof CvtoolError) return undefined;
    throw error;
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false; // not there, or not for us: no Go of ours
  }
}

function childrenOf(folder: string, pattern: RegExp): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => pattern.test(name))
      .map((name) => join(folder, name));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return [];
    throw error;
  }
}
