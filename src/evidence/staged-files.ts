// The files of a staged folder that count: what lies in bin/ and lib/, with their digests.
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { hasCode } from '../errors/cvtool-error.js';
import type { Manifest } from './manifest.js';
import { sha256OfFile } from './sha256.js';

export interface StagedFile {
  /** `bin/panacead`, `lib/libwasmvm.so`. */
  readonly path: string;
  readonly sha256: string;
  /** In bytes. */
  readonly size: number;
}

/** Everything in bin/ and lib/ of a staged folder, sorted by path; what is no regular file has the digest ''. */
export function stagedFiles(folder: string): readonly StagedFile[] {
  return ['bin', 'lib'].flatMap((part) =>
    namesIn(join(folder, part)).map((name) => {
      const path = `${part}/${name}`;
      const stat = lstatSync(join(folder, path));
      return { path, size: stat.size, sha256: stat.isFile() ? sha256OfFile(join(folder, path)) : '' };
    }),
  );
}

/** Are the two lists of the same files with the same bytes? */
export function sameFiles(a: readonly StagedFile[], b: readonly StagedFile[]): boolean {
  const text = (files: readonly StagedFile[]): string =>
    files
      .map(({ path, sha256 }) => JSON.stringify([path, sha256])) // a name may have a line break in it
      .sort()
      .join('\n');
  return text(a) === text(b);
}

/** Does the folder hold what its manifest says, byte for byte, and a daemon that may be executed by everybody? */
export function stagedIsSound(folder: string, manifest: Manifest, daemon: string): boolean {
  const binary = manifest.files.find(({ path }) => path === `bin/${daemon}`);
  if (binary === undefined || !sameFiles(stagedFiles(folder), manifest.files)) return false;
  return (lstatSync(join(folder, binary.path)).mode & 0o555) === 0o555;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
