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
  /** There where it holds in the environment that the daemon will get, and not in a clean one. */
  readonly environment?: 'daemon' | undefined;
}

const worstFirst: readonly Status[] = ['fail', 'warn', 'unknown', 'pass'];

/** The one status that tells of all rows: a failure, else a warning, else that something is not known. */
export function worstStatus(findings: readonly Finding[]): Status {
  return worstFirst.find((status) => findings.some((finding) => finding.status === status)) ?? 'unknown';
}

/** In the order of the levels; within one the rows stay in theirs. */
export function inLevelOrder(findings: readonly Finding[]): Finding[] {
  return [...findings].sort((one, other) => (one.level < other.level ? -1 : one.level > other.level ? 1 : 0));
}
