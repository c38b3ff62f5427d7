// cosmovisor's verbs in the command line: what `--help` tells of them, and those that are reached through the library.
import type { Command } from 'commander';

import type { AddBatchUpgradeOptions } from './add-batch-upgrade.js';
import type { AddUpgradeOptions } from './add-upgrade.js';
import type { ReplaceOptions } from './replace.js';

const configFlag = ['-c, --cosmovisor-config <file>', 'a config.toml; the environment wins over it'] as const;

/** @param done is told a verb's exit status */
export function addCosmovisorVerbs(program: Command, done: (status: number) => void): void {
  program
    .command('run')
    .description('run the current binary with these arguments (`start` where there are none), and switch at upgrades')
    .usage('[args...]')
    .argument('[args...]', "the daemon's arguments; the first --cosmovisor-config <file> among them is taken by cvtool")
    .helpOption(false);
  program
    .command('init')
    .description('begin a home: the binary as genesis, the link current, config.toml; what is there stays')
    .argument('<path to executable>', 'the binary that the chain begins with')
    .option(...configFlag)
    .action(async (path: string) => done(await (await import('./init.js')).initCommand(path)));
  program
    .command('add-upgrade')
    .description('stage a binary for an upgrade by hand; with a height, make the upgrade without a plan of the chain')
    .argument('<upgrade-name>', "the plan's name; lower-cased unless COSMOVISOR_DISABLE_RECASE=true")
    .argument('<path to executable>')
    .option('--force', 'replace a binary or a plan that is there; add also what verification finds unfit to start here')
    .option('--upgrade-height <height>', 'make the upgrade at this height (0: when the chain says so)', '0')
    .option(...configFlag)
    .action(async (name: string, path: string, options: AddUpgradeOptions) =>
      done(await (await import('./add-upgrade.js')).addUpgradeCommand(name, path, options)),
    );
  program
    .command('add-batch-upgrade')
    .description('stage binaries for upgrades at heights, in the place of all manual plans there are')
    .option('--upgrade-file <file>', 'a CSV file without a header: name,path,height in each line')
    .option('--upgrade-list <list>', 'name:path:height,…; may be given more than once', collect)
    .option('--force', 'add also what verification finds unfit to start here')
    .option(...configFlag)
    .action(async (options: AddBatchUpgradeOptions) =>
      done(await (await import('./add-batch-upgrade.js')).addBatchUpgradeCommand(options)),
    );
  program
    .command('replace')
    .description('another binary within an upgrade, from the next start on; the one before is kept beside it')
    .argument('<name|genesis|current>', 'which staged folder')
    .argument('<path to executable>')
    .option('--force', 'also what verification finds unfit to start here')
    .option(...configFlag)
    .action(async (name: string, path: string, options: ReplaceOptions) =>
      done(await (await import('./replace.js')).replaceCommand(name, path, options)),
    );
  program
    .command('prepare-upgrade')
    .description("ask the node (DAEMON_GRPC_ADDRESS) for the chain's next plan, and see that its binary is staged")
    .option(...configFlag)
    .action(async (options: { cosmovisorConfig?: string }) =>
      done(await (await import('./prepare-upgrade.js')).prepareUpgradeCommand(options)),
    );
  program
    .command('config')
    .description('what the supervisor would work with: environment, config.toml, defaults')
    .option(...configFlag);
  program
    .command('show-upgrade-info')
    .description('print data/upgrade-info.json, the plan on which the node halted')
    .option(...configFlag)
    .action(async (options: { cosmovisorConfig?: string }) =>
      done(await (await import('./show-upgrade-info.js')).showUpgradeInfoCommand(options)),
    );
  program
    .command('version')
    .description("print cvtool's version, and what the current binary says to `version` and these arguments")
    .argument('[args...]')
    .option('-o, --output <form>', 'text, or json: one document', 'text')
    .option('--cosmovisor-only', "cvtool's own alone (also --cvtool-only)")
    .option(...configFlag);
  program.addHelpText(
    'after',
    `
It works as cosmovisor does, with cosmovisor's variables: DAEMON_HOME holds cosmovisor/ and data/, DAEMON_NAME is the file name of
the binary, and DAEMON_HOME/data/upgrade-info.json is watched by \`run\`. docs/variables.md has all of them, \`config\` their values.
Without them, home and name are the recipe's.`,
  );
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}
