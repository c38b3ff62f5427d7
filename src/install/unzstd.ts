// zstd, by Node where it can (22.15 and later), else by fzstd, which does not look at the sum behind a frame. The frames have been
// found whole before a decompressor sees them.
import { pipeline, type Duplex } from 'node:stream';
import * as zlib from 'node:zlib';

import { Decompress } from 'fzstd';

import type { ByteReader } from './byte-reader.js';
import { refusedArchive, refusedUnlessKnown } from './refused-archive.js';
import { zstdFrames, type ZstdFrame } from './zstd-frames.js';

/** As node:zlib has it from Node 22.15 on. */
const createDecompressor = (zlib as { createZstdDecompress?: (options: { chunkSize: number }) => Duplex })
  .createZstdDecompress;
/** In bytes. fzstd moves all of it for each block; RFC 8878, 3.1.1.1.2 asks every decoder for 8 MiB, which `zstd -19` keeps to. */
const largestWindow = createDecompressor === undefined ? 8 << 20 : 128 << 20;

/** @throws ARCHIVE_INVALID */
export async function* unzstd(bytes: ByteReader): AsyncGenerator<Buffer> {
  try {
    for await (const frame of zstdFrames(bytes)) {
      if (frame.window > largestWindow)
        throw refusedArchive(
          `its zstd data need ${frame.window} bytes of memory, and ${largestWindow} are the most here`,
        );
      yield Buffer.alloc(0); // a turn for each frame, even if nothing is in it
      yield* createDecompressor === undefined ? byPackage(frame) : byNode(frame, createDecompressor);
    }
  } catch (error) {
    throw refusedUnlessKnown(error, 'its zstd data are damaged');
  } finally {
    await bytes.close();
  }
}

async function* byNode({ pieces }: ZstdFrame, create: NonNullable<typeof createDecompressor>): AsyncGenerator<Buffer> {
  const stream = create({ chunkSize: 1 << 20 });
  pipeline(pieces, stream, () => undefined); // an error of either ends the loop below
  yield* stream as AsyncIterable<Buffer>;
}

async function* byPackage({ pieces }: ZstdFrame): AsyncGenerator<Buffer> {
  const ready: Buffer[] = [];
  const decompressor = new Decompress((chunk) => {
    ready.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
  });
  for await (const piece of pieces) {
    decompressor.push(piece);
    yield* ready.splice(0);
  }
  decompressor.push(Buffer.alloc(0), true);
  yield* ready;
}
