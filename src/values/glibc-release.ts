// A release of the GNU C library as it names itself: 2.31.
import { CvtoolError } from '../errors/cvtool-error.js';
import { quoted } from './printable.js';

/** @throws CONFIG_INVALID */
export function parseGlibcRelease(text: string): string {
  const release = /^(?:glibc[- ])?(2\.\d{1,3}(?:\.\d{1,3})?)$/i.exec(text)?.[1];
  if (release !== undefined) return release;
  throw new CvtoolError('CONFIG_INVALID', `${quoted(text)} is no release of glibc`, {
    hint: 'Write it like 2.31; `getconf GNU_LIBC_VERSION` on the other host prints it.',
  });
}
