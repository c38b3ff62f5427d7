// mkdir -p, step by step. Node's recursive mkdir goes round for ever where the kernel says ENOENT below a folder that is there
// (/proc, the root of an automounter); and this one says what it made, so that a failure can take it back.
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

import { hasCode } from '../errors/cvtool-error.js';
import { removeEmptyFolders } from './replace-folder.js';

/**
 * Makes `path` and what is missing above it.
 * @returns the folders that it made, the innermost first
 * @throws the system's error; what it made before is gone again
 */
export function makeFolder(path: string): string[] {
  const made: string[] = [];
  try {
    for (const folder of [...missingOf(path)].reverse()) if (makeOne(folder)) made.unshift(folder);
    return made;
  } catch (error) {
    removeEmptyFolders(made);
    throw error;
  }
}

/** `path` and the folders above it that are not there, the innermost first; `path` alone where it is something else. */
function missingOf(path: string): string[] {
  const missing: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    const stat = statSync(at, { throwIfNoEntry: false });
    if (stat?.isDirectory() === true) return missing;
    missing.push(at);
    if (stat !== undefined || dirname(at) === at) return missing; // mkdir says what is wrong with it
  }
}

/** @returns false where somebody else has made it meanwhile */
function makeOne(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    const isFolder = hasCode(error, 'EEXIST') && statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
    if (isFolder) return false;
    throw error;
  }
}
