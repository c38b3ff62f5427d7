// The one class for what a user or a host can cause. A programmer's mistake stays a plain Error.
import { catalogue, type ErrorCode, type ExitStatus } from './catalogue.js';

export interface ErrorDetails {
  /** What to do: one sentence or a few lines, for an operator. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** More lines below the message: a log's last lines, a list of what is missing. */
  readonly details?: readonly string[] | undefined;
  /** Overrides the catalogue's exit status; only for INTERRUPTED, where the signal decides. */
  readonly exit?: ExitStatus | undefined;
}

export class CvtoolError extends Error {
  override readonly name = 'CvtoolError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: readonly string[];
  readonly exit: ExitStatus;

  /**
   * @param code from the catalogue; it decides the exit status
   * @param message one sentence that names the value that is wrong
   */
  constructor(code: ErrorCode, message: string, { hint, cause, details, exit }: ErrorDetails = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
    this.details = details ?? [];
    this.exit = exit ?? catalogue[code].exit;
  }
}

/** Is `error` the system's error with this code (ENOENT, EACCES, …)? */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && codes.includes(error.code);
}

/** What the system refused: a file, a process, a socket. */
export function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
