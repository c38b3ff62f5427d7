// What the system refused, as one sentence that names the file. Every call on a file of a backup goes through one of these.
import { CvtoolError, hasCode, isSystemError } from '../errors/cvtool-error.js';
import { quoted } from '../values/printable.js';
import { shown, type BytePath } from './bytes.js';

const isAnotherAtWork = 'Does a node still run on this data? Stop it, then run cvtool again.';

/** A call that reads what is backed up. @throws BACKUP_FAILED for what the system refuses */
export function reading<T>(path: BytePath, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const name = quoted(shown(path), 4096);
    if (hasCode(error, 'ENOENT')) throw failed(`${name} vanished while it was backed up`, isAnotherAtWork, error);
    const hint = hasCode(error, 'EACCES', 'EPERM')
      ? 'Run cvtool as the user that the node runs as, or mend the owner and the mode of the file.'
      : 'Is its disk in order? `dmesg` may say more.';
    throw failed(`${name} cannot be read for the backup: ${reason(error)}`, hint, error);
  }
}

/** A call that writes into a backup or its folder. @throws NO_SPACE or BACKUP_FAILED for what the system refuses */
export function writing<T>(path: BytePath, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const name = quoted(shown(path), 4096);
    if (hasCode(error, 'ENOSPC', 'EDQUOT')) {
      throw new CvtoolError('NO_SPACE', `no space left for the backup: ${name} cannot be written: ${reason(error)}`, {
        hint: spaceHint,
        cause: error,
      });
    }
    throw failed(`${name} cannot be written for the backup: ${reason(error)}`, folderHint, error);
  }
}

export const spaceHint = 'Free some there, or let DAEMON_DATA_BACKUP_DIR name a folder on a larger disk.';
export const folderHint = 'Is that folder there, on a sound disk, and may this user write in it?';

/** @returns what a file that does not stay as it is means for its backup */
export function changed(path: BytePath): CvtoolError {
  return failed(`${quoted(shown(path), 4096)} changed while it was backed up`, isAnotherAtWork);
}

export function failed(message: string, hint: string, cause?: unknown): CvtoolError {
  return new CvtoolError('BACKUP_FAILED', message, { hint, cause });
}

/** `EIO: i/o error`: the start of the text that Node makes of an errno. */
export function reason(error: Error): string {
  return /^[^,]*/.exec(error.message)?.[0] ?? error.message;
}
