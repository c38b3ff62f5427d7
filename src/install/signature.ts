// Does a signature vouch for a file? minisign's (`FILE.minisig`: Ed25519 over the file's BLAKE2b-512, and over that signature with its
// comment) and cosign's by a key (`FILE.sig`: ECDSA over the file's SHA-256, `cosign sign-blob --key`). The cryptography is Node's.
import { createHash, createVerify, verify } from 'node:crypto';

import { CvtoolError } from '../errors/cvtool-error.js';
import { feedFile } from '../evidence/feed-file.js';
import type { TrustedKey } from '../values/public-key.js';

/** What stands behind the file's address, by the kind of the key. */
export const signatureEndings = { minisign: '.minisig', cosign: '.sig' } as const;

/** In bytes: more is no signature. */
export const longestSignature = 16 * 1024;

/**
 * @param text of the signature's file
 * @param what the signature's address, for messages
 * @returns what the signature says besides, in one line; undefined: nothing
 * @throws SIGNATURE_INVALID where no key of `keys` has made it, or it is of another file
 */
export function checkSignature(
  file: string,
  text: string,
  kind: TrustedKey['kind'],
  keys: readonly TrustedKey[],
  what: string,
): string | undefined {
  return kind === 'minisign' ? checkMinisign(file, text, keys, what) : checkCosign(file, text, keys, what);
}

/** jedisct1.github.io/minisign, "Signature format". */
function checkMinisign(file: string, text: string, keys: readonly TrustedKey[], what: string): string {
  const [, first = '', commentLine = '', last = ''] = text.split(/\r?\n/);
  const bytes = Buffer.from(first, 'base64');
  const all = Buffer.from(last, 'base64');
  const comment = /^trusted comment: (.*)$/.exec(commentLine)?.[1];
  if (bytes.length !== 74 || all.length !== 64 || comment === undefined)
    throw invalid(what, 'it is no signature of minisign');
  const algorithm = bytes.toString('latin1', 0, 2);
  if (algorithm !== 'ED') throw invalid(what, 'it is of the old kind (minisign -l): sign the file anew');
  const id = bytes.subarray(2, 10);
  const signature = bytes.subarray(10);
  const trusted = keys.find((key) => key.kind === 'minisign' && key.id.equals(id));
  if (trusted === undefined) throw invalid(what, `it is by another key (${idText(id)}) than those that are trusted`);
  const hash = feedFile(file, createHash('blake2b512')).digest();
  if (!verify(null, hash, trusted.key, signature)) throw invalid(what, 'it is of another file');
  if (!verify(null, Buffer.concat([signature, Buffer.from(comment)]), trusted.key, all))
    throw invalid(what, 'its trusted comment has been changed');
  return comment;
}

function checkCosign(file: string, text: string, keys: readonly TrustedKey[], what: string): undefined {
  const signature = Buffer.from(text.trim(), 'base64');
  const isOf = ({ kind, key }: TrustedKey): boolean =>
    kind === 'cosign' && feedFile(file, createVerify('sha256')).verify(key, signature);
  if (!keys.some(isOf)) throw invalid(what, 'it is of another file, or by another key than those that are trusted');
}

/** As minisign prints it: the number, whose bytes it writes from the low end on. */
function idText(id: Buffer): string {
  return Buffer.from(id).reverse().toString('hex').toUpperCase();
}

function invalid(what: string, why: string): CvtoolError {
  return new CvtoolError('SIGNATURE_INVALID', `the signature ${what} does not hold: ${why}`, {
    hint: 'Nothing of the file was used. Ask who published it, by another way than the one that it came.',
  });
}
