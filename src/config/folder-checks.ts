// What must lie on disk before the supervisor may start (cosmovisor, args.go: validate; cmd/run.go). Nothing is made here.
import { existsSync, realpathSync, statSync } from 'node:fs';

import { CvtoolError } from '../errors/cvtool-error.js';
import { systemReason } from '../errors/system-reason.js';
import { homePaths } from '../home/paths.js';
import type { Values } from './variables.js';

/** `node`: a node's run; `command`: all else that works with a home; `none`: what makes one. */
export type FoldersNeeded = 'node' | 'command' | 'none';

/** @param values what could be read; a folder of a variable that could not is passed over */
export function folderProblems(values: Partial<Values>, needed: FoldersNeeded): readonly CvtoolError[] {
  const { home, daemon, backupDir, skipBackup } = values;
  if (needed === 'none') return [];
  const paths = home === undefined ? undefined : homePaths(home, daemon ?? '');
  return [
    ...(paths === undefined ? [] : cosmovisorProblem(paths.cosmovisor)),
    // a rollback that was killed may have left no data for a moment: `run` finishes it
    ...(paths === undefined || needed !== 'node' || existsSync(paths.rollbackJournal) ? [] : dataProblem(paths.data)),
    ...(backupDir === undefined || backupDir === home || skipBackup === true
      ? []
      : backupProblem(backupDir, paths?.data)),
  ];
}

function cosmovisorProblem(path: string): CvtoolError[] {
  const hint = 'Make it with `cvtool init <path to executable>` or `cvtool stage-genesis`, or correct DAEMON_HOME.';
  const kind = kindOf(path);
  if (kind === 'folder') return [];
  if (kind === 'else') return [invalid(`DAEMON_HOME: ${path} is not a directory`, hint)];
  return [invalid(`DAEMON_HOME: cannot stat home dir: stat ${path}: ${kind.reason}`, hint)];
}

function dataProblem(path: string): CvtoolError[] {
  const kind = kindOf(path);
  if (kind === 'folder') return [];
  const why = kind === 'else' ? 'it is not a directory' : `stat ${path}: ${kind.reason}`;
  return [
    invalid(
      `invalid path: ${path} must be an existing directory: ${why}`,
      "DAEMON_HOME must be a node's home: the daemon's own `init` makes `data` there.",
    ),
  ];
}

function backupProblem(path: string, data: string | undefined): CvtoolError[] {
  const what = `DAEMON_DATA_BACKUP_DIR: "${path}" must`;
  const hint = 'Make the folder, or unset the variable: then backups go to DAEMON_HOME.';
  const kind = kindOf(path);
  if (kind === 'else') return [invalid(`${what} be a valid directory`, hint)];
  if (kind !== 'folder') return [invalid(`${what} be a valid directory: stat ${path}: ${kind.reason}`, hint)];
  if (data === undefined || kindOf(data) !== 'folder') return [];
  const inside = `${realpathSync(path)}/`.startsWith(`${realpathSync(data)}/`);
  return inside ? [invalid(`${what} not lie in ${data}: a backup would hold itself`, hint)] : [];
}

/** Links are followed. */
function kindOf(path: string): 'folder' | 'else' | { readonly reason: string } {
  try {
    return statSync(path).isDirectory() ? 'folder' : 'else';
  } catch (error) {
    return { reason: systemReason(error) };
  }
}

function invalid(message: string, hint: string): CvtoolError {
  return new CvtoolError('CONFIG_INVALID', message, { hint });
}
