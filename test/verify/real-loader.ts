// The judge of the library search: what the host's own loader says that it would load. It runs nothing of the program.
import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';

import { isMissing } from '../../src/verify/loaded-object.js';
import type { Resolution } from '../../src/verify/library-search.js';

export type Loaded = readonly (readonly [name: string, realPath: string])[];
export type Answer = Loaded | { readonly refused: string };

export interface Start {
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingFolder?: string;
  /** Start this loader and hand it the file: for setuid files, and for libraries. */
  readonly through?: string;
}

/** Names and real paths in the order of loading; without the loader and the kernel's own library. */
export function askLoader(file: string, { environment = {}, workingFolder = '/', through }: Start = {}): Answer {
  const [command, args] = through === undefined ? [file, []] : [through, [file]];
  const env = { ...environment, LD_TRACE_LOADED_OBJECTS: '1' };
  const run = spawnSync(command, args, { cwd: workingFolder, encoding: 'utf8', env });
  if (run.error !== undefined) throw run.error;
  if (run.status !== 0) return { refused: run.stderr.trim() };
  const loaded: [string, string][] = [];
  for (const line of run.stdout.split('\n')) {
    const [, name, path] = /^\t(.*) => (.*?)(?: \(0x[0-9a-f]+\))?$/.exec(line) ?? [];
    const alone = /^\t(.*) \(0x[0-9a-f]+\)$/.exec(line)?.[1];
    if (name !== undefined && path !== undefined) {
      if (isLoader(name)) continue;
      loaded.push([name, path === 'not found' ? path : realPathFrom(workingFolder, path)]);
    } else if (alone !== undefined && !alone.startsWith('linux-vdso') && !isLoader(alone)) {
      loaded.push([alone, realPathFrom(workingFolder, alone)]);
    }
  }
  return loaded;
}

/** The same of our own answer. What is wanted by several and missing stands there several times, as in the loader's. */
export function asLoaded(resolution: Resolution): Answer {
  const refused = resolution.missing.find((each) => each.refused !== undefined);
  if (refused?.refused !== undefined) return { refused: refused.refused };
  const loaded: [string, string][] = [];
  const seen = new Set([resolution.program, ...resolution.objects.filter(({ rule }) => rule === 'interpreter')]);
  for (const object of resolution.objects) {
    if (object.rule === 'preload') add(object.name, object);
  }
  for (const object of resolution.objects) {
    for (const { found } of object.needs) {
      if (isMissing(found)) loaded.push([found.name, 'not found']);
      else add(found.name, found);
    }
  }
  return loaded;

  function add(name: string, object: Resolution['program']): void {
    if (seen.has(object)) return;
    seen.add(object);
    loaded.push([name, object.realPath]);
  }
}

function realPathFrom(folder: string, path: string): string {
  return realpathSync.native(path.startsWith('/') ? path : `${folder}/${path}`);
}

function isLoader(name: string): boolean {
  return /(?:^|\/)ld-(?:linux|musl)/.test(name);
}

/** The host's loader for the machine that the tests run on. */
export const hostLoader = ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1'].find((path) =>
  existsSync(path),
);
