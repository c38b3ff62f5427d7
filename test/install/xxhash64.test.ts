import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';

import { expect, test } from 'vitest';

import { Xxhash64 } from '../../src/install/xxhash64.js';
import { needs } from '../support/needs.js';

function hashOf(...chunks: readonly Buffer[]): bigint {
  const hash = new Xxhash64();
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest();
}

test('the hash of nothing is the one of the specification', () => {
  expect(hashOf()).toBe(0xef46db3751d8e999n);
});

needs({ archivers: true })('it is the sum that zstd writes, for each length and each way to cut', () => {
  for (const length of [1, 3, 4, 7, 8, 12, 15, 31, 32, 33, 63, 64, 65, 100, 200, 4095, 100_000]) {
    const bytes = randomBytes(length);
    const frame = execFileSync('zstd', ['-q', '-c', '--check'], { input: bytes });
    const at = length % 37;
    const hash = hashOf(bytes.subarray(0, at), bytes.subarray(at, at + 5), bytes.subarray(at + 5));
    expect(hash, String(length)).toBe(hashOf(bytes));
    expect(Number(hash & 0xffffffffn), String(length)).toBe(frame.readUInt32LE(frame.length - 4));
  }
});
