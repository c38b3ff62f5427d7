// xz, by XZ Embedded in WebAssembly: streams, one behind the other, the last of which has to end where the file ends.
import { ReadableStream } from 'node:stream/web';

import { XzReadableStream } from 'xz-decompress';

import { messageOf } from '../errors/cvtool-error.js';
import { readPart, type FilePart } from './inflate.js';
import { refusedUnlessKnown } from './refused-archive.js';

/** enum xz_ret of xz.h in XZ Embedded: what the decoder's numbers say. */
const reasons = {
  4: 'they need too much memory',
  5: 'they are no xz data',
  6: 'they are compressed in a way that is not known here: with a filter for machine code, or a sum that is no CRC',
  7: 'they are damaged',
  8: 'they are cut off, or have something behind their end',
};

/** @throws ARCHIVE_INVALID */
export async function* unxz(part: FilePart): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of new XzReadableStream(ReadableStream.from<Uint8Array>(readPart(part))))
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  } catch (error) {
    const number = /error code ([4-8])$/.exec(messageOf(error))?.[1];
    const why = Object.entries(reasons).find(([key]) => key === number)?.[1] ?? 'they are damaged';
    throw refusedUnlessKnown(error, `its xz data cannot be read: ${why}`);
  }
}
