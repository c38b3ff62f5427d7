// What the system says when a home cannot be written, as an error for the operator.
import { CvtoolError, hasCode, isSystemError } from '../errors/cvtool-error.js';
import { systemReason } from '../errors/system-reason.js';
import type { HomePaths } from './paths.js';

/** @returns NO_SPACE or HOME_UNWRITABLE for an error of the system; any other error as it is */
export function asWriteProblem(error: unknown, home: HomePaths): unknown {
  if (hasCode(error, 'ENOSPC', 'EDQUOT')) {
    const hint = 'Make room on its disk, then run this again.';
    return new CvtoolError('NO_SPACE', `${home.cosmovisor}: ${systemReason(error)}`, { hint, cause: error });
  }
  if (!isSystemError(error)) return error;
  const path = 'path' in error ? String(error.path) : home.cosmovisor;
  return new CvtoolError('HOME_UNWRITABLE', `${path}: ${systemReason(error)}`, {
    hint: 'This user must be able to write below DAEMON_HOME, and to read what is copied there.',
    cause: error,
  });
}
