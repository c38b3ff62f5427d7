// A SHA-256 digest as sha256sum(1) prints it: 64 hexadecimal digits, lower case.
import { CvtoolError } from '../errors/cvtool-error.js';
import type { Brand } from './brand.js';
import { quoted } from './printable.js';

export type Digest = Brand<string, 'Digest'>;

/**
 * @param text 64 hexadecimal digits of either case, alone or after `sha256:`
 * @throws CONFIG_INVALID
 */
export function parseDigest(text: string): Digest {
  const hex = text.replace(/^sha256:/i, '').toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(hex)) {
    throw new CvtoolError('CONFIG_INVALID', `${quoted(text)} is no SHA-256 digest`, {
      hint: 'It has 64 hexadecimal digits, as `sha256sum FILE` prints them.',
    });
  }
  return hex as Digest;
}
