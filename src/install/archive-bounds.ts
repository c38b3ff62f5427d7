// How much an archive may become: it is stopped while it grows, whatever it says of its own size, and by the signal.
import { setImmediate } from 'node:timers/promises';

import { refusedArchive } from './refused-archive.js';

export interface Bounds {
  /** In bytes, of all files together. */
  readonly largest: number;
  /** Entries of any kind. */
  readonly mostFiles: number;
  /** Bytes out for each byte in, beyond 16 MiB: so much of a small archive does no harm. */
  readonly mostRatio: number;
}

const slack = 16 << 20;

export class ArchiveBounds {
  readonly #bounds: Bounds;
  readonly #signal: AbortSignal;
  readonly #mostOutput: number;
  #entries = 0;
  #content = 0;
  #output = 0;

  /** @param size of the archive, in bytes */
  constructor(bounds: Bounds, size: number, signal: AbortSignal) {
    this.#bounds = bounds;
    this.#signal = signal;
    this.#mostOutput = size * bounds.mostRatio + slack;
  }

  /** @param entries that are there, or are said to be */
  addEntries(entries: number): void {
    this.#entries += entries;
    const { mostFiles } = this.#bounds;
    if (this.#entries > mostFiles) throw refusedArchive(`it has more than ${mostFiles} entries`);
  }

  /** @param bytes of a file, said or seen */
  addContent(bytes: number): void {
    this.#content += bytes;
    const { largest } = this.#bounds;
    if (this.#content > largest) throw refusedArchive(`its files have more than ${largest} bytes`);
  }

  /** @yields what a decompressor gives, whether it is kept or not */
  async *ofOutput(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.#output += chunk.length;
      if (this.#output > this.#mostOutput)
        throw refusedArchive(`it grows to more than ${this.#bounds.mostRatio} times its size`);
      await setImmediate(); // some decompressors never wait for anything, and the signal's sender needs its turn
      this.#signal.throwIfAborted();
      yield chunk;
    }
  }

  /** @yields a file whose size nobody has said */
  async *ofContent(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    for await (const chunk of chunks) {
      this.addContent(chunk.length);
      yield chunk;
    }
  }
}
