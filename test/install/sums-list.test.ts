// A digest out of a list, in the forms that go-getter knows.
import { expect, test } from 'vitest';

import { digestInList } from '../../src/install/sums-list.js';

const one = '1'.repeat(64);
const two = '2'.repeat(64);
const found = { type: 'sha256', hex: two };

test.each([
  ['as sha256sum writes it', `${one}  a.zip\n${two}  b.zip\n`],
  ['of binary files', `${one} *a.zip\n${two} *b.zip\n`],
  ['with folders', `${one}  ./out/a.zip\n${two}  ./out/b.zip\n`],
  ['as BSD writes it', `SHA256 (a.zip) = ${one}\nSHA256 (b.zip) = ${two}\n`],
  ['with notes', `# sums\n\n${two}  b.zip\r\n`],
  ['a digest alone', `${two}\n`],
])('%s', (_, text) => {
  expect(digestInList(text, 'b.zip')).toEqual(found);
});

test.each([
  ['another name', `${one}  a.zip\n`],
  ['a name that ends alike', `${one}  notb.zip\n`],
  ['two digests without names', `${one}\n${two}\n`],
  ['a digest of no known length', `${two}0  b.zip\n`],
  ["a type that is not the digest's", `MD5 (b.zip) = ${two}\n`],
  ['nothing', ''],
])('%s: none', (_, text) => {
  expect(digestInList(text, 'b.zip')).toBeUndefined();
});
