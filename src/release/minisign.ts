// Signatures that minisign(1) verifies: Ed25519 over the BLAKE2b-512 of a file, and over that signature with its comment.
import { createHash, createPrivateKey, createPublicKey, sign, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { CvtoolError } from '../errors/cvtool-error.js';
import { systemReason } from '../errors/system-reason.js';

export interface SigningKey {
  readonly key: KeyObject;
  readonly id: Buffer;
  /** As `minisign -P` takes it. */
  readonly publicKey: string;
}

/** RFC 8410: a PKCS #8 structure up to the seed. */
const seedPrefix = Buffer.from('302e020100300506032b657004220420', 'hex');
/** minisign's secret key: two bytes each of algorithm, derivation, checksum; salt 32, limits 16, id 8, key 64, checksum 32. */
const keySize = 158;
const idAt = 54;
const seedAt = 62;
const publicAt = 94;

/**
 * @param path of an unencrypted minisign secret key (`minisign -G -W`), or of an Ed25519 key in PEM
 * @throws SIGNING_KEY_INVALID
 */
export function readSigningKey(path: string): SigningKey {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw invalid(path, systemReason(error));
  }
  return text.includes('-----BEGIN') ? fromPem(path, text) : fromMinisign(path, text);
}

/**
 * @param hash BLAKE2b-512 of the file
 * @param comment what the signature vouches for besides the bytes; one line
 * @returns the text of FILE.minisig
 */
export function minisignature({ key, id }: SigningKey, hash: Buffer, comment: string): string {
  const signature = sign(null, hash, key);
  const all = sign(null, Buffer.concat([signature, Buffer.from(comment)]), key);
  return [
    'untrusted comment: signature made by cvtool',
    Buffer.concat([Buffer.from('ED'), id, signature]).toString('base64'), // ED: of the hash; Ed would be of the file
    `trusted comment: ${comment}`,
    all.toString('base64'),
    '',
  ].join('\n');
}

function fromPem(path: string, text: string): SigningKey {
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch {
    throw invalid(path, 'it is no private key in PEM, or is encrypted'); // what OpenSSL says of it helps nobody
  }
  if (key.asymmetricKeyType !== 'ed25519') throw invalid(path, `it is of type ${key.asymmetricKeyType ?? 'unknown'}`);
  const id = createHash('sha256').update(rawPublic(key)).digest().subarray(0, 8); // PEM knows no ids: the same for each use
  return signingKey(key, id);
}

function fromMinisign(path: string, text: string): SigningKey {
  const [comment = '', encoded = ''] = text.split(/\r?\n/);
  const bytes = Buffer.from(encoded, 'base64');
  if (!comment.startsWith('untrusted comment:') || bytes.length !== keySize || bytes.toString('latin1', 0, 2) !== 'Ed')
    throw invalid(path, 'it is neither a minisign secret key nor PEM');
  if (bytes.readUInt16LE(2) !== 0) throw invalid(path, 'it is encrypted with a password');
  const key = createPrivateKey({
    key: Buffer.concat([seedPrefix, bytes.subarray(seedAt, publicAt)]),
    format: 'der',
    type: 'pkcs8',
  });
  if (!rawPublic(key).equals(bytes.subarray(publicAt, publicAt + 32))) throw invalid(path, 'it is damaged');
  return signingKey(key, bytes.subarray(idAt, seedAt));
}

function signingKey(key: KeyObject, id: Buffer): SigningKey {
  return { key, id, publicKey: Buffer.concat([Buffer.from('Ed'), id, rawPublic(key)]).toString('base64') };
}

function rawPublic(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: 'spki', format: 'der' }).subarray(-32);
}

function invalid(path: string, why: string): CvtoolError {
  return new CvtoolError('SIGNING_KEY_INVALID', `${path} cannot sign: ${why}`, {
    hint: 'Give an Ed25519 key without a password: `minisign -G -W -s FILE`, or `openssl genpkey -algorithm ed25519 -out FILE`.',
  });
}
