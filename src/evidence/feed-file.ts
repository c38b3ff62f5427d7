// A file read piece by piece into whatever takes bytes: a digest, a verification.
import { closeSync, openSync, readSync } from 'node:fs';

/** @returns `sink` @throws the system's error */
export function feedFile<Sink extends { update(bytes: Buffer): unknown }>(path: string, sink: Sink): Sink {
  const fd = openSync(path, 'r');
  try {
    const piece = Buffer.allocUnsafe(1 << 20);
    for (let read = readSync(fd, piece); read > 0; read = readSync(fd, piece)) sink.update(piece.subarray(0, read));
    return sink;
  } finally {
    closeSync(fd);
  }
}
