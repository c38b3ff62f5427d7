// What this host says of a folder that may not be there yet: space, and whether it can be written.
import { accessSync, constants, lstatSync, readdirSync, statSync, statfsSync } from 'node:fs';
import { dirname } from 'node:path';

import { hasCode } from '../errors/cvtool-error.js';

/** The path itself, or the nearest one above it that exists: a folder, unless a file or a dangling link is in the way. */
export function nearestExisting(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    try {
      lstatSync(at);
      return at;
    } catch (error) {
      if (!hasCode(error, 'ENOENT', 'ENOTDIR') || dirname(at) === at) throw error;
    }
  }
}

/** Bytes that an ordinary user may still write where `path` is or will be. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(nearestExisting(path));
  return bavail * bsize;
}

/** Why nothing can be written at or below `path`; undefined where it can. Asks only, writes nothing. */
export function whyNotWritable(path: string): string | undefined {
  let at = path;
  try {
    at = nearestExisting(path);
    if (!statSync(at).isDirectory()) return `${at} is not a folder`;
    accessSync(at, constants.W_OK | constants.X_OK);
    return undefined;
  } catch (error) {
    if (hasCode(error, 'EACCES', 'EPERM')) return `${at} cannot be written by this user`;
    if (hasCode(error, 'EROFS')) return `${at} is on a read-only file system`;
    if (hasCode(error, 'ENOENT')) return `${at} is a link to nothing`;
    if (hasCode(error, 'ELOOP')) return `${at} has a link in it that leads to itself`;
    if (hasCode(error, 'ENAMETOOLONG')) return `${at} has a name in it that is too long for its file system`;
    throw error;
  }
}

/** The names in a folder; none where it is not there, is no folder, or is closed to this user. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM')) return [];
    throw error;
  }
}

/** Is it a folder, or a link to one, that this user can see? */
export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) return false;
    throw error;
  }
}
