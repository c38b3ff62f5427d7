// A file as the bytes that were compressed into it, all of them or an error: cut off, damaged, or with something behind its
// end it is refused in every one of these formats. No more than a window of the format is held in memory.
import { closeSync, openSync, readSync } from 'node:fs';

import { ByteReader } from './byte-reader.js';
import { bunzip2 } from './bzip2.js';
import { gunzip, readPart, type FilePart } from './inflate.js';
import { refusedUnlessKnown } from './refused-archive.js';
import { unxz } from './unxz.js';
import { unzstd } from './unzstd.js';

export type Compression = 'gz' | 'bz2' | 'xz' | 'zst';

export function decompressed(whole: FilePart, compression: Compression | undefined): AsyncGenerator<Buffer> {
  switch (compression) {
    case undefined:
      return readPart(whole);
    case 'gz':
      return gunzip(whole);
    case 'bz2':
      return bzip2Content(whole.file);
    case 'xz':
      return unxz(whole);
    case 'zst':
      return unzstd(new ByteReader(readPart(whole)));
  }
}

async function* bzip2Content(file: string): AsyncGenerator<Buffer> {
  const fd = openSync(file, 'r');
  try {
    yield* bunzip2((buffer) => readSync(fd, buffer));
  } catch (error) {
    throw refusedUnlessKnown(error, 'its bzip2 data are damaged');
  } finally {
    closeSync(fd);
  }
}
