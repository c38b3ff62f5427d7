// The verbs around backups, as the command line has them.
import { InvalidArgumentError, type Command } from 'commander';

import { parseGoDuration } from '../values/go-duration.js';
import type { BackupOptions } from './backup.js';
import type { RollbackOptions } from './rollback.js';

export function addBackupVerbs(program: Command, done: (status: number) => void): void {
  const backup = program
    .command('backup')
    .description('backups of data/ by hand, what there is, and the removal of old ones');
  common(backup.command('make').description('make one; no node may run')).action(async (options: BackupOptions) =>
    done(await (await import('./backup.js')).backupCommand('make', options)),
  );
  common(backup.command('list').description('what there is, and whether it can be put back')).action(
    async (options: BackupOptions) => done(await (await import('./backup.js')).backupCommand('list', options)),
  );
  common(backup.command('prune').description('remove old backups and what rollbacks have replaced'))
    .option('--keep <count>', 'leave this many whole backups', parseCount)
    .option('--older-than <duration>', 'remove only what is older, such as 720h or 30d', parseAge)
    .option('--yes', 'do not ask')
    .action(async (options: BackupOptions) =>
      done(await (await import('./backup.js')).backupCommand('prune', options)),
    );
  common(
    program
      .command('rollback')
      .description('put a backup back, and the binary that it was made under')
      .argument('[backup]', 'its name; default: the newest whole one'),
  )
    .option('--yes', 'do not ask')
    .action(async (name: string | undefined, options: RollbackOptions) =>
      done(await (await import('./rollback.js')).rollbackCommand(name, options)),
    );
}

function common(command: Command): Command {
  return command
    .option('-c, --cosmovisor-config <path>', 'a config.toml with settings that the environment does not have')
    .option('--json', 'print the answer as one JSON document')
    .option('--debug', 'print the stack of an error');
}

function parseCount(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number from 0 on.');
}

/** @returns milliseconds */
function parseAge(text: string): number {
  const [, days] = /^(\d{1,6})d$/.exec(text) ?? [];
  if (days !== undefined) return Number(days) * 86_400_000;
  try {
    const duration = Number(parseGoDuration(text)) / 1e6;
    if (duration >= 0) return duration;
  } catch {
    // told below, in the words of this flag
  }
  throw new InvalidArgumentError('It must be a duration such as 720h or 30d.');
}
