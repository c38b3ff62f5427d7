// Where bytes come from. Every read is checked against the size before anything is allocated for it.
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

import { CvtoolError } from '../errors/cvtool-error.js';
import { ElfError } from './elf-error.js';

export interface ByteSource {
  /** For messages: mostly the path. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /**
   * @param field what is read, for the message
   * @throws ElfError where offset and length do not lie within the source
   */
  read(offset: number, length: number, field?: string): Uint8Array;
}

/** A source over bytes that are already in memory; what it returns are views of them. */
export function fromBuffer(name: string, buffer: Uint8Array): ByteSource {
  return {
    name,
    size: buffer.length,
    read(offset, length, field = 'bytes') {
      checkRange(this, offset, length, field);
      return buffer.subarray(offset, offset + length);
    },
  };
}

/**
 * Opens a regular file for reading by offset. The caller closes it.
 * @throws ELF_INVALID where it is no regular file; the system's own error where it cannot be opened or read
 */
export function openByteSource(path: string): ByteSource & { close(): void } {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK); // open(2): a FIFO would block without it
  try {
    const status = fstatSync(file);
    if (!status.isFile()) throw new CvtoolError('ELF_INVALID', `${path} is not a regular file`);
    return {
      name: path,
      size: status.size,
      read(offset, length, field = 'bytes') {
        checkRange(this, offset, length, field);
        const bytes = Buffer.allocUnsafe(length);
        for (let done = 0; done < length;) {
          const count = readSync(file, bytes, done, length - done, offset + done);
          if (count === 0) throw new ElfError(path, offset + done, field, 'the end of the file: it was cut meanwhile');
          done += count;
        }
        return bytes;
      },
      close: () => closeSync(file),
    };
  } catch (error) {
    closeSync(file);
    throw error;
  }
}

function checkRange(source: ByteSource, offset: number, length: number, field: string): void {
  const whole = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0;
  if (whole && offset + length <= source.size) return;
  const found = `${length} bytes wanted, the file has ${source.size}`;
  throw new ElfError(source.name, offset, field, found);
}
