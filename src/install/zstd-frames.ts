// The frames of a zstd file (RFC 8878, 3.1), found without decompressing them: Node 22 passes over what is cut off and over all
// frames but the first, and fzstd takes as much memory as a frame asks for.
import type { ByteReader } from './byte-reader.js';
import { refusedArchive } from './refused-archive.js';

export interface ZstdFrame {
  /** In bytes: what has to be held to decompress it. */
  readonly window: number;
  /** In bytes, decompressed; undefined where the frame does not say. */
  readonly size: number | undefined;
  readonly hasSum: boolean;
  /** Its header, its blocks, and its sum if it has one. To be read to their end before the next frame is asked for. */
  readonly pieces: AsyncGenerator<Buffer>;
}

const frameMagic = 0xfd2fb528;
const skippableMagic = 0x184d2a50;
const largestBlock = 1 << 17;

/** @throws ARCHIVE_INVALID */
export async function* zstdFrames(bytes: ByteReader): AsyncGenerator<ZstdFrame> {
  while (!(await bytes.isAtEnd())) {
    const magic = await bytes.exactly(4);
    const number = magic.readUInt32LE();
    if (number >>> 4 === skippableMagic >>> 4) {
      await bytes.passOver((await bytes.exactly(4)).readUInt32LE());
    } else {
      if (number !== frameMagic) throw refusedArchive('its zstd data are damaged: no frame where one should be');
      const [descriptor = 0] = await bytes.exactly(1);
      const rest = await bytes.exactly(headerRest(descriptor));
      const size = contentSize(descriptor, rest);
      const pieces = framePieces(Buffer.concat([magic, Buffer.of(descriptor), rest]), bytes);
      yield {
        window: size !== undefined && isSingleSegment(descriptor) ? size : windowSize(rest),
        size,
        hasSum: hasSum(descriptor),
        pieces,
      };
    }
  }
}

async function* framePieces(header: Buffer, bytes: ByteReader): AsyncGenerator<Buffer> {
  yield header;
  for (let isLast = false; !isLast;) {
    const head = await bytes.exactly(3);
    const fields = head.readUIntLE(0, 3);
    const [type, size] = [(fields >> 1) & 3, fields >> 3];
    if (type === 3 || size > largestBlock) throw refusedArchive('its zstd data are damaged: no such block');
    yield Buffer.concat([head, await bytes.exactly(type === 1 ? 1 : size)]); // 1: one byte, repeated
    isLast = (fields & 1) === 1;
  }
  if (hasSum(header[4] ?? 0)) yield await bytes.exactly(4);
}

/** @returns how many bytes of the frame's header stand behind its descriptor */
function headerRest(descriptor: number): number {
  if ((descriptor & 8) !== 0) throw refusedArchive('its zstd data are damaged: a reserved bit is set');
  if ((descriptor & 3) !== 0) throw refusedArchive('its zstd data need a dictionary');
  return (isSingleSegment(descriptor) ? 0 : 1) + contentSizeLength(descriptor);
}

function windowSize([descriptor = 0]: Buffer): number {
  return 2 ** (10 + (descriptor >> 3)) * (1 + (descriptor & 7) / 8);
}

function contentSize(descriptor: number, rest: Buffer): number | undefined {
  const length = contentSizeLength(descriptor);
  if (length === 0) return undefined;
  const field = rest.subarray(-length);
  if (length === 8) return Number(field.readBigUInt64LE());
  return field.readUIntLE(0, length) + (length === 2 ? 256 : 0);
}

function contentSizeLength(descriptor: number): number {
  const flag = descriptor >> 6;
  return flag === 0 ? Number(isSingleSegment(descriptor)) : 2 ** flag;
}

function isSingleSegment(descriptor: number): boolean {
  return (descriptor & 0x20) !== 0;
}

function hasSum(descriptor: number): boolean {
  return (descriptor & 4) !== 0;
}
