// bzip2 streams, bit by bit, that no bzip2 would write: each ends, with an error.
import { describe, expect, test } from 'vitest';

import { bunzip2 } from '../../src/install/bzip2.js';

/** `bits` as bytes: a field is a number and how many bits it has. */
function packed(fields: readonly (readonly [value: number, length: number])[]): Buffer {
  const bits = fields.map(([value, length]) => value.toString(2).padStart(length, '0')).join('');
  const padded = bits.padEnd(Math.ceil(bits.length / 8) * 8, '0');
  return Buffer.from((padded.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

interface Block {
  /** The codes: 0 is RUNA, 10 is RUNB, 11 the end. */
  readonly codes: string;
  readonly bytes?: number;
  readonly crc?: number;
  /** Of the whole stream. */
  readonly sum?: number;
  readonly start?: number;
  readonly groups?: number;
  readonly selectors?: readonly (readonly [value: number, length: number])[];
  readonly lengths?: readonly (readonly [value: number, length: number])[];
}

/** A stream of one block that knows the byte `a` only, or others of the same sixteen. */
function streamOf({ codes, crc = 0, start = 0, groups = 2, ...rest }: Block): Buffer {
  const lengths = rest.lengths ?? [
    [1, 5],
    [0, 1],
    [0b100, 3], // one longer: 2
    [0, 1],
  ];
  const selectors = rest.selectors ?? [[0, 1]];
  return packed([
    ...Array.from(Buffer.from('BZh1\x31\x41\x59\x26\x53\x59', 'latin1'), (byte) => [byte, 8] as const),
    ...([[crc, 32], [0, 1], [start, 24]] as const), // prettier-ignore
    ...([
      [0x0200, 16],
      [0x4000, 16],
    ] as const), // 0x61
    ...([[groups, 3], [selectors.length, 15], ...selectors] as const),
    ...Array.from({ length: groups }, () => lengths).flat(),
    [Number.parseInt(codes.slice(0, 50) || '0', 2), Math.min(codes.length, 50)],
    ...Array.from(codes.slice(50), (bit) => [Number(bit), 1] as const),
    ...Array.from(Buffer.from('\x17\x72\x45\x38\x50\x90', 'latin1'), (byte) => [byte, 8] as const),
    [rest.sum ?? crc, 32],
  ]);
}

function decompress(bytes: Buffer): string {
  let left = bytes;
  const read = (buffer: Buffer): number => {
    const length = left.copy(buffer, 0, 0, 3); // few at a time
    left = left.subarray(length);
    return length;
  };
  return Buffer.concat([...bunzip2(read)]).toString('latin1');
}

test('what is written here is a stream', () => {
  expect(decompress(streamOf({ codes: '1011', crc: 0xe4d0db14 }))).toBe('aa');
});

test('wherever it is cut off, that is what is wrong', () => {
  const whole = streamOf({ codes: '1011', crc: 0xe4d0db14 });
  for (let length = 0; length < whole.length; length += 1)
    expect(() => decompress(whole.subarray(0, length)), String(length)).toThrow('cut off');
});

describe('refused', () => {
  test.each<[string, Block, RegExp?]>([
    ['a wrong sum', { codes: '1011' }, /sum of a bzip2 block/],
    ['a wrong sum of the stream', { codes: '1011', crc: 0xe4d0db14, sum: 1 }, /sum of a bzip2 stream/],
    ['a run that is longer than a block', { codes: `${'0'.repeat(17)}11` }, /too long/],
    ['a run whose length does not fit a number', { codes: `${'0'.repeat(32)}11` }, /damaged bzip2 block/],
    ['a run that goes on until it is nothing', { codes: `${'0'.repeat(40)}11` }, /damaged bzip2 block/],
    ['no bytes', { codes: '11' }],
    ['a start behind its end', { codes: '1011', start: 2 }],
    ['one table', { codes: '1011', groups: 1 }],
    ['seven tables', { codes: '1011', groups: 7 }],
    ['no selector', { codes: '1011', selectors: [] }],
    ['a selector of no table', { codes: '1011', selectors: [[0b110, 3]] }],
    ['more symbols than selectors', { bytes: 0x6000, codes: '10'.repeat(51), lengths: [[2, 5], [0, 1], [0, 1], [0, 1], [0, 1]] }], // prettier-ignore
    ['a code of no length', { codes: '1011', lengths: [[0, 5], [0, 1]] }], // prettier-ignore
    ['a code that is too long', { codes: '1011', lengths: [[21, 5], [0, 1]] }], // prettier-ignore
    ['codes that do not fit', { codes: '1011', lengths: [[1, 5], [0, 1], [0, 1], [0, 1]] }, /table/], // prettier-ignore
    ['codes that are missing', { codes: '1'.repeat(60), lengths: [[3, 5], [0, 1], [0, 1], [0, 1]] }], // prettier-ignore
  ])('%s', (_, block, why = /damaged/) => {
    expect(() => decompress(streamOf(block))).toThrow(why);
  });
});
