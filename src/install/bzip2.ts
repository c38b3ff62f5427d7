// What bzip2 made, decompressed (there is no specification; this follows decompress.c of bzip2 1.0.8). Every table has a bound, every loop
// an end whatever the bytes are, and no more than a block is held. Turned down: unbzip2-stream (no back-pressure: gigabytes for
// some hundred bytes of input) and seek-bzip (decodes all in one call that cannot be stopped, and is slower).
import { BitReader } from './bit-reader.js';
import { readBlock } from './bzip2-block.js';

const blockMagic = [0x314159, 0x265359] as const;
const endMagic = [0x177245, 0x385090] as const;
const blockUnit = 100_000; // bytes, for each level
const chunkSize = 1 << 20;

/**
 * @param read fills the buffer from its start as far as it can; 0 at the end
 * @yields chunks of at most 1 MiB, of every stream one behind the other
 * @throws Error where it is damaged or cut off
 */
export function* bunzip2(read: (buffer: Buffer) => number): Generator<Buffer> {
  const bits = new BitReader(read);
  let block = new Int32Array(0);
  do {
    if (bits.take(24) !== 0x425a68) throw new Error('no bzip2 stream where one should be'); // BZh
    const level = bits.take(8) - 0x30;
    if (level < 1 || level > 9) throw new Error('a bzip2 stream of an unknown level');
    if (block.length !== level * blockUnit) block = new Int32Array(level * blockUnit);
    yield Buffer.alloc(0); // a turn for each stream, even if nothing is in it
    yield* stream(bits, block);
    bits.toByte();
  } while (!bits.isAtEnd());
}

function* stream(bits: BitReader, block: Int32Array): Generator<Buffer> {
  let sum = 0;
  for (;;) {
    const magic = [bits.take(24), bits.take(24)];
    const crc = (bits.take(16) << 16) | bits.take(16);
    if (magic[0] === endMagic[0] && magic[1] === endMagic[1]) {
      if (crc !== sum) throw new Error('the sum of a bzip2 stream is wrong');
      return;
    }
    if (magic[0] !== blockMagic[0] || magic[1] !== blockMagic[1]) throw new Error('a damaged bzip2 block');
    if (bits.take(1) !== 0) throw new Error('a bzip2 block of a kind that is obsolete since 1998');
    const start = bits.take(24);
    const length = readBlock(bits, block);
    if (start >= length) throw new Error('a damaged bzip2 block');
    sum = ((sum << 1) | (sum >>> 31)) ^ crc;
    yield* content(block, length, start, crc);
  }
}

/** Behind four equal bytes stands how many more there are. */
function* content(block: Int32Array, length: number, start: number, expected: number): Generator<Buffer> {
  let out = Buffer.allocUnsafe(chunkSize);
  let [at, crc, equal, last] = [0, -1, 0, -1];
  let place = (block[start] ?? 0) >>> 8;
  for (let left = length; left > 0; left -= 1) {
    const entry = block[place] ?? 0;
    const byte = entry & 0xff;
    place = entry >>> 8;
    let copies = 1;
    if (equal === 4) {
      copies = byte;
      equal = 0;
    } else {
      equal = byte === last ? equal + 1 : 1;
      last = byte;
    }
    for (; copies > 0; copies -= 1) {
      out[at] = last;
      at += 1;
      crc = (crc << 8) ^ (crcTable[((crc >>> 24) ^ last) & 0xff] ?? 0);
      if (at < chunkSize) continue;
      yield out;
      out = Buffer.allocUnsafe(chunkSize);
      at = 0;
    }
    if (equal === 0) last = -1;
  }
  if (~crc !== expected) throw new Error('the sum of a bzip2 block is wrong');
  yield out.subarray(0, at);
}

/** CRC-32 with the highest bit first. */
const crcTable = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = (crc << 1) ^ (crc < 0 ? 0x04c11db7 : 0);
  return crc;
});
