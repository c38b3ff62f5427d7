// Which backup a rollback takes: a name that an operator has typed is judged here, and what it stands for is told where it is
// refused.
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { CvtoolError } from '../errors/cvtool-error.js';
import { quoted } from '../values/printable.js';
import { bytePath } from './bytes.js';
import { suspectFiles } from './check.js';
import { listBackups, type Backup } from './list.js';
import { parseBackupName } from './names.js';
import { readRecord } from './record.js';

/** @returns the home's whole backups, the newest first */
function backupsOf(dir: string, home: string): Backup[] {
  const root = realpathSync(home);
  return listBackups(dir).filter(({ record }) => record.home === root);
}

/**
 * @param word a name, or the path of a backup in `dir`; undefined: the newest whole one of this home
 * @throws BACKUP_UNFIT that says what it is
 */
export function chooseBackup(dir: string, home: string, word: string | undefined): Backup {
  if (word === undefined) {
    const [newest] = backupsOf(dir, home);
    if (newest !== undefined) return newest;
    throw unfit(`there is no whole backup of ${home} in ${dir}`, 'DAEMON_DATA_BACKUP_DIR names where backups lie.');
  }
  const name = nameIn(dir, word);
  const folder = join(dir, name);
  const shown = quoted(word);
  if (!existsSync(folder)) throw unfit(`there is no backup ${shown} in ${dir}`, listHint);
  const parsed = parseBackupName(name);
  if (parsed?.partial === true) throw unfit(`${shown} is half a backup: it was never finished`, listHint);
  if (parsed?.tree === 'wasm') throw unfit(`${shown} is the part of a backup that holds wasm/`, 'Name that of data.');
  if (parsed === undefined) throw unfit(`${shown} is no backup's name`, listHint);
  const record = readRecord(bytePath(folder));
  if (record === undefined) {
    throw unfit(
      `${shown} was not made by cvtool: nothing says that it is whole, nor which binary it belongs to`,
      'cosmovisor names its backups so, too. Put it back by hand, and keep the newer priv_validator_state.json.',
    );
  }
  if (record.home !== realpathSync(home)) throw unfit(`${shown} is a backup of another home, ${record.home}`, listHint);
  const found = listBackups(dir).find((each) => each.name === name);
  if (found === undefined) throw unfit(`${shown} is half a backup: its wasm/ is not there`, listHint);
  return found;
}

/** @throws BACKUP_UNFIT that names the files which something has written to since */
export function refuseSuspect({ folder, wasmFolder, name, record }: Backup): void {
  const files = [...suspectFiles(folder, record), ...suspectInWasm(wasmFolder)];
  if (files.length === 0) return;
  const more = files.length > 10 ? [`and ${files.length - 10} more`] : [];
  throw new CvtoolError('BACKUP_UNFIT', `files of ${name} were changed or removed after it was made`, {
    details: [...files.slice(0, 10), ...more],
    hint: 'A program has written to table files that it shares with data. Take another: `cvtool backup list` shows them.',
  });
}

export function suspectInWasm(folder: string | undefined): string[] {
  const record = folder === undefined ? undefined : readRecord(bytePath(folder));
  return folder === undefined || record === undefined ? [] : suspectFiles(folder, record);
}

function nameIn(dir: string, word: string): string {
  if (!word.includes('/')) return word;
  const path = resolve(word);
  const parent = dirname(path);
  if (existsSync(parent) && realpathSync(parent) === realpathSync(dir)) return basename(path);
  throw unfit(`${quoted(word)} does not lie in ${dir}`, listHint);
}

const listHint = '`cvtool backup list` shows what there is; DAEMON_DATA_BACKUP_DIR names where backups lie.';

function unfit(message: string, hint: string): CvtoolError {
  return new CvtoolError('BACKUP_UNFIT', message, { hint });
}
