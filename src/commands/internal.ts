// `cvtool internal …`: what cvtool asks of itself in a process of its own. No interface: it changes with the program.
import { wholeEnvironment } from '../config/environment.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { checkForAnother } from '../supervisor/check-apart.js';

/** @returns the exit status @throws USAGE for what is no task of it */
export async function internalCommand(words: readonly string[]): Promise<number> {
  const [task, binary, folder, data] = words;
  if (task === 'check-start' && binary !== undefined && folder !== undefined && data !== undefined)
    return checkForAnother({ binary, folder, data, environment: wholeEnvironment() });
  throw new CvtoolError('USAGE', `internal ${words.join(' ')}: cvtool alone calls this`);
}
