#!/usr/bin/env node
// The program. `run`, `start`, `version` and `config` are reached without the command-line library; every other verb through it.
import { readEnvironment } from './config/environment.js';
import { reportError } from './report/error-text.js';

async function main(args: readonly string[]): Promise<number> {
  const [verb = '--help', ...rest] = flagsBehindVerb(args);
  switch (verb) {
    case 'run':
      return run(rest);
    case 'start':
      return run(['start', ...rest]);
    case 'internal':
      return (await import('./commands/internal.js')).internalCommand(rest);
    case '--version':
    case '-V':
      return (await import('./commands/version.js')).versionCommand(['--cosmovisor-only']);
    case 'version':
      if (asksForHelp(rest)) break;
      return (await import('./commands/version.js')).versionCommand(rest);
    case 'config':
      if (asksForHelp(rest)) break;
      return (await import('./commands/config.js')).configCommand(rest);
  }
  return (await import('./commands/program.js')).runProgram([verb, ...rest]);
}

/** cosmovisor has one flag that may stand before the verb, and hands it on (cmd/root.go: persistent). */
function flagsBehindVerb(args: readonly string[]): readonly string[] {
  const [flag = '', ...rest] = args;
  const length = /^(-c|--cosmovisor-config)$/.test(flag) ? 2 : flag.startsWith('--cosmovisor-config=') ? 1 : 0;
  const verb = args[length];
  return length === 0 || verb === undefined ? args : [verb, ...args.slice(0, length), ...rest.slice(length)];
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return args.slice(0, end === -1 ? undefined : end).some((arg) => arg === '--help' || arg === '-h');
}

/** Only where nothing else says it is a recipe read for the home and the daemon's name: `run` itself reads none. */
async function run(args: readonly string[]): Promise<number> {
  const { runCommand } = await import('./commands/run.js');
  return runCommand(args, async () =>
    (await import('./commands/recipe-defaults.js')).recipeDefaults(readEnvironment()),
  );
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.exitCode = reportError(error, { debug: process.argv.includes('--debug') });
  },
);
