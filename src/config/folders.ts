// Where cvtool keeps what it can make again: the XDG cache folder.
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

import type { Environment } from './environment.js';

export interface CacheFolders {
  readonly root: string;
  /** Bare mirrors, one a repository. */
  readonly mirrors: string;
  /** One folder a build: checkout, log, what was collected. Gone when the build has ended well. */
  readonly builds: string;
  /** Go toolchains that were fetched for a build. */
  readonly toolchains: string;
  /** Logs of builds that failed. */
  readonly logs: string;
  /** The alias under which a build sees the module cache: see build/module-cache-alias.ts. */
  readonly alias: string;
}

/** $HOME, else what the system's user database says. */
export function userHome(environment: Environment): string {
  return environment.HOME ?? homedir();
}

/** $XDG_CACHE_HOME/cvtool, else ~/.cache/cvtool (XDG base directory specification: a relative value is ignored). */
export function cacheFolders(environment: Environment): CacheFolders {
  const base = environment.XDG_CACHE_HOME;
  const root = join(base !== undefined && isAbsolute(base) ? base : join(userHome(environment), '.cache'), 'cvtool');
  return {
    root,
    mirrors: join(root, 'mirrors'),
    builds: join(root, 'builds'),
    toolchains: join(root, 'toolchains'),
    logs: join(root, 'logs'),
    alias: join(root, 'alias'),
  };
}

/** Go module caches that may be here: $GOMODCACHE, and the one below GOPATH (`go help goproxy`, `go help gopath`). */
export function goModuleCaches(environment: Environment): readonly string[] {
  const goPath = environment.GOPATH?.split(':')[0] ?? join(userHome(environment), 'go');
  return [...(environment.GOMODCACHE === undefined ? [] : [environment.GOMODCACHE]), join(goPath, 'pkg/mod')];
}
