// Bytes by number out of chunks of any size; a chunk is cut, never copied, and no more than one is held.
import { refusedArchive } from './refused-archive.js';

export class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #chunk: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** @returns at most `most` bytes and at least one; undefined at the end */
  async some(most: number): Promise<Buffer | undefined> {
    while (this.#chunk.length === 0) {
      const next = await this.#source.next();
      if (next.done === true) return undefined;
      this.#chunk = next.value;
    }
    const part = this.#chunk.subarray(0, most);
    this.#chunk = this.#chunk.subarray(part.length);
    return part;
  }

  /**
   * @returns exactly `length` bytes, in parts
   * @throws ARCHIVE_INVALID where fewer are left
   */
  async *parts(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0;) {
      const part = await this.some(left);
      if (part === undefined) throw refusedArchive(`it is cut off: ${left} bytes more should be there`);
      left -= part.length;
      yield part;
    }
  }

  /** For a few bytes. */
  async exactly(length: number): Promise<Buffer> {
    if (this.#chunk.length >= length) {
      const whole = this.#chunk.subarray(0, length);
      this.#chunk = this.#chunk.subarray(length);
      return whole;
    }
    const parts: Buffer[] = [];
    for await (const part of this.parts(length)) parts.push(part);
    return Buffer.concat(parts);
  }

  async passOver(length: number): Promise<void> {
    const parts = this.parts(length);
    while ((await parts.next()).done !== true);
  }

  async isAtEnd(): Promise<boolean> {
    const next = await this.some(Infinity);
    if (next !== undefined) this.#chunk = next;
    return next === undefined;
  }

  /** Ends the source, wherever it is. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
