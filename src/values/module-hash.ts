// The hash of a Go module's files as go.sum has it: `h1:` and the base64 of a SHA-256 (golang.org/x/mod/sumdb/dirhash).
import { createHash } from 'node:crypto';

import { CvtoolError } from '../errors/cvtool-error.js';
import type { Brand } from './brand.js';
import { quoted } from './printable.js';

export type ModuleHash = Brand<string, 'ModuleHash'>;

/** @throws CONFIG_INVALID */
export function parseModuleHash(text: string): ModuleHash {
  if (!/^h1:[A-Za-z0-9+/]{43}=$/.test(text)) {
    throw new CvtoolError('CONFIG_INVALID', `${quoted(text)} is no hash of a Go module`, {
      hint: 'It starts with h1:, as the lines of a go.sum end.',
    });
  }
  return text as ModuleHash;
}

/**
 * dirhash.Hash1: the SHA-256 of a line for each file, in the order of the names' bytes.
 * @param files names as the module's zip has them, each with its SHA-256 in hexadecimal; no name has a line end in it
 */
export function moduleHash(files: ReadonlyMap<string, string>): ModuleHash {
  const sorted = [...files]
    .map(([name, sha256]) => ({ bytes: Buffer.from(name), name, sha256 }))
    .sort((a, b) => Buffer.compare(a.bytes, b.bytes));
  const sum = createHash('sha256');
  for (const { name, sha256 } of sorted) sum.update(`${sha256}  ${name}\n`);
  return `h1:${sum.digest('base64')}` as ModuleHash;
}
