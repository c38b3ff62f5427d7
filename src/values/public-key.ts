// A public key that signatures of archives are checked with: minisign's, as `minisign -P` takes it, or a PEM of an ECDSA key on
// P-256, as `cosign generate-key-pair` writes it.
import { createPublicKey, type KeyObject } from 'node:crypto';

import { CvtoolError, messageOf } from '../errors/cvtool-error.js';
import { quoted } from './printable.js';

export type TrustedKey =
  | { readonly kind: 'minisign'; readonly key: KeyObject; /** As minisign writes it, 8 bytes. */ readonly id: Buffer }
  | { readonly kind: 'cosign'; readonly key: KeyObject };

/** RFC 8410, 4: a SubjectPublicKeyInfo up to the 32 bytes of an Ed25519 key. */
const ed25519Prefix = Buffer.from('302a300506032b6570032100', 'hex');
const minisignSize = 42; // two bytes of algorithm, the id, the key

/** @param text the key itself; of minisign also the two lines of its file @throws CONFIG_INVALID */
export function parsePublicKey(text: string): TrustedKey {
  return text.includes('-----BEGIN') ? fromPem(text) : fromMinisign(text);
}

function fromPem(text: string): TrustedKey {
  let key: KeyObject;
  try {
    key = createPublicKey(text);
  } catch (error) {
    throw invalid(text, `it is no public key in PEM: ${messageOf(error)}`);
  }
  const { namedCurve } = key.asymmetricKeyDetails ?? {};
  if (text.includes('PRIVATE KEY')) throw invalid('…', 'it is a private key: give the public one');
  if (key.asymmetricKeyType !== 'ec' || namedCurve !== 'prime256v1')
    throw invalid(text, 'it is no ECDSA key on the curve P-256');
  return { kind: 'cosign', key };
}

function fromMinisign(text: string): TrustedKey {
  const line = text.trim().split(/\r?\n/).at(-1) ?? '';
  const bytes = Buffer.from(line, 'base64');
  if (bytes.length !== minisignSize || bytes.toString('latin1', 0, 2) !== 'Ed')
    throw invalid(text, 'it is neither a minisign public key (RW…) nor PEM');
  const der = Buffer.concat([ed25519Prefix, bytes.subarray(10)]);
  return {
    kind: 'minisign',
    id: bytes.subarray(2, 10),
    key: createPublicKey({ key: der, format: 'der', type: 'spki' }),
  };
}

function invalid(text: string, why: string): CvtoolError {
  return new CvtoolError('CONFIG_INVALID', `the public key ${quoted(text)} cannot be used: ${why}`, {
    hint: 'Give what `minisign -R` or `cosign public-key` prints.',
  });
}
