// The command line, but for `run` and `version`, which are reached without it. A verb's own code is imported when it is called.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';

import { ownVersion } from '../host/own-version.js';
import type { StageOptions } from './stage.js';

/** @param args without node and script @returns the exit status */
export async function runProgram(args: readonly string[]): Promise<number> {
  let status = 0;
  const program = buildProgram((code) => (status = code));
  try {
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode; // commander has printed what is wrong, or the help
    throw error;
  }
}

function buildProgram(done: (status: number) => void): Command {
  const program = new Command('cvtool')
    .description('Builds, stages and supervises the binaries of a Cosmos SDK chain.')
    .version(ownVersion(), '-V, --version', "print cvtool's version")
    .showHelpAfterError('(`cvtool --help` lists the commands, `cvtool help <command>` its options)')
    .showSuggestionAfterError()
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error:/, 'Error:')) })
    .exitOverride();
  staging(
    program.command('stage-genesis').description('build a tag and stage it as genesis, the binary that runs first'),
    '<tag>',
  ).action(async (options: StageOptions) => done(await (await import('./stage.js')).stageCommand(undefined, options)));
  staging(
    program
      .command('stage-upgrade')
      .description('build a release and stage it as the binary of an upgrade')
      .argument('<name>', "the upgrade plan's name on chain, such as v2.2.0"),
    '<tag>',
  ).action(async (name: string, options: StageOptions) =>
    done(await (await import('./stage.js')).stageCommand(name, options)),
  );
  program
    .command('cache')
    .description('what is kept to build faster: mirrors, checkouts, toolchains, logs')
    .argument('[action]', 'path, size or prune', parseCacheAction, 'size')
    .option('--json', 'print the answer as JSON')
    .option('--debug', 'print the stack of an error')
    .action(async (action: 'path' | 'size' | 'prune', options: { json?: boolean; debug?: boolean }) =>
      done(await (await import('./cache.js')).cacheCommand(action, options)),
    );
  program
    .command('run')
    .description('run the current binary with these arguments (`start` where there are none)')
    .argument('[args...]', "the daemon's arguments");
  program
    .command('demo')
    .description('stage and run a small chain that cvtool carries with it: the whole way, in a temporary folder')
    .option('--keep', 'leave the temporary folder')
    .action(async (options: { keep?: boolean }) => done(await (await import('./demo.js')).demoCommand(options)));
  program.command('version').description("print cvtool's version");
  return program;
}

function staging(command: Command, tag: string): Command {
  return command
    .option(`--tag ${tag}`, 'the git tag to build; default: what the release table says')
    .option('--recipe <name|file>', 'which chain: a name, or a file of your own (CVTOOL_RECIPE; default: panacea)')
    .option('--repo <url|path>', "where to clone from (CVTOOL_REPO; default: the recipe's)")
    .option('--home <dir>', "the node's home (DAEMON_HOME; default: the recipe's)")
    .option('--name <file>', "the daemon's file name (DAEMON_NAME; default: the recipe's)")
    .option('--commit <sha>', 'the commit that the tag must lead to')
    .option('--force', 'replace what is staged there, also where the bytes differ')
    .option('--dry-run', 'print the plan and change nothing')
    .option('--json', 'print the result as one JSON document; progress goes to stderr')
    .option('--verbose', 'print all output of the build')
    .option('--debug', 'print the stack of an error')
    .option('--no-cache', 'clone anew and compile everything anew')
    .addOption(new Option('--offline', 'fetch nothing: mirror, modules and Go must be here'))
    .option('--keep-source', 'leave the checkout for you to look at');
}

function parseCacheAction(text: string): string {
  if (['path', 'size', 'prune'].includes(text)) return text;
  throw new InvalidArgumentError('It must be path, size or prune.');
}
