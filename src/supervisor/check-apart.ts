// The look before a start in a process of its own: what it reads, and what the compiler makes of that, is some 6 MB, which
// a supervisor would keep for as long as its node runs.
import { CvtoolError } from '../errors/cvtool-error.js';
import type { ErrorCode } from '../errors/catalogue.js';
import type { CheckedStart, StartToCheck } from './check-binary.js';
import type { HeldLock } from './database-lock.js';
import { runHelper } from './helper-process.js';

/** What the other process prints, as one line of JSON. `libraryPath` is LD_LIBRARY_PATH where it is not ours. */
type Told =
  | {
      readonly warnings: readonly string[];
      readonly libraryPath: string | undefined;
      readonly locked: HeldLock | undefined;
    }
  | { readonly code: ErrorCode; readonly message: string; readonly hint?: string; readonly details: readonly string[] };

export interface Apart {
  /** How this program is started: its interpreter and its file. */
  readonly program: readonly [string, string];
  readonly lockFile: string;
  readonly signal: AbortSignal;
}

/** As `checkStart`; where no other process can be had, in ours. */
export async function checkApart(start: StartToCheck, { program, lockFile, signal }: Apart): Promise<CheckedStart> {
  const { binary, folder, environment, data } = start;
  const [file, script] = program;
  const args = [script, 'internal', 'check-start', binary, folder, data];
  const { end, stdout } = await runHelper({ file, args, folder: undefined, environment, lockFile, signal });
  if (signal.aborted) return { environment, warnings: [], locked: undefined };
  const told = end.kind === 'exited' && end.status === 0 ? parseTold(stdout) : undefined;
  if (told === undefined) return (await import('./check-binary.js')).checkStart(start);
  if ('code' in told) throw new CvtoolError(told.code, told.message, { hint: told.hint, details: told.details });
  const { warnings, libraryPath, locked } = told;
  const added = libraryPath === undefined ? environment : { ...environment, LD_LIBRARY_PATH: libraryPath };
  return { warnings, environment: added, locked };
}

/** @returns the exit status: that of having looked */
export async function checkForAnother(start: StartToCheck, print: (line: string) => void): Promise<number> {
  const { checkStart } = await import('./check-binary.js');
  try {
    const { warnings, environment, locked } = checkStart(start);
    const libraryPath = environment === start.environment ? undefined : environment.LD_LIBRARY_PATH;
    print(JSON.stringify({ warnings, libraryPath, locked } satisfies Told));
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error; // the one who asked looks for itself, and meets it too
    const { code, message, hint, details } = error;
    print(JSON.stringify({ code, message, ...(hint !== undefined && { hint }), details } satisfies Told));
  }
  return 0;
}

/** Our own program's answer, but for a death in the middle of it. */
function parseTold(text: string): Told | undefined {
  try {
    return JSON.parse(text) as Told;
  } catch {
    return undefined;
  }
}
