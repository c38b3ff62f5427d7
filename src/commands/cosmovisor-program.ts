// cosmovisor's verbs in the command line: what `--help` tells of them, and those that are reached through the library.
import type { Command } from 'commander';

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
