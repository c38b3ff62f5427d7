// Signatures by the rules of minisign's manual, checked with node:crypto from the public key that is told; keys of both kinds.
import { createHash, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { minisignature, readSigningKey } from '../../src/release/minisign.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const hash = createHash('blake2b512').update('an archive').digest();
const comment = 'timestamp:1700000000\tfile:x.tar.gz\thashed';

function keyFile(text: string): string {
  const path = join(mkdtempSync(join(scratch, 'key-')), 'key');
  writeFileSync(path, text);
  return path;
}

function pem(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** As `minisign -G -W` writes it, its checksum left out of the rule: cvtool compares the halves of the key instead. */
function minisignSecret(change: (bytes: Buffer) => void = () => undefined): string {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const bytes = Buffer.concat([
    Buffer.from('Ed\0\0B2', 'latin1'),
    Buffer.alloc(48),
    Buffer.from('keyno123'),
    privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32),
    publicKey.export({ type: 'spki', format: 'der' }).subarray(-32),
    Buffer.alloc(32),
  ]);
  change(bytes);
  return `untrusted comment: minisign secret key\n${bytes.toString('base64')}\n`;
}

function isValid(text: string, publicKey: string, of: Buffer): boolean {
  const [, first = '', trusted = '', last = ''] = text.split('\n');
  const key = Buffer.from(publicKey, 'base64');
  const signature = Buffer.from(first, 'base64');
  expect(signature.toString('latin1', 0, 2) + key.toString('latin1', 0, 2)).toBe('EDEd');
  expect(signature.subarray(2, 10).equals(key.subarray(2, 10))).toBe(true);
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key.subarray(10)]);
  const publicObject = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const said = Buffer.from(trusted.replace(/^trusted comment: /, ''));
  const whole = Buffer.concat([signature.subarray(10), said]);
  return (
    verify(null, of, publicObject, signature.subarray(10)) &&
    verify(null, whole, publicObject, Buffer.from(last, 'base64'))
  );
}

test.each([
  ['PEM', pem()],
  ['minisign', minisignSecret()],
])('a key in %s: valid for these bytes and this comment, and for no others', (_, text) => {
  const key = readSigningKey(keyFile(text));
  const signature = minisignature(key, hash, comment);
  expect(isValid(signature, key.publicKey, hash)).toBe(true);
  expect(isValid(signature, key.publicKey, createHash('blake2b512').update('another').digest())).toBe(false);
  expect(isValid(signature.replace('x.tar.gz', 'y.tar.gz'), key.publicKey, hash)).toBe(false);
  expect(minisignature(key, hash, comment)).toBe(signature);
});

test.each([
  ['nothing', ''],
  ['a public key of minisign', 'untrusted comment: x\nRWTUBRKUA6LCxfZwMqRwtxWJKoCTrsi6MTfQbLzG7Wwq5fepl8TInhxd\n'],
  ['a key with a password', minisignSecret((bytes) => bytes.write('Sc', 2))],
  ['halves that do not belong together', minisignSecret((bytes) => bytes.fill(1, 100, 110))],
  [
    'an RSA key',
    generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
  ],
  ['half a PEM', pem().slice(0, 60)],
])('%s cannot sign', (_, text) => {
  expect(() => readSigningKey(keyFile(text.toString()))).toThrow(
    expect.objectContaining({ code: 'SIGNING_KEY_INVALID' }) as Error,
  );
});

test('a key that is not there', () => {
  expect(() => readSigningKey(join(scratch, 'none'))).toThrow('no such file');
});
