// Would `cvtool run` start a binary that is still on its way to its place?
import { wholeEnvironment } from '../config/environment.js';
import { checkBinary } from '../supervisor/check-binary.js';

/**
 * @param folder in which bin/ and lib/ lie for now
 * @returns whether it gets an LD_LIBRARY_PATH, the operator's or the supervisor's, by which its libraries have been found
 * @throws VERIFY_FAILED, NOT_STAGED
 */
export function startsUnderRun(binary: string, folder: string): boolean {
  const { environment } = checkBinary({ binary, folder, environment: wholeEnvironment() });
  return (environment.LD_LIBRARY_PATH ?? '') !== '';
}
