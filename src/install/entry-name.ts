// What an entry of an archive may be called: a relative path without any detour, which is one name on every file system.
import { quoted } from '../values/printable.js';
import { refusedArchive } from './refused-archive.js';

/** In bytes; NAME_MAX of every Linux file system, and a quarter of PATH_MAX (limits.h): it lies below another path. */
const longestPart = 255;
export const longestName = 1024;

/** U+FFFD stands where bytes were no UTF-8: two names may be one then. */
const strange = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\ufffd]/u;

/**
 * @param given as the archive has it: `./` before it, and a slash behind a folder's, are left out
 * @returns '' for the archive's own folder
 * @throws ARCHIVE_INVALID
 */
export function entryName(given: string, kind: 'file' | 'folder' | 'link'): string {
  const inner = given.replace(/^(?:\.\/)+/, '');
  const name = kind === 'folder' ? inner.replace(/\/$/, '') : inner;
  if (kind === 'folder' && (name === '' || name === '.') && given !== '' && !given.startsWith('/')) return '';
  checkText(given, given);
  if (isAbsolute(given)) throw refusedArchive(`${quoted(given)} is an absolute name`);
  const parts = name.split('/');
  if (parts.includes('..')) throw refusedArchive(`${quoted(given)} leads out of it`);
  if (parts.some((part) => part === '' || part === '.')) throw refusedArchive(`${quoted(given)} is no plain name`);
  return name;
}

/** What holds for a name and for a link's target: no control character, no backslash, not too long. */
export function checkText(text: string, entry: string): void {
  if (strange.test(text)) throw refusedArchive(`${quoted(entry)}: ${quoted(text)} has a character that no name has`);
  if (text.includes('\\')) throw refusedArchive(`${quoted(entry)}: ${quoted(text)} has a backslash`);
  if (Buffer.byteLength(text) > longestName || text.split('/').some((part) => Buffer.byteLength(part) > longestPart))
    throw refusedArchive(`${quoted(entry)} is too long`);
}

export function isAbsolute(text: string): boolean {
  return /^(?:\/|[a-z]:)/i.test(text);
}
