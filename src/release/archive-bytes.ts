// Files as the bytes of an archive that depend on nothing but the files: not on the umask, the time zone, the user, or when.
import { Readable } from 'node:stream';
import * as zlib from 'node:zlib';

import { Header, Pax } from 'tar';
import { ZipFile } from 'yazl';

import { CvtoolError } from '../errors/cvtool-error.js';
import type { PackedFile } from './packed-files.js';

export const archiveFormats = ['tar.gz', 'zip', 'tar.zst'] as const;
export type ArchiveFormat = (typeof archiveFormats)[number];

const blockSize = 512;
/** DOS time is local time without a zone (APPNOTE.TXT 4.4.6): one moment that is the same to read everywhere. */
const dosMoment = [1980, 0, 1, 12] as const;
const gzipSystemByte = 9;
const unknownSystem = 255;

/**
 * @param time of the members of a tar, in seconds since the epoch; a zip has a fixed one
 * @returns the stages of a pipeline, the first one readable
 * @throws HOST_NOT_READY where this Node cannot compress so
 */
export function archiveBytes(files: readonly PackedFile[], format: ArchiveFormat, time: number): NodeJS.ReadableStream {
  if (format === 'zip') return zipBytes(files);
  const tar = Readable.from(tarBlocks(files, time), { objectMode: false });
  if (format === 'tar.gz') return Readable.from(withoutSystem(tar.pipe(zlib.createGzip({ level: 6 }))));
  return tar.pipe(zstd());
}

function* tarBlocks(files: readonly PackedFile[], time: number): Generator<Buffer> {
  for (const { path, mode, content } of files) {
    const data = {
      ...{ path, mode, size: content.length, uid: 0, gid: 0, uname: '', gname: '', mtime: new Date(time * 1000) },
      type: path.endsWith('/') ? ('Directory' as const) : ('File' as const),
    };
    const header = new Header(data);
    const needsPax = header.encode();
    if (needsPax) yield new Pax({ path }).encode();
    if (header.block === undefined) throw new Error(`no tar header for ${path}`);
    yield header.block;
    yield content;
    yield Buffer.alloc((blockSize - (content.length % blockSize)) % blockSize);
  }
  yield Buffer.alloc(2 * blockSize); // the end (POSIX.1-2017, ustar)
}

/** zlib writes into the header for which system it was compiled (RFC 1952, OS). */
async function* withoutSystem(gzip: AsyncIterable<Buffer | string>): AsyncGenerator<Buffer> {
  let at = 0;
  for await (const chunk of gzip) {
    const bytes = Buffer.from(chunk);
    if (at <= gzipSystemByte && gzipSystemByte < at + bytes.length) bytes[gzipSystemByte - at] = unknownSystem;
    at += bytes.length;
    yield bytes;
  }
}

function zstd(): NodeJS.ReadWriteStream {
  const create = (zlib as { createZstdCompress?: () => NodeJS.ReadWriteStream }).createZstdCompress;
  if (create !== undefined) return create();
  throw new CvtoolError('HOST_NOT_READY', `Node ${process.versions.node} cannot compress with zstd`, {
    hint: 'Pack it as tar.gz, or use Node 22.15 or later.',
  });
}

function zipBytes(files: readonly PackedFile[]): NodeJS.ReadableStream {
  const zip = new ZipFile();
  const mtime = new Date(...dosMoment);
  for (const { path, mode, content } of files) {
    if (path.endsWith('/')) zip.addEmptyDirectory(path, { mtime, mode: 0o40000 | mode, forceDosTimestamp: true });
    else zip.addBuffer(content, path, { mtime, mode: 0o100000 | mode, forceDosTimestamp: true, compressionLevel: 6 });
  }
  zip.end();
  return zip.outputStream;
}
