import { expect, test } from 'vitest';

import { fromBuffer } from '../../src/elf/bytes.js';
import { readElf } from '../../src/elf/elf-file.js';
import type { FileRange } from '../../src/elf/go-build-info.js';
import { countTexts } from '../../src/verify/find-text.js';
import { tinyElf } from './tiny-elf.js';

/** A tiny program whose one segment has this text in it, behind `padding` bytes. */
function programWith(text: string, padding = 0): { elf: ReturnType<typeof readElf>; at: number } {
  const head = tinyElf({});
  const image = Buffer.concat([head, Buffer.alloc(padding), Buffer.from(text, 'latin1')]);
  for (const field of [32, 40]) image.writeBigUInt64LE(BigInt(image.length), 64 + field); // PT_LOAD: p_filesz, p_memsz
  return { elf: readElf(fromBuffer('tiny', image)), at: head.length + padding };
}

function count(text: string, names: readonly string[], without: readonly FileRange[] = [], padding = 0): string[] {
  const { elf } = programWith(text, padding);
  return countTexts(elf, names, without).map(({ sure, doubtful }) => `${sure}/${doubtful}`);
}

test.each([
  ['uuarr;v2.0.5v2.0.6vBarv', '1/0'],
  ['uuarr;v2.0.5append', '1/0'],
  ['v2.0.5', '1/0'],
  ['v2.0.5-2', '0/1'],
  ['v2.0.51', '0/1'],
  ['v2.0.5.1', '0/1'],
  ['v2.0.5-alpha.3', '0/1'],
  ['v2.0.5rc1', '0/1'],
  ['github.com/x/y/v2@v2.0.5/file.go', '0/0'],
  ['github.com/x/y@v2.0.5+incompatible/file.go', '0/0'],
  ['by somebody@v2.0.5', '1/0'],
  ['dep\tgithub.com/x/y/v2\tv2.0.5\th1:xyz=\n', '0/0'],
  ['=>\t./fork\tv2.0.5\n', '0/0'],
  ['V2.0.5', '0/0'],
  ['v2.0.5 and v2.0.5', '2/0'],
])('%j has v2.0.5: %s', (text, found) => {
  expect(count(text, ['v2.0.5'])).toEqual([found]);
});

test('several names are counted apart, also those that have nothing in common', () => {
  expect(count('v2.0.5v2.0.6;rho', ['v2.0.5', 'v2.0.6', 'v2.0.7'])).toEqual(['1/0', '1/0', '0/0']);
  expect(count('v2.0.5v2.0.6;rho', ['v2.0.5', 'rho', 'tau'])).toEqual(['1/0', '1/0', '0/0']);
});

test('a text that lies across the border of two reads is counted once', () => {
  const window = 1 << 16;
  const { at } = programWith('');
  for (const shift of [0, 1, 3, 6]) expect(count('v2.0.5', ['v2.0.5'], [], window - at - shift)).toEqual(['1/0']);
  expect(count('v2.0.5-2', ['v2.0.5'], [], window - at - 6)).toEqual(['0/1']); // what follows stands in the next one
});

test('ranges that are left out do not count, nor does what the loader does not map', () => {
  const { at } = programWith('');
  expect(count('v2.0.5 v2.0.5', ['v2.0.5'], [{ offset: at, length: 6 }])).toEqual(['1/0']);
  const image = Buffer.concat([tinyElf({}), Buffer.from('v2.0.5')]);
  expect(countTexts(readElf(fromBuffer('tiny', image)), ['v2.0.5'], [])[0]).toMatchObject({ sure: 0 });
});
