// zstd, by Node where it can (22.15 and later), else by fzstd, which leaves a frame's sum to us.
// The frames have been found whole before a decompressor sees them.
import { pipeline, type Duplex } from 'node:stream';
import * as zlib from 'node:zlib';

import { Decompress } from 'fzstd';
import xxhash, { type XXHash } from 'xxhash-wasm';

import type { ByteReader } from './byte-reader.js';
import { refusedArchive, refusedUnlessKnown } from './refused-archive.js';
import { zstdFrames, type ZstdFrame } from './zstd-frames.js';

/** As node:zlib has it from Node 22.15 on. */
const createDecompressor = (zlib as { createZstdDecompress?: (options: { chunkSize: number }) => Duplex })
  .createZstdDecompress;
/** In bytes: what zstd itself takes unless told otherwise (its window log 27, the window of `--ultra -22`). */
const largestWindow = 128 << 20;
/** In bytes. fzstd moves its whole window for each block, however small: some ten seconds, or 256 MiB out of the largest window. */
const mostMoved = 2 ** 38;

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

async function* byPackage({ window, size, hasSum, pieces }: ZstdFrame): AsyncGenerator<Buffer> {
  const ready: Buffer[] = [];
  const decompressor = new Decompress((chunk) => {
    length += chunk.length;
    ready.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length));
  });
  const sum = (await xxhash()).create64(); // XXH64 with seed 0: RFC 8878, 3.1.1
  let [moved, length] = [0, 0];
  let last: Buffer = Buffer.alloc(0);
  for await (const piece of pieces) {
    moved += window;
    if (moved > mostMoved) throw refusedArchive('its zstd data are too slow to decompress for Node before 22.15');
    decompressor.push(piece);
    last = piece;
    yield* summed(ready, sum);
  }
  decompressor.push(Buffer.alloc(0), true);
  yield* summed(ready, sum);
  if (size !== undefined && length !== size) throw refusedArchive(`its zstd data are damaged: ${size} bytes are said`);
  if (hasSum && last.readUInt32LE() !== Number(BigInt.asUintN(32, sum.digest())))
    throw refusedArchive('its zstd data are damaged: their sum is wrong');
}

function* summed(ready: Buffer[], sum: XXHash<bigint>): Generator<Buffer> {
  for (const chunk of ready.splice(0)) {
    sum.update(chunk);
    yield chunk;
  }
}
