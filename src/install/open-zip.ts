// A zip of unknown origin, opened so that whatever is wrong with it is an error that can be caught. yauzl's own reader hands every offset on to
// fs.read, which throws, out of a callback, at one that no file can have: a zip64 directory at 2^64-1 ended the process.
import { closeSync, createReadStream, fstatSync, openSync, readSync } from 'node:fs';
import type { Readable } from 'node:stream';

import { fromRandomAccessReaderPromise, RandomAccessReader, type Options, type ZipFile } from 'yauzl';

/**
 * @returns the zip; whoever gets it closes it
 * @throws the system's error where `file` cannot be opened, yauzl's where it is no zip
 */
export async function openZip(
  file: string,
  options: Omit<Options, 'autoClose' | 'lazyEntries'> = {},
): Promise<ZipFile> {
  const reader = new CatchingReader(file);
  try {
    return await fromRandomAccessReaderPromise(reader, reader.size, { ...options, autoClose: false });
  } catch (error) {
    reader.end();
    throw error;
  }
}

class CatchingReader extends RandomAccessReader {
  readonly #file: string;
  readonly #fd: number;
  /** In bytes. */
  readonly size: number;

  constructor(file: string) {
    super();
    this.#file = file;
    this.#fd = openSync(file, 'r');
    this.size = fstatSync(this.#fd).size;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return createReadStream(this.#file, { start, end: end - 1 }); // one with our descriptor would close it
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null, bytes?: number) => void,
  ): void {
    let outcome: [error: Error | null, bytes?: number];
    try {
      outcome = [null, readSync(this.#fd, buffer, offset, length, position)];
    } catch (error) {
      outcome = [error instanceof Error ? error : new Error(String(error))];
    }
    setImmediate(() => callback(...outcome));
  }

  override close(callback: (error: Error | null) => void): void {
    this.end();
    callback(null);
  }

  end(): void {
    closeSync(this.#fd);
  }
}
