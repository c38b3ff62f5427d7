// Removes a folder that somebody else may have filled: Go makes the folders of its module cache read-only, and what a build or
// a strange program leaves may be so too. An ordinary user cannot empty a folder that he may not write.
import { chmodSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { hasCode } from '../errors/cvtool-error.js';

/** Removes `path` and all below it, links themselves and not what they lead to; nothing there is fine. @throws the system's error */
export function removeTree(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  } catch (error) {
    if (!hasCode(error, 'EACCES', 'EPERM')) throw error;
    makeWritable(path);
    rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  }
}

function makeWritable(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return;
  chmodSync(path, 0o700);
  for (const name of readdirSync(path)) makeWritable(join(path, name));
}
