// Bits of a stream, the highest of each byte first. The end of the stream is an error, never zeros.
export class BitReader {
  readonly #read: (buffer: Buffer) => number;
  readonly #buffer = Buffer.alloc(1 << 18);
  #at = 0;
  #end = 0;
  /** The lowest `#count` bits of it are still to come. */
  #bits = 0;
  #count = 0;

  /** @param read fills the buffer from its start as far as it can; 0 at the end */
  constructor(read: (buffer: Buffer) => number) {
    this.#read = read;
  }

  /** @param length 1 to 24 */
  take(length: number): number {
    const bits = this.peek(length);
    this.#count -= length;
    return bits;
  }

  /** @param length 1 to 24 */
  peek(length: number): number {
    while (this.#count < length) {
      if (this.#at === this.#end && !this.#fill()) throw new Error('it is cut off');
      this.#bits = (this.#bits << 8) | (this.#buffer[this.#at] ?? 0);
      this.#at += 1;
      this.#count += 8;
    }
    return (this.#bits >>> (this.#count - length)) & ((1 << length) - 1);
  }

  /** @param length of what `peek` has shown */
  skip(length: number): void {
    this.#count -= length;
  }

  /** Skips what is left of a byte that has been begun. */
  toByte(): void {
    this.#count -= this.#count % 8;
  }

  isAtEnd(): boolean {
    return this.#count < 8 && this.#at === this.#end && !this.#fill();
  }

  #fill(): boolean {
    this.#end = this.#read(this.#buffer);
    this.#at = 0;
    return this.#end > 0;
  }
}
