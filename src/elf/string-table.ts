// A string table: names by offset. Hostile tables point a million entries at the long tails of one name: names share
// the table's memory (V8 slices), and the end of a name is found in bounded time.
import type { ByteSource } from './bytes.js';
import { ElfError } from './elf-error.js';

const bucketSize = 256;
/** A name with bytes above 0x7f is copied to be decoded, so it may be as long as a path, PATH_MAX. */
const longestDecoded = 4096;

export class StringTable {
  /** File offset and size in bytes. */
  readonly offset: number;
  readonly size: number;
  readonly #name: string;
  readonly #bytes: Uint8Array;
  readonly #text: string;
  readonly #ascii: boolean;
  /** For each bucket of bytes the first NUL at or behind its start. */
  readonly #nextNul: Uint32Array;

  /** @throws ElfError where the table does not lie within the source */
  constructor(source: ByteSource, offset: number, size: number, field: string) {
    this.#bytes = source.read(offset, size, field);
    this.offset = offset;
    this.size = size;
    this.#name = source.name;
    this.#text = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, size).toString('latin1');
    this.#ascii = this.#bytes.every((byte) => byte < 0x80);
    this.#nextNul = new Uint32Array(Math.ceil(size / bucketSize) + 1).fill(size);
    for (let bucket = this.#nextNul.length - 2; bucket >= 0; bucket -= 1) {
      const start = bucket * bucketSize;
      const nul = this.#bytes.subarray(start, start + bucketSize).indexOf(0);
      this.#nextNul[bucket] = nul === -1 ? (this.#nextNul[bucket + 1] ?? size) : start + nul;
    }
  }

  /**
   * The string that begins at `start` bytes into the table.
   * @param field whose name it is, for the message
   * @throws ElfError where it begins behind the table, does not end within it, or is no UTF-8
   */
  at(start: number, field: string): string {
    const end = this.endOf(start, field);
    const text = this.#text.slice(start, end);
    if (this.#ascii) return text;
    if (end - start > longestDecoded) throw this.#error(start, field, `a name of ${end - start} bytes`);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(this.#bytes.subarray(start, end));
    } catch (cause) {
      if (!(cause instanceof TypeError)) throw cause;
      throw this.#error(start, field, 'a name that is no UTF-8');
    }
  }

  /** Where the string that begins at `start` ends: the place of its NUL in the table. */
  endOf(start: number, field: string): number {
    if (start >= this.size) throw this.#error(start, field, `a name ${start} bytes into ${this.size} bytes of names`);
    const inBucket = this.#bytes.subarray(start, Math.ceil((start + 1) / bucketSize) * bucketSize).indexOf(0);
    if (inBucket !== -1) return start + inBucket;
    const end = this.#nextNul[Math.floor(start / bucketSize) + 1] ?? this.size;
    if (end >= this.size) throw this.#error(start, field, 'a name without an end');
    return end;
  }

  #error(start: number, field: string, found: string): ElfError {
    return new ElfError(this.#name, this.offset + start, field, found);
  }
}
