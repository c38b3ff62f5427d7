import fc from 'fast-check';
import { expect, test } from 'vitest';

import { fromBuffer } from '../../src/elf/bytes.js';
import { StringTable } from '../../src/elf/string-table.js';

function tableOf(bytes: Buffer): StringTable {
  return new StringTable(fromBuffer('names', bytes), 0, bytes.length, 'names');
}

test('every offset gives what lies between it and the next NUL, in tables of any size', () => {
  const name = fc.string({ unit: 'grapheme', maxLength: 700 }).map((text) => text.replaceAll('\0', ''));
  fc.assert(
    fc.property(fc.array(name, { minLength: 1, maxLength: 8 }), (names) => {
      const bytes = Buffer.from(`${names.join('\0')}\0`);
      const table = tableOf(bytes);
      let start = 0;
      for (const each of names) {
        expect(table.at(start, 'name')).toBe(each);
        start += Buffer.byteLength(each);
        expect(table.endOf(start, 'name')).toBe(start);
        start += 1;
      }
    }),
  );
});

test.each([
  ['begins behind the table', Buffer.from('a\0'), 2],
  ['has no end', Buffer.from('a\0bc'), 2],
  ['has no end for many bytes', Buffer.from(`a\0${'b'.repeat(1000)}`), 2],
  ['is no UTF-8', Buffer.from([0x61, 0xff, 0]), 0],
  ['is no ASCII and longer than a path', Buffer.from(`${'ü'.repeat(2049)}\0`), 0],
])('a name that %s is refused', (_, bytes, start) => {
  const field = 'st_name';
  expect(() => tableOf(bytes).at(start, field)).toThrow(
    expect.objectContaining({ code: 'ELF_INVALID', at: start, field }),
  );
});
