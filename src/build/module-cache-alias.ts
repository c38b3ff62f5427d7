// cgo writes the module cache's path into what it links (RUNPATH), so the binary's layout depends on that path's length, and
// with it every byte after. A build therefore sees its module cache under an alias whose path always has the same length;
// `elf/runpath.ts` then overwrites the path itself.
import { mkdirSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { CvtoolError, hasCode } from '../errors/cvtool-error.js';

/** The length, in bytes, of each alias. Long enough for any home, short enough for one file name and PATH_MAX. */
export const aliasLength = 200;

/**
 * A symbolic link of exactly `aliasLength` bytes that leads to `moduleCache`. The same cache folder gives the same alias,
 * so that Go's build cache stays warm.
 * @param folder where aliases live; where its own path leaves no room, the system's folder for temporary files is used
 */
export function aliasModuleCache(moduleCache: string, folder: string): string {
  const place = [folder, join(tmpdir(), 'cvtool-alias'), '/tmp/cvtool-alias'].find(
    (candidate) => Buffer.byteLength(candidate) <= aliasLength - 9,
  );
  if (place === undefined) {
    throw new CvtoolError('HOST_NOT_READY', `the cache folder's path is too long: ${folder}`, {
      hint: `Set XDG_CACHE_HOME to a path of fewer than ${aliasLength - 20} bytes.`,
    });
  }
  mkdirSync(place, { recursive: true });
  const alias = `${place}/${'m'.repeat(aliasLength - Buffer.byteLength(place) - 1)}`;
  if (linkText(alias) === moduleCache) return alias;
  rmSync(alias, { force: true });
  symlinkSync(moduleCache, alias);
  return alias;
}

function linkText(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
