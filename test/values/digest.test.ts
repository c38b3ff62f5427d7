import { expect, test } from 'vitest';

import { parseDigest } from '../../src/values/digest.js';

const hex = 'd166e0bcd8b7315bca2eb8194caca362b553b9f43733501e87f2842093983704';

test.each([hex, hex.toUpperCase(), `sha256:${hex}`])('%s is a digest', (text) => expect(parseDigest(text)).toBe(hex));

test.each(['', hex.slice(1), `${hex}0`, `md5:${hex}`, `${hex}\n`, `g${hex.slice(1)}`])('%j is none', (text) => {
  expect(() => parseDigest(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});
