// Frames of zstd, byte by byte: what a decompressor would pass over, or take memory for, is found before one sees it.
import { describe, expect, test } from 'vitest';

import { ByteReader } from '../../src/install/byte-reader.js';
import { unzstd } from '../../src/install/unzstd.js';

interface Frame {
  readonly descriptor?: number;
  /** What stands between descriptor and blocks: a window, a dictionary's number, the content's size. */
  readonly fields?: readonly number[];
  readonly blocks?: readonly Buffer[];
  readonly sum?: Buffer;
}

function frame({ descriptor = 0x20, fields = [4], blocks = [block('abcd')], sum }: Frame = {}): Buffer {
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, descriptor, ...fields]);
  return Buffer.concat([head, ...blocks, sum ?? Buffer.alloc(0)]);
}

/** @param type 0 as it is, 1 one byte repeated, 2 compressed, 3 reserved */
function block(content: string, { type = 0, isLast = true, size = content.length } = {}): Buffer {
  const head = Buffer.alloc(3);
  head.writeUIntLE((size << 3) | (type << 1) | Number(isLast), 0, 3);
  return Buffer.concat([head, Buffer.from(content)]);
}

function skippable(content: string): Buffer {
  const head = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
  head.writeUInt32LE(content.length, 4);
  return Buffer.concat([head, Buffer.from(content)]);
}

/** A byte at a time, as the worst of streams would. */
async function decompress(bytes: Buffer): Promise<string> {
  async function* single(): AsyncGenerator<Buffer> {
    for (const byte of bytes) yield Buffer.from([byte]);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of unzstd(new ByteReader(single()))) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const abcdSum = Buffer.from('cc925dd2', 'hex');

test.each<[string, Buffer, string]>([
  ['a block as it is', frame(), 'abcd'],
  ['two blocks', frame({ blocks: [block('ab', { isLast: false }), block('cd')] }), 'abcd'],
  ['a repeated byte', frame({ blocks: [block('a', { type: 1, size: 4 })] }), 'aaaa'],
  ['a window', frame({ descriptor: 0, fields: [0] }), 'abcd'],
  [
    'a content size of two bytes',
    frame({ descriptor: 0x60, fields: [0, 0], blocks: [block('x'.repeat(256))] }),
    'x'.repeat(256),
  ],
  ['a content size of four bytes', frame({ descriptor: 0xa0, fields: [4, 0, 0, 0] }), 'abcd'],
  ['a content size of eight bytes', frame({ descriptor: 0xe0, fields: [4, 0, 0, 0, 0, 0, 0, 0] }), 'abcd'],
  ['a sum', frame({ descriptor: 0x24, sum: abcdSum }), 'abcd'],
  ['two frames', Buffer.concat([frame(), frame()]), 'abcdabcd'],
  ['what is to be skipped', Buffer.concat([skippable('xyz'), frame(), skippable('')]), 'abcd'],
  ['nothing', frame({ fields: [0], blocks: [block('')] }), ''],
])('%s', async (_, bytes, content) => {
  expect(await decompress(bytes)).toBe(content);
});

describe('refused', () => {
  test.each<[string, Buffer, RegExp]>([
    ['no frame', Buffer.from('abcdefgh'), /no frame/],
    ['no frame behind one', Buffer.concat([frame(), Buffer.from('abcdefgh')]), /no frame/],
    ['too little of a frame behind one', Buffer.concat([frame(), Buffer.from('a')]), /cut off/],
    ['a reserved bit', frame({ descriptor: 0x28 }), /reserved bit/],
    ['a dictionary', frame({ descriptor: 0x21, fields: [7, 4] }), /dictionary/],
    ['a reserved type of block', frame({ blocks: [block('abcd', { type: 3 })] }), /no such block/],
    ['a block that is too large', frame({ blocks: [block('', { size: 131_073 })] }), /no such block/],
    ['a repetition that is too long', frame({ blocks: [block('a', { type: 1, size: 131_073 })] }), /no such block/],
    ['a window that is too large', frame({ descriptor: 0, fields: [(17 << 3) | 1] }), /150994944 bytes of memory/],
    ['a content that is too large', frame({ descriptor: 0xa0, fields: [0, 0, 0, 255] }), /4278190080 bytes of memory/],
    ['a content without a number', frame({ descriptor: 0xe0, fields: Array<number>(8).fill(255) }), /bytes of memory/],
    ['a wrong sum', frame({ descriptor: 0x24, sum: Buffer.from('cc925dd3', 'hex') }), /damaged/],
    ['no sum where one is said', frame({ descriptor: 0x24 }), /cut off/],
    ['no last block', frame({ blocks: [block('abcd', { isLast: false })] }), /cut off/],
    ['damaged data', frame({ descriptor: 0x24, blocks: [block('abcd', { type: 2 })], sum: abcdSum }), /damaged/],
    ['less than the size that is said', frame({ fields: [5] }), /damaged/],
    ['more than the size that is said', frame({ fields: [3] }), /damaged/],
    ['a skippable frame that is cut off', skippable('xyz').subarray(0, -1), /cut off/],
  ])('%s', async (_, bytes, why) => {
    await expect(decompress(bytes)).rejects.toMatchObject({
      code: 'ARCHIVE_INVALID',
      message: expect.stringMatching(why) as string,
    });
  });
});
