// `cvtool rollback`: says what it would do, asks, and does it.
import { lockIdleHome } from '../backup/idle.js';
import { chooseBackup } from '../backup/choose.js';
import { finishRollback } from '../backup/finish-rollback.js';
import { carryOutRollback, planRollback } from '../backup/restore.js';
import { print } from '../report/terminal.js';
import { lostManualPlans, rollbackData, rollbackLines } from '../report/rollback.js';
import { agreed, backupVerb, type BackupVerbOptions } from './backup-home.js';

export type RollbackOptions = BackupVerbOptions;

/** @param word the backup's name @returns the exit status: 1 too where the answer is no */
export function rollbackCommand(word: string | undefined, options: RollbackOptions): Promise<number> {
  return backupVerb(options, async ({ home, config, signal }) => {
    lockIdleHome(home);
    const say = (...lines: readonly string[]): void => {
      if (options.json !== true) print(...lines);
    };
    const left = await finishRollback(home);
    if (left?.kind === 'finished') {
      say(`A rollback that was killed is finished: ${left.journal.backup} is put back.`);
      if (word === undefined || left.journal.backup.endsWith(`/${word}`)) {
        if (options.json === true) print(JSON.stringify({ ok: true, backup: left.journal.backup, finished: true }));
        return 0;
      }
    }
    const plan = planRollback(home, chooseBackup(config.backupDir, home.root, word), new Date());
    say(...rollbackLines(plan, lostManualPlans(home, plan)));
    if (!(await agreed(options, 'Put it back?', signal))) {
      say('Nothing was changed.');
      return 1;
    }
    await carryOutRollback(home, plan, { mode: config.backupMode, signal });
    if (options.json === true) print(JSON.stringify(rollbackData(plan)));
    else print(`Done. What was replaced: ${plan.trees.map(({ replaced }) => replaced).join(', ')}`);
    return 0;
  });
}
