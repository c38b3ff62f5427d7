// The look at a binary's libraries in a process of its own: what it reads, and what the compiler makes of that, is some 6 MB, which
// a supervisor would keep for as long as its node runs.
import { CvtoolError } from '../errors/cvtool-error.js';
import type { ErrorCode } from '../errors/catalogue.js';
import type { BinaryToCheck, CheckedBinary } from './check-binary.js';
import { runHelper } from './helper-process.js';

/** What the other process prints, as one line of JSON. `libraryPath` is LD_LIBRARY_PATH where it is not ours. */
type Told =
  | { readonly warnings: readonly string[]; readonly libraryPath: string | undefined }
  | { readonly code: ErrorCode; readonly message: string; readonly hint?: string; readonly details: readonly string[] };

export interface Apart {
  /** How this program is started: its interpreter and its file. */
  readonly program: readonly [string, string];
  readonly lockFile: string;
  readonly signal: AbortSignal;
}

/** As `checkBinary`; where no other process can be had, in ours. */
export async function checkApart(toCheck: BinaryToCheck, { program, lockFile, signal }: Apart): Promise<CheckedBinary> {
  const { binary, folder, environment } = toCheck;
  const [file, script] = program;
  const args = [script, 'internal', 'check-binary', binary, folder];
  const { end, stdout } = await runHelper({ file, args, folder: undefined, environment, lockFile, signal });
  if (signal.aborted) return { environment, warnings: [] };
  const told = end.kind === 'exited' && end.status === 0 ? parseTold(stdout) : undefined;
  if (told === undefined) return (await import('./check-binary.js')).checkBinary(toCheck);
  if ('code' in told) throw new CvtoolError(told.code, told.message, { hint: told.hint, details: told.details });
  const { warnings, libraryPath } = told;
  return {
    warnings,
    environment: libraryPath === undefined ? environment : { ...environment, LD_LIBRARY_PATH: libraryPath },
  };
}

/** @returns the exit status: that of having looked */
export async function checkForAnother(toCheck: BinaryToCheck, print: (line: string) => void): Promise<number> {
  const { checkBinary } = await import('./check-binary.js');
  try {
    const { warnings, environment } = checkBinary(toCheck);
    const libraryPath = environment === toCheck.environment ? undefined : environment.LD_LIBRARY_PATH;
    print(JSON.stringify({ warnings, libraryPath } satisfies Told));
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
