// xz, by liblzma's embedded decoder in WebAssembly: one stream, which has to end where the file ends.
import { ReadableStream } from 'node:stream/web';

import { XzReadableStream } from 'xz-decompress';

import { readPart, type FilePart } from './inflate.js';
import { refusedArchive, refusedUnlessKnown } from './refused-archive.js';

/** @throws ARCHIVE_INVALID */
export async function* unxz({ file, start, end }: FilePart): AsyncGenerator<Buffer> {
  const last = end - 1;
  const taken = { last: false };
  async function* input(): AsyncGenerator<Uint8Array> {
    yield* readPart({ file, start, end: last });
    taken.last = true; // the decoder asks for more only where it has used up all, and says nothing of what it leaves
    yield* readPart({ file, start: last, end });
  }
  try {
    for await (const chunk of new XzReadableStream(ReadableStream.from(input())))
      yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  } catch (error) {
    throw refusedUnlessKnown(error, 'its xz data are damaged, or cut off');
  }
  if (!taken.last) throw refusedArchive('there is something behind the end of its xz data');
}
