// The environment of a build: ours, not the operator's. What changes the bytes of the outcome comes from the recipe or is
// fixed here; what only leads to the modules (proxies, credentials, caches) is kept.
import { delimiter, join } from 'node:path';

import type { Environment } from '../config/environment.js';
import { userHome } from '../config/folders.js';
import type { GoSettings, GoToolchain } from '../host/go-toolchains.js';
import { compareGoVersions, parseGoVersion, type GoVersion } from '../values/go-version.js';

/** Kept from the operator's environment: none of them is read by a compiler or a linker. */
const keptNames = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'SSH_AUTH_SOCK',
  'GIT_SSH_COMMAND',
  'GIT_SSL_CAINFO',
  'GIT_ASKPASS',
  'NETRC',
  'TMPDIR',
] as const;

/** What a build's environment is made from, besides the operator's own. */
export interface BuildInputs {
  readonly go: GoToolchain | undefined;
  readonly settings: GoSettings;
  /** The alias of the module cache: see module-cache-alias.ts. */
  readonly moduleCache: string | undefined;
  readonly goCache: string | undefined;
  /** From the recipe. */
  readonly fixed: Readonly<Record<string, string>>;
  /** Seconds since the epoch of the commit. */
  readonly sourceDate: number;
  readonly offline: boolean;
}

/**
 * The variables that decide the bytes: printed by --dry-run, kept in the manifest.
 * @param moduleCache as the plan writes it, or the path that stands for it in this build
 */
export function fixedVariables(
  goVersion: GoVersion | undefined,
  fixed: Readonly<Record<string, string>>,
  moduleCache = '$GOMODCACHE',
): Record<string, string> {
  if (goVersion === undefined) return { LC_ALL: 'C', TZ: 'UTC', ...fixed };
  const vcs = compareGoVersions(goVersion, parseGoVersion('1.18')) >= 0 ? ' -buildvcs=false' : '';
  const cFlags = `-g -O2 -ffile-prefix-map=${moduleCache}=/modules`; // -trimpath does not reach __FILE__ in a module's C code
  return {
    LC_ALL: 'C',
    TZ: 'UTC',
    GOENV: 'off',
    GOTOOLCHAIN: 'local',
    GOWORK: 'off',
    GOFLAGS: `-trimpath${vcs}`,
    CGO_CFLAGS: cFlags,
    CGO_CXXFLAGS: cFlags,
    ...fixed,
  };
}

/** The whole environment of the build commands. */
export function buildEnvironment(environment: Environment, inputs: BuildInputs): Record<string, string> {
  const { go, settings, fixed } = inputs;
  const kept = Object.fromEntries(
    keptNames.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]])),
  );
  const path = environment.PATH ?? '/usr/local/bin:/usr/bin:/bin';
  return {
    ...kept,
    ...(go === undefined ? {} : settings),
    HOME: userHome(environment),
    PATH: go === undefined ? path : [join(go.root, 'bin'), path].join(delimiter),
    SOURCE_DATE_EPOCH: String(inputs.sourceDate),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    ...(inputs.moduleCache === undefined ? {} : { GOMODCACHE: inputs.moduleCache }),
    ...(inputs.goCache === undefined ? {} : { GOCACHE: inputs.goCache }),
    ...(inputs.offline && go !== undefined ? { GOPROXY: 'off' } : {}),
    ...withVerbose(fixedVariables(go?.version, fixed, inputs.moduleCache)),
  };
}

/** `-v` makes go build name what it compiles; it changes no byte. */
function withVerbose(variables: Record<string, string>): Record<string, string> {
  const { GOFLAGS: flags } = variables;
  return flags === undefined ? variables : { ...variables, GOFLAGS: `${flags} -v` };
}
