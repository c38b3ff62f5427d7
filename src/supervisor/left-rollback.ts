// A rollback that was killed, as a node's run meets it.
import { existsSync } from 'node:fs';

import { finishRollback } from '../backup/finish-rollback.js';
import type { NodeRun } from './context.js';
import { refuseHeldDatabase } from './database-lock.js';

/** A rollback that was killed is brought to its end before anything runs on half of it. @throws what keeps it from that */
export async function finishLeftRollback({ home, log }: NodeRun): Promise<void> {
  if (!existsSync(home.rollbackJournal)) return;
  refuseHeldDatabase(home);
  const found = await finishRollback(home);
  if (found === undefined) return;
  const message = found.kind === 'finished' ? 'a rollback that was killed is finished' : 'half a rollback was undone';
  log.warn('rollback-mended', message, { backup: found.journal.backup });
}
