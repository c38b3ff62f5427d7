// A path inside a folder that is known only later: relative, normal, and never leading out of that folder by its text.
// (A link on the way may still lead out: whoever opens the file looks at that.)
import { isAbsolute } from 'node:path';

import { CvtoolError } from '../errors/cvtool-error.js';
import type { Brand } from './brand.js';
import { quoted } from './printable.js';

export type InnerPath = Brand<string, 'InnerPath'>;

/** One name without a slash: a file, a program, a library. It is an inner path of one part. */
export type FileName = Brand<InnerPath, 'FileName'>;

/** @throws CONFIG_INVALID for an absolute path, a part `..`, a leading `-`, control characters, and for no path at all */
export function parseInnerPath(text: string): InnerPath {
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text)) throw invalid(text, 'has a control character in it');
  if (isAbsolute(text) || text.startsWith('~')) throw invalid(text, 'is not relative');
  const parts = text.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0) throw invalid(text, 'names nothing');
  if (parts.includes('..')) throw invalid(text, 'leads out of its folder');
  if (parts.some((part) => part.startsWith('-'))) throw invalid(text, 'has a part that starts with "-" like an option');
  if (parts.some((part) => Buffer.byteLength(part) > 255)) throw invalid(text, 'has a part of more than 255 bytes');
  return parts.join('/') as InnerPath;
}

/** @throws CONFIG_INVALID for what is no single name */
export function parseFileName(text: string): FileName {
  const name = parseInnerPath(text);
  if (name !== text || name.includes('/')) throw invalid(text, 'is no single file name');
  return name as FileName;
}

function invalid(text: string, why: string): CvtoolError {
  return new CvtoolError('CONFIG_INVALID', `${quoted(text)} ${why}`);
}
