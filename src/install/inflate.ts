// Parts of a file, as they are or inflated: the input has to end where the stream in it does. zlib ends a stream wherever it likes,
// and says nothing of what stands behind it.
import { createReadStream } from 'node:fs';
import { pipeline, type Duplex } from 'node:stream';
import { createGunzip, createInflateRaw } from 'node:zlib';

import { refusedArchive, refusedUnlessKnown } from './refused-archive.js';

export interface FilePart {
  readonly file: string;
  /** In bytes from the file's start; `end` is the first one that is not in it. */
  readonly start: number;
  readonly end: number;
}

const chunkSize = 1 << 20;

export async function* readPart({ file, start, end }: FilePart): AsyncGenerator<Buffer> {
  if (start === end) return; // there is no way to tell a stream so
  yield* createReadStream(file, { start, end: end - 1, highWaterMark: chunkSize }) as AsyncIterable<Buffer>;
}

/** RFC 1952: members, one behind the other. */
export function gunzip(part: FilePart): AsyncGenerator<Buffer> {
  return throughZlib(part, createGunzip({ chunkSize }), 'gzip');
}

/** RFC 1951, without a head. */
export function inflate(part: FilePart): AsyncGenerator<Buffer> {
  return throughZlib(part, createInflateRaw({ chunkSize }), 'deflate');
}

async function* throughZlib(
  part: FilePart,
  zlib: Duplex & { readonly bytesWritten: number },
  name: string,
): AsyncGenerator<Buffer> {
  const length = part.end - part.start;
  pipeline(readPart(part), zlib, () => undefined); // an error of either ends the loop below
  try {
    yield* zlib as AsyncIterable<Buffer>;
  } catch (error) {
    throw refusedUnlessKnown(error, `its ${name} data are damaged`);
  }
  if (zlib.bytesWritten < length)
    throw refusedArchive(`there are ${length - zlib.bytesWritten} bytes behind the end of its ${name} data`);
}
