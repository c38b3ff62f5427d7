// Looks for bytes in a source of any size, with a bounded window in memory.
import type { ByteSource } from './bytes.js';

const windowSize = 1 << 20;

/**
 * Yields the offset in the source of each occurrence, overlapping ones too.
 * @param needle short: the time is that of both lengths multiplied, at worst
 * @param offset where to begin, in bytes
 * @param length how many bytes to look at
 */
export function* findBytes(
  source: ByteSource,
  needle: Uint8Array,
  offset = 0,
  length = source.size - offset,
): Generator<number, undefined> {
  const end = offset + length;
  for (let start = offset; start + needle.length <= end; start += windowSize) {
    const wanted = Math.min(windowSize + needle.length - 1, end - start);
    const bytes = source.read(start, wanted, 'search');
    const window = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = window.indexOf(needle); at !== -1; at = window.indexOf(needle, at + 1)) yield start + at;
  }
}
