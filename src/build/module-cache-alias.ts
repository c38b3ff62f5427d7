// cgo writes the module cache's path into what it links (RUNPATH), so the binary's layout depends on that path's length, and
// with it every byte after. A build therefore sees its module cache under an alias whose path always has the same length;
// `elf/runpath.ts` then overwrites the path itself.
import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, readlinkSync, renameSync, symlinkSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

import { CvtoolError, hasCode } from '../errors/cvtool-error.js';

/** The length, in bytes, of each alias. Long enough for any home, short enough for one file name and PATH_MAX. */
export const aliasLength = 200;

/** Of the module cache's digest, in an alias's name: two builds with two caches must not take each other's alias away. */
const digestLength = 16;

/**
 * A symbolic link of exactly `aliasLength` bytes that leads to `moduleCache`, which is made where it is missing. The same module
 * cache gives the same alias, so that Go's build cache stays warm. Two processes may ask for it at once.
 * @param folder where aliases live; where its own path is too long, or has a character that compiler flags cannot have (a blank),
 * a folder of this user's below that for temporary files is used
 * @throws HOST_NOT_READY where there is no such place
 */
export function aliasModuleCache(moduleCache: string, folder: string): string {
  const place = isUsable(folder) ? folder : temporaryPlace(folder);
  mkdirSync(place, { recursive: true });
  mkdirSync(moduleCache, { recursive: true }); // Go cannot make it through a link that leads to nothing
  const digest = createHash('sha256').update(moduleCache).digest('hex').slice(0, digestLength);
  const start = `${place}/${digest}`;
  const alias = start + 'm'.repeat(aliasLength - Buffer.byteLength(start));
  if (linkText(alias) === moduleCache) return alias;
  const next = join(place, `.next-${randomBytes(8).toString('hex')}`);
  symlinkSync(moduleCache, next);
  renameSync(next, alias); // rename(2): whoever looks meanwhile sees the old link or this one
  return alias;
}

/** Go and gcc split flags at blanks and at `=`; Go before 1.18 knows no quotes there. */
function isUsable(folder: string): boolean {
  return Buffer.byteLength(folder) < aliasLength - digestLength && !/[\s'"\\$=]/.test(folder);
}

/** Others may write beside it, so it must be our own: whoever owns it decides which modules are compiled. */
function temporaryPlace(folder: string): string {
  const { uid } = userInfo();
  const place = [tmpdir(), '/tmp'].map((parent) => join(parent, `cvtool-alias-${uid}`)).find(isUsable);
  const hint = 'Set XDG_CACHE_HOME to a shorter path, without blanks, quotes or equals signs in it.';
  if (place === undefined) {
    throw new CvtoolError('HOST_NOT_READY', `the cache folder's path cannot be given to a compiler: ${folder}`, {
      hint,
    });
  }
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const stat = lstatSync(place);
  if (!stat.isDirectory() || stat.uid !== uid || (stat.mode & 0o022) !== 0) {
    throw new CvtoolError('HOST_NOT_READY', `${place} is not a folder that this user alone can write`, { hint });
  }
  return place;
}

function linkText(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EINVAL')) return undefined;
    throw error;
  }
}
