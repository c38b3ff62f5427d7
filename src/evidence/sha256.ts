// The digest of a file, read piece by piece.
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';

import { parseDigest, type Digest } from '../values/digest.js';

/** @throws the system's error */
export function sha256OfFile(path: string): Digest {
  const fd = openSync(path, 'r');
  try {
    const hash = createHash('sha256');
    const piece = Buffer.allocUnsafe(1 << 20);
    for (let read = readSync(fd, piece); read > 0; read = readSync(fd, piece)) hash.update(piece.subarray(0, read));
    return parseDigest(hash.digest('hex'));
  } finally {
    closeSync(fd);
  }
}
