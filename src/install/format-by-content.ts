// What a file is by its first bytes (file(1), magic): for a message, never for a decision what to do with it.
import { closeSync, openSync, readSync } from 'node:fs';

const beginnings: readonly (readonly [hex: string, what: string])[] = [
  ['1f8b08', 'a gzip archive'],
  ['425a68', 'a bzip2 archive'],
  ['fd377a585a00', 'an xz archive'],
  ['28b52ffd', 'a zstd archive'],
  ['504b0304', 'a zip'],
];

/** @returns `a zip`; undefined: nothing of that kind @throws the system's error */
export function formatByContent(file: string): string | undefined {
  const fd = openSync(file, 'r');
  try {
    const start = Buffer.alloc(8);
    const hex = start.subarray(0, readSync(fd, start)).toString('hex');
    return beginnings.find(([beginning]) => hex.startsWith(beginning))?.[1];
  } finally {
    closeSync(fd);
  }
}
