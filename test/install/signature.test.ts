// Signatures as minisign and cosign make them: one that holds says so, and everything that was changed is seen.
import { createSign, generateKeyPairSync } from 'node:crypto';
import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { checkSignature } from '../../src/install/signature.js';
import { minisignature, readSigningKey } from '../../src/release/minisign.js';
import { parsePublicKey } from '../../src/values/public-key.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const file = join(scratch, 'archive');
const content = Buffer.from('what was packed');
writeFileSync(file, content);
const other = join(scratch, 'other');
writeFileSync(other, 'what somebody else packed');

function ed25519Key() {
  const path = join(mkdtempSync(join(scratch, 'key-')), 'key.pem');
  const { privateKey } = generateKeyPairSync('ed25519');
  writeFileSync(path, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  return readSigningKey(path);
}

describe('minisign', () => {
  const key = ed25519Key();
  const trusted = [parsePublicKey(key.publicKey)];
  const signature = minisignature(key, createHash('blake2b512').update(content).digest(), 'panacead v2.2.0');

  test('holds, and says its comment', () => {
    expect(checkSignature(file, signature, 'minisign', trusted, 'S')).toBe('panacead v2.2.0');
  });

  test('a public key in its file', () => {
    const inFile = [parsePublicKey(`untrusted comment: minisign public key\n${key.publicKey}\n`)];
    expect(checkSignature(file, signature, 'minisign', inFile, 'S')).toBe('panacead v2.2.0');
  });

  test.each([
    ['another file', () => [other, signature, trusted] as const, 'it is of another file'],
    ['another key', () => [file, signature, [parsePublicKey(ed25519Key().publicKey)]] as const, 'it is by another key'],
    [
      'another comment',
      () => [file, signature.replace('v2.2.0', 'v9.9.9'), trusted] as const,
      'its trusted comment has been changed',
    ],
    ['no signature', () => [file, 'hello', trusted] as const, 'it is no signature of minisign'],
    ['the old kind', () => [file, signature.replace(/\nRU/, '\nRW'), trusted] as const, 'it is of the old kind'],
  ])('%s: refused', (_, made, why) => {
    const [path, text, keys] = made();
    expect(() => checkSignature(path, text, 'minisign', keys, 'S')).toThrow(`the signature S does not hold: ${why}`);
  });
});

describe('cosign, by a key', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const trusted = [parsePublicKey(publicKey.export({ type: 'spki', format: 'pem' }) as string)];
  const signature = createSign('sha256').update(content).sign(privateKey, 'base64');

  test('holds', () => {
    expect(checkSignature(file, `${signature}\n`, 'cosign', trusted, 'S')).toBeUndefined();
  });

  test.each([
    ['another file', other, signature],
    ['no signature', file, 'AAAA'],
    ['an empty one', file, ''],
  ])('%s: refused', (_, path, text) => {
    expect(() => checkSignature(path, text, 'cosign', trusted, 'S')).toThrow(
      'it is of another file, or by another key',
    );
  });

  test('another key: refused', () => {
    const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    const keys = [parsePublicKey(stranger.export({ type: 'spki', format: 'pem' }) as string)];
    expect(() => checkSignature(file, signature, 'cosign', keys, 'S')).toThrow('by another key');
  });

  test.each([
    ['a private key', privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, 'it is a private key'],
    [
      'another curve',
      generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ type: 'spki', format: 'pem' }) as string,
      'on the curve P-256',
    ],
    ['no key', 'RWQnonsense', 'it is neither a minisign public key'],
  ])('%s is no key to trust', (_, text, why) => {
    expect(() => parsePublicKey(text)).toThrow(why);
  });
});
