// Which processes run a program that lies in a folder.
import { readdirSync, readlinkSync, realpathSync } from 'node:fs';

import { hasCode } from '../errors/cvtool-error.js';

/** Process ids whose executable is a file below `folder` (as far as /proc shows them to this user). */
export function processesRunningFrom(folder: string): readonly number[] {
  const prefix = `${realpathSync(folder)}/`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && executableOf(name).startsWith(prefix))
    .map(Number);
}

function executableOf(pid: string): string {
  try {
    return readlinkSync(`/proc/${pid}/exe`);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'ESRCH', 'EPERM')) return ''; // gone, a kernel thread, or another user's
    throw error;
  }
}
