// The look before a start in a process of its own: what it reads, and what the compiler makes of that, is some 6 MB, which a
// supervisor would keep for as long as its node runs. Its exit status is all that it says: where there is more to say, we look too.
import { CvtoolError } from '../errors/cvtool-error.js';
import type { CheckedStart, StartToCheck } from './check-binary.js';
import { runHelper } from './helper-process.js';

export interface Apart {
  /** How this program is started: its interpreter and its file. */
  readonly program: readonly [string, string];
  readonly lockFile: string;
  readonly signal: AbortSignal;
}

/** As `checkStart`. */
export async function checkApart(start: StartToCheck, { program, lockFile, signal }: Apart): Promise<CheckedStart> {
  const { binary, folder, environment, data } = start;
  const [file, script] = program;
  const args = [script, 'internal', 'check-start', binary, folder, data];
  const { end } = await runHelper({ file, args, folder: undefined, environment, lockFile, signal, silent: true });
  const isSound = signal.aborted || (end.kind === 'exited' && end.status === 0);
  if (isSound) return { environment, warnings: [], locked: undefined };
  return (await import('./check-binary.js')).checkStart(start);
}

/** @returns 0 where there is nothing to say: no warning, no lock, nothing wrong, and the environment as it is */
export async function checkForAnother(start: StartToCheck): Promise<number> {
  const { checkStart } = await import('./check-binary.js');
  try {
    const { warnings, environment, locked } = checkStart(start);
    return warnings.length === 0 && environment === start.environment && locked === undefined ? 0 : 1;
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    return 1;
  }
}
