#!/usr/bin/env node
// The program. `run`, `start` and `version` are reached without the command-line library; every other verb through it.
import { readEnvironment } from './config/environment.js';
import { reportError } from './report/error-text.js';

async function main([verb = '--help', ...rest]: readonly string[]): Promise<number> {
  switch (verb) {
    case 'run':
      return run(rest);
    case 'start':
      return run(['start', ...rest]);
    case '--version':
    case 'version':
      return (await import('./commands/version.js')).versionCommand();
    default:
      return (await import('./commands/program.js')).runProgram([verb, ...rest]);
  }
}

/** Only where the environment does not say it is a recipe read for the home and the daemon's name: `run` itself reads none. */
async function run(args: readonly string[]): Promise<number> {
  const environment = readEnvironment();
  const { runCommand } = await import('./commands/run.js');
  const { DAEMON_HOME: home, DAEMON_NAME: daemon } = environment;
  if (home !== undefined && daemon !== undefined) return runCommand(args, { home, daemon });
  const defaults = await (await import('./commands/recipe-defaults.js')).recipeDefaults(environment);
  return runCommand(args, { home: home ?? defaults.home, daemon: daemon ?? defaults.daemon });
}

main(process.argv.slice(2)).then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.exitCode = reportError(error, { debug: process.argv.includes('--debug') });
  },
);
