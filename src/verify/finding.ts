// One row of a verification's answer.

/** What is looked at, from the bytes of the file up to its name: the levels of `cvtool verify`. */
export type Level = 'L0' | 'L1' | 'L2' | 'L3' | 'L4' | 'L5' | 'L6';

/** `unknown`: it could not be judged here, and the text says why. */
export type Status = 'pass' | 'fail' | 'warn' | 'unknown';

export interface Finding {
  readonly level: Level;
  readonly status: Status;
  /** One sentence that names the file. */
  readonly text: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
}
