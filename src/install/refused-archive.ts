// The one error for an archive from outside that is damaged, or made to do harm.
import { CvtoolError, isSystemError, messageOf } from '../errors/cvtool-error.js';

/** @param why names what was found, and the entry as `quoted` shows it */
export function refusedArchive(why: string, cause?: unknown): CvtoolError {
  return new CvtoolError('ARCHIVE_INVALID', `the archive is refused: ${why}`, {
    hint: 'Fetch it again, and compare its checksum; if it is the same, ask who made it for one without this.',
    cause,
  });
}

/** What a decoder throws is about the archive; the system's error (of a disk that cannot be read) stays what it is. */
export function refusedUnlessKnown(error: unknown, what: string): unknown {
  if (error instanceof CvtoolError || isSystemError(error)) return error;
  return refusedArchive(`${what} (${messageOf(error)})`, error);
}
