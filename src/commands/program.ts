// The command line, but for `run` and `version`, which are reached without it. A verb's own code is imported when it is called.
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander';

import { CvtoolError } from '../errors/cvtool-error.js';
import { ownVersion } from '../host/own-version.js';
import { errorData } from '../report/error-text.js';
import { print } from '../report/terminal.js';
import { addBackupVerbs } from './backup-program.js';
import { addCosmovisorVerbs } from './cosmovisor-program.js';
import type { DoctorOptions } from './doctor.js';
import type { ExplainOptions } from './explain.js';
import type { InstallOptions } from './install.js';
import type { PackOptions } from './pack.js';
import type { PlanInfoOptions } from './plan-info.js';
import type { ReleasesOptions } from './releases.js';
import type { ReproduceOptions } from './reproduce.js';
import type { StageAllOptions } from './stage-all.js';
import type { StageOptions } from './stage.js';
import type { StatusOptions } from './status.js';
import type { VerifyOptions } from './verify.js';

/** @param args without node and script @returns the exit status */
export async function runProgram(args: readonly string[]): Promise<number> {
  let status = 0;
  const program = buildProgram((code) => (status = code));
  try {
    await program.parseAsync(withoutStrayHelp(program, args), { from: 'user' });
    return status;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0; // the help or the version, which commander has printed
    const wrong = wrongCall(error);
    if (args.includes('--json')) print(JSON.stringify(errorData(wrong)));
    throw wrong;
  }
}

/** Help on a command that is not there would be that of the program, without a word on what was wrong. */
function withoutStrayHelp(program: Command, args: readonly string[]): readonly string[] {
  const [name, ...rest] = args[0] === 'help' ? args.slice(1) : args;
  const isKnown = name === undefined || name.startsWith('-') || program.commands.some((known) => known.name() === name);
  return isKnown || name === 'help' ? args : [name, ...rest.filter((arg) => arg !== '--help' && arg !== '-h')];
}

function wrongCall({ message }: CommanderError): CvtoolError {
  const [said = '', ...more] = message.replace(/^error: /, '').split('\n'); // a second line suggests what was meant
  const suggestions = more.map((line) => line.replace(/^\((.*)\)$/, '$1'));
  const whereToLook = '`cvtool --help` lists the commands, `cvtool help <command>` the options of one.';
  return new CvtoolError('USAGE', said, { hint: [...suggestions, whereToLook].join('\n') });
}

function buildProgram(done: (status: number) => void): Command {
  const program = new Command('cvtool')
    .description('Builds, stages and supervises the binaries of a Cosmos SDK chain.')
    .version(ownVersion(), '-V, --version', "print cvtool's version")
    .showSuggestionAfterError()
    .configureOutput({ outputError: () => undefined }) // told as all errors are, and once
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
    .command('verify')
    .description('prove that what is staged will start and is what it says: docs/verification.md has the levels')
    .argument('[subject]', 'genesis, current, the name of an upgrade, or a path; default: all that is staged')
    .option('--all', 'all that is staged')
    .option('--home <dir>', "the node's home (DAEMON_HOME; default: the recipe's)")
    .option('--name <file>', "the daemon's file name (DAEMON_NAME; default: the recipe's)")
    .option('--recipe <name|file>', 'which chain: a name, or a file of your own (CVTOOL_RECIPE; default: panacea)')
    .option('--target-glibc <release>', 'judge for a host with this glibc, such as 2.31, in the place of this one')
    .option('--no-exec', 'do not start the binary, also where its bytes are vouched for')
    .option('--json', 'print the result as one JSON document')
    .option('--debug', 'print the stack of an error')
    .action(async (subject: string | undefined, options: VerifyOptions) =>
      done(await (await import('./verify.js')).verifyCommand(subject, options)),
    );
  buildOptions(
    placeOptions(
      program
        .command('reproduce')
        .description('build what is staged again, from nothing, and compare every byte; nothing is staged')
        .argument('<subject>', 'genesis, current, the name of an upgrade, or the path of a staged folder'),
    ),
  )
    .option('--expect-sha256 <digest>', 'what the new binary must have; where nothing is staged it is compared alone')
    .option('--tag <tag>', 'with --expect-sha256: build this tag, and look at nothing that is staged')
    .option('--commit <sha>', 'the commit that the tag must lead to')
    .action(async (subject: string, options: ReproduceOptions) =>
      done(await (await import('./reproduce.js')).reproduceCommand(subject, options)),
    );
  lookingOptions(
    program
      .command('doctor')
      .description('what stands between this host and the next build, run or upgrade, and what mends it'),
  )
    .option('--print-unit', 'print a systemd unit for this home, and nothing else')
    .action(async (options: DoctorOptions) => done(await (await import('./doctor.js')).doctorCommand(options)));
  lookingOptions(
    program
      .command('status')
      .description('what the home is doing: current, staged, plans, daemon, supervisor; the node is not asked'),
  ).action(async (options: StatusOptions) => done(await (await import('./status.js')).statusCommand(options)));
  lookingOptions(
    program
      .command('explain')
      .description("what the last words of a node's log mean, and what to do: journalctl -u panacead | cvtool explain")
      .argument('[file]', 'the log; - or none: standard input'),
  ).action(async (file: string | undefined, options: ExplainOptions) =>
    done(await (await import('./explain.js')).explainCommand(file, options)),
  );
  sharedOptions(
    program
      .command('stage-all')
      .description('build and stage every release of the table, for those who replay a chain')
      .option('--from <name>', 'begin with this upgrade, and leave what comes before it alone'),
  ).action(async (options: StageAllOptions) => done(await (await import('./stage-all.js')).stageAllCommand(options)));
  placeOptions(
    program
      .command('releases')
      .description('the release table, what of it is staged here, and which tags the repository has'),
  )
    .option('--fetch', 'ask the repository anew')
    .option('--offline', 'fetch nothing (which it does anyway, without --fetch)')
    .option('--json', 'print the table as one JSON document')
    .option('--debug', 'print the stack of an error')
    .action(async (options: ReleasesOptions) => done(await (await import('./releases.js')).releasesCommand(options)));
  program
    .command('cache')
    .description('what is kept to build faster: mirrors, checkouts, toolchains, logs')
    .argument('[action]', 'path, size or prune', parseCacheAction, 'size')
    .option('--json', 'print the answer as JSON')
    .option('--debug', 'print the stack of an error')
    .action(async (action: 'path' | 'size' | 'prune', options: { json?: boolean; debug?: boolean }) =>
      done((await import('./cache.js')).cacheCommand(action, options)),
    );
  lookingOptions(
    program
      .command('pack')
      .description('make an archive of what is staged, for other hosts and for automatic downloads')
      .argument('<subject>', 'genesis, current, the name of an upgrade, or the path of a staged folder'),
  )
    .option('--out <dir>', 'where to put it (default: the folder that you are in)')
    .addOption(
      new Option('--format <format>', 'tar.gz, zip, or tar.zst (Node 22.15 or later)')
        .choices(['tar.gz', 'zip', 'tar.zst'])
        .default('tar.gz'),
    )
    .option('--sign-key <file>', 'sign it for minisign: an Ed25519 key without a password, of minisign or in PEM')
    .option('--force', 'replace an archive of that name that has other bytes')
    .action(async (subject: string, options: PackOptions) =>
      done(await (await import('./pack.js')).packCommand(subject, options)),
    );
  program
    .command('install')
    .description('stage an archive of `pack`, or a binary, from an address or a file: vouched for, verified, whole')
    .argument('<archive|url>', 'https://…, or the path of a file')
    .option('--checksum <type:hex>', 'what it must be: sha256:… (also sha512, sha1, md5; or file:<address of a list>)')
    .option('--no-checksum', 'take it also where neither checksum nor signature vouches for it')
    .option('--as <genesis|name>', "what it is for (default: what the archive's manifest says)")
    .option(
      '--public-key <key|file>',
      'whose signature counts: of minisign, or a PEM (also: signingKeys of the recipe)',
      collect,
    )
    .option('--require-signature', 'a signature must be there and hold, besides a checksum')
    .option('--timeout <duration>', 'how long fetching it may take', '1h')
    .option('--force', 'replace what is staged there, also where the bytes differ')
    .option('--no-exec', 'do not start the binary for its verification')
    .option('--home <dir>', "the node's home (DAEMON_HOME; default: the recipe's)")
    .option('--name <file>', "the daemon's file name (DAEMON_NAME; default: the recipe's)")
    .option('--recipe <name|file>', 'which chain: a name, or a file of your own (CVTOOL_RECIPE; default: panacea)')
    .option('--json', 'print the result as one JSON document; progress goes to stderr')
    .option('--debug', 'print the stack of an error')
    .action(async (word: string, options: InstallOptions) =>
      done(await (await import('./install.js')).installCommand(word, options)),
    );
  addBackupVerbs(program, done);
  program
    .command('plan-info')
    .description(
      'the info of an upgrade plan, by which nodes download what was packed; or: plan-info lint <json|file|url>',
    )
    .argument('[words...]', 'the archives, one a platform; or lint, an info, and the archives that it names')
    .option('--fetch', 'for lint: fetch what the info names, as a node would; nothing of it is executed')
    .option('--name <file>', "for --fetch: the daemon's file name (DAEMON_NAME; default: the recipe's)")
    .option('--recipe <name|file>', 'for --fetch: which chain (CVTOOL_RECIPE; default: panacea)')
    .option('--url-base <url>', 'where the archives will be: https://host/path')
    .addOption(
      new Option('--proposal <kind>', 'print a whole proposal.json: v1 (SDK 0.46 and later) or legacy').choices([
        'legacy',
        'v1',
      ]),
    )
    .option('--plan <name>', "for --proposal: the plan's name (default: that of the archives)")
    .option('--height <height>', 'for --proposal: the height of the upgrade')
    .option('--deposit <coins>', 'for --proposal, such as 10000000000umed')
    .option('--authority <address>', 'for --proposal v1: the address of the module account gov')
    .option('--title <text>', 'for --proposal')
    .option('--summary <text>', 'for --proposal')
    .option('--json', 'print the answer as one JSON document')
    .option('--debug', 'print the stack of an error')
    .action(async (words: string[], options: PlanInfoOptions) =>
      done(await (await import('./plan-info.js')).planInfoCommand(words, options)),
    );
  addCosmovisorVerbs(program, done);
  program
    .command('demo')
    .description('stage and run a small chain that cvtool carries with it: the whole way, in a temporary folder')
    .option('--keep', 'leave the temporary folder')
    .action(async (options: { keep?: boolean }) => done(await (await import('./demo.js')).demoCommand(options)));
  return program;
}

function lookingOptions(command: Command): Command {
  return command
    .option('--home <dir>', "the node's home (DAEMON_HOME; default: the recipe's)")
    .option('--name <file>', "the daemon's file name (DAEMON_NAME; default: the recipe's)")
    .option('--recipe <name|file>', 'which chain: a name, or a file of your own (CVTOOL_RECIPE; default: panacea)')
    .option('--json', 'print the answer as one JSON document')
    .option('--debug', 'print the stack of an error');
}

function staging(command: Command, tag: string): Command {
  command
    .option(`--tag ${tag}`, 'the git tag to build; default: what the release table says')
    .option('--commit <sha>', 'the commit that the tag must lead to');
  return sharedOptions(command);
}

/** Which chain, and where. */
function placeOptions(command: Command): Command {
  return command
    .option('--recipe <name|file>', 'which chain: a name, or a file of your own (CVTOOL_RECIPE; default: panacea)')
    .option('--repo <url|path>', "where to clone from (CVTOOL_REPO; default: the recipe's)")
    .option('--home <dir>', "the node's home (DAEMON_HOME; default: the recipe's)")
    .option('--name <file>', "the daemon's file name (DAEMON_NAME; default: the recipe's)");
}

function sharedOptions(command: Command): Command {
  return buildOptions(placeOptions(command))
    .option('--force', 'replace what is staged there, also where the bytes differ')
    .option('--dry-run', 'print the plan and change nothing')
    .option('--no-cache', 'clone anew and compile everything anew')
    .addOption(new Option('--offline', 'fetch nothing: mirror, modules and Go must be here'))
    .option('--target-glibc <release>', 'refuse what needs a later glibc than this one, such as 2.31');
}

/** Of all that build. */
function buildOptions(command: Command): Command {
  return command
    .option('--json', 'print the result as one JSON document; progress goes to stderr')
    .option('--verbose', 'print all output of the build')
    .option('--debug', 'print the stack of an error')
    .option('--yes', 'fetch a Go that is missing without asking (CI=true does not ask either)')
    .option('--keep-source', 'leave the checkout for you to look at');
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function parseCacheAction(text: string): string {
  if (['path', 'size', 'prune'].includes(text)) return text;
  throw new InvalidArgumentError('It must be path, size or prune.');
}
