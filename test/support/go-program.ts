// Small Go programs, built by exactly the Go that a test names, in an environment of our own.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { runTool } from './run-tool.js';

export interface GoBuild {
  /** go1.19.2, or local: the machine's own. */
  readonly toolchain: string;
  readonly flags?: readonly string[];
  readonly environment?: NodeJS.ProcessEnv;
}

/** Writes a module: path below the folder to content. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** What a go command is told, whatever this machine's own settings are. */
export function goEnvironment({ toolchain, environment = {} }: GoBuild): NodeJS.ProcessEnv {
  return { GOENV: 'off', GOFLAGS: '-mod=mod', GOWORK: 'off', GOTOOLCHAIN: toolchain, ...environment };
}

/** Runs a go command in `folder`. */
export function runGo(folder: string, args: readonly string[], build: GoBuild): string {
  return runTool('go', args, { cwd: folder, environment: goEnvironment(build) });
}

/** @returns the path of the program */
export function buildGo(folder: string, output: string, build: GoBuild): string {
  const path = join(folder, output);
  runGo(folder, ['build', ...(build.flags ?? []), '-o', path, '.'], build);
  return path;
}
