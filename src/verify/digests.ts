// The digests of a staged folder's files, made in a thread of their own, so that the rest of the judging goes on meanwhile.
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

import { hasCode } from '../errors/cvtool-error.js';

export interface FoundFile {
  /** `bin/panacead`, `lib/libwasmvm.so`. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** SHA-256; '' for what is no regular file or cannot be read. */
  readonly sha256: string;
}

/** Hashing is a thread's whole work, in pieces of 1 MiB. It is text since a bundle has no file for it. */
const hasher = `
const { createHash } = require('node:crypto');
const { closeSync, openSync, readSync } = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
const piece = Buffer.allocUnsafe(1 << 20);
parentPort.postMessage(workerData.map((path) => {
  let file;
  try {
    file = openSync(path, 'r');
    const hash = createHash('sha256');
    for (let count = readSync(file, piece); count > 0; count = readSync(file, piece)) hash.update(piece.subarray(0, count));
    return hash.digest('hex');
  } catch (error) {
    if (['EACCES', 'EPERM', 'ENOENT'].includes(error.code)) return '';
    throw error;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}));
`;

/**
 * Begins at once; the answer is all files of bin/ and lib/, sorted by path.
 * @throws what reading threw, later, through the promise
 */
export async function digestsOf(folder: string): Promise<readonly FoundFile[]> {
  const files = ['bin', 'lib'].flatMap((part) => namesIn(join(folder, part)).map((name) => `${part}/${name}`));
  const stats = files.map((path) => ({ path, stat: lstatSync(join(folder, path)) }));
  const regular = stats.filter(({ stat }) => stat.isFile()).map(({ path }) => path);
  const digests = await hashAll(regular.map((path) => join(folder, path)));
  return stats.map(({ path, stat }) => ({ path, size: stat.size, sha256: digests[regular.indexOf(path)] ?? '' }));
}

/** @returns the SHA-256 of each, in their order; '' for one that cannot be read */
export function hashAll(paths: readonly string[]): Promise<readonly string[]> {
  if (paths.length === 0) return Promise.resolve([]);
  return new Promise((resolve, reject) => {
    const worker = new Worker(hasher, { eval: true, workerData: paths });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return [];
    throw error;
  }
}
