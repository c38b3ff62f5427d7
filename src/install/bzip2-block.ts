// One block of a bzip2 stream (decompress.c of bzip2 1.0.8, BZ2_decompress): Huffman codes of places in a list of bytes, each of which
// is moved to the front then, and of runs of the first one.
import type { BitReader } from './bit-reader.js';
import { HuffmanTable } from './huffman-table.js';

const groupSize = 50;
const longestRunShift = 20; // a run is no longer than a block of 900,000 bytes

/**
 * Fills `block` with bytes in the order of the Burrows-Wheeler transform, above each the place of the next one.
 * @returns how many there are
 * @throws Error where it is damaged or cut off
 */
export function readBlock(bits: BitReader, block: Int32Array): number {
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
