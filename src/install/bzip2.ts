// What bzip2 made, decompressed (there is no specification; this follows decompress.c of bzip2 1.0.8). Every table has a bound and every
// loop an end whatever the bytes are. The packages for this have a run length that overflows, after which they do not end.
import { BitReader } from './bit-reader.js';
import { HuffmanTable } from './huffman-table.js';

const blockMagic = [0x314159, 0x265359] as const;
const endMagic = [0x177245, 0x385090] as const;
const blockUnit = 100_000; // bytes, for each level
const groupSize = 50;
const longestRunShift = 20; // a run is no longer than a block of 900,000 bytes
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

/** Fills `block` with bytes in the order of the Burrows-Wheeler transform, above each the place of the next one. */
function readBlock(bits: BitReader, block: Int32Array): number {
  const bytes = readBytesInUse(bits);
  const groups = bits.take(3);
  const selectors = readSelectors(bits, groups);
  const tables = Array.from({ length: groups }, () => new HuffmanTable(readCodeLengths(bits, bytes.length + 2)));
  const counts = new Int32Array(257);
  const end = bytes.length + 1;
  let [length, run, shift, left, group] = [0, 0, 0, 0, 0];
  let table = tables[0];
  for (;;) {
    if (left === 0) {
      table = tables[selectors[group] ?? groups];
      group += 1;
      left = groupSize;
    }
    if (table === undefined) throw new Error('a damaged bzip2 block');
    left -= 1;
    const symbol = table.symbol(bits);
    if (symbol <= 1) {
      if (shift > longestRunShift) throw new Error('a damaged bzip2 block');
      run += (symbol + 1) << shift;
      shift += 1;
      continue;
    }
    const first = bytes[0] ?? 0;
    if (run > 0) {
      if (length + run > block.length) throw new Error('a bzip2 block that is too long');
      block.fill(first, length, length + run);
      counts[first + 1] = (counts[first + 1] ?? 0) + run;
      length += run;
      run = shift = 0;
    }
    if (symbol === end) break;
    if (length === block.length) throw new Error('a bzip2 block that is too long');
    const byte = bytes[symbol - 1] ?? 0;
    bytes.copyWithin(1, 0, symbol - 1); // move to front
    bytes[0] = byte;
    counts[byte + 1] = (counts[byte + 1] ?? 0) + 1;
    block[length] = byte;
    length += 1;
  }
  for (let byte = 1; byte < 256; byte += 1) counts[byte] = (counts[byte] ?? 0) + (counts[byte - 1] ?? 0);
  for (let at = 0; at < length; at += 1) {
    const byte = (block[at] ?? 0) & 0xff;
    const place = counts[byte] ?? 0;
    counts[byte] = place + 1;
    block[place] = (block[place] ?? 0) | (at << 8);
  }
  return length;
}

function readBytesInUse(bits: BitReader): Uint8Array {
  const rows = bits.take(16);
  const bytes: number[] = [];
  for (let row = 0; row < 16; row += 1) {
    if ((rows & (0x8000 >> row)) === 0) continue;
    const row16 = bits.take(16);
    for (let bit = 0; bit < 16; bit += 1) if ((row16 & (0x8000 >> bit)) !== 0) bytes.push(row * 16 + bit);
  }
  if (bytes.length === 0) throw new Error('a bzip2 block without bytes');
  return Uint8Array.from(bytes);
}

function readSelectors(bits: BitReader, groups: number): Uint8Array {
  const selectors = new Uint8Array(bits.take(15));
  if (groups < 2 || groups > 6 || selectors.length === 0) throw new Error('a damaged bzip2 block');
  const order = Array.from({ length: groups }, (_, group) => group);
  for (let at = 0; at < selectors.length; at += 1) {
    let place = 0;
    while (bits.take(1) === 1) if ((place += 1) >= groups) throw new Error('a damaged bzip2 block');
    const [group = 0] = order.splice(place, 1);
    order.unshift(group);
    selectors[at] = group;
  }
  return selectors;
}

function readCodeLengths(bits: BitReader, symbols: number): Uint8Array {
  const lengths = new Uint8Array(symbols);
  let length = bits.take(5);
  for (let at = 0; at < symbols; at += 1) {
    for (;;) {
      if (length < 1 || length > 20) throw new Error('a damaged bzip2 block');
      if (bits.take(1) === 0) break;
      length += bits.take(1) === 0 ? 1 : -1;
    }
    lengths[at] = length;
  }
  return lengths;
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
