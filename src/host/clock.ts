// Is this host's clock kept right? Asked of systemd's timedatectl, which asks the kernel (adjtimex(2)), whoever keeps it.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';

import { findCommand } from './find-command.js';

const run = promisify(execFile);

/** @returns undefined where nobody can be asked */
export async function clockIsSynchronised(path: string | undefined): Promise<boolean | undefined> {
  if (existsSync('/run/systemd/timesync/synchronized')) return true;
  const command = findCommand('timedatectl', path);
  if (command === undefined || !existsSync('/run/systemd/system')) return undefined; // sd_booted(3): else it only fails
  try {
    const { stdout } = await run(command, ['show', '-p', 'NTPSynchronized', '--value'], { timeout: 2000 });
    return { yes: true, no: false }[stdout.trim()];
  } catch {
    return undefined; // what it does not say is unknown
  }
}
