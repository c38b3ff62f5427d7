// `cvtool internal …`: what cvtool asks of itself in a process of its own. No interface: it changes with the program.
import { wholeEnvironment } from '../config/environment.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { checkForAnother } from '../supervisor/check-apart.js';

/** @returns the exit status @throws USAGE for what is no task of it */
export async function internalCommand(words: readonly string[]): Promise<number> {
  const [task, first, second, third] = words;
  if (first !== undefined && second !== undefined && third !== undefined) {
    if (task === 'check-start')
      return checkForAnother({ binary: first, folder: second, data: third, environment: wholeEnvironment() });
    if (task === 'download')
      return (await import('./download-apart.js')).downloadApart(first, second, third === 'checksum'); // 700 KB, for one day
  }
  throw new CvtoolError('USAGE', `internal ${words.join(' ')}: cvtool alone calls this`);
}
