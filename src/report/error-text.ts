// An error as an operator reads it: what, with its details, and the way out. A stack only where --debug asks for it.
import { CvtoolError } from '../errors/cvtool-error.js';
import type { ExitStatus } from '../errors/catalogue.js';
import { printable } from '../values/printable.js';
import { coloured, printError } from './terminal.js';

/** The error as lines; text from outside is made printable here. */
function errorLines(error: unknown, { debug }: { readonly debug: boolean }): readonly string[] {
  const stack = debug && error instanceof Error ? stackLines(error) : [];
  if (!(error instanceof CvtoolError)) {
    const said = error instanceof Error ? error.message : String(error);
    return [
      `Error: ${printable(said)}`,
      'This is a bug in cvtool. Please report it with the command, what --debug adds, and `cvtool --version`.',
      ...stack,
    ];
  }
  return [
    `Error: ${printable(error.message)}`,
    ...error.details.map((line) => `  ${printable(line)}`),
    ...hintLines(error.hint),
    ...stack,
  ];
}

/** The same as data, for --json. */
export function errorData(error: unknown): object {
  if (error instanceof CvtoolError) {
    const { code, message, details, hint, exit } = error;
    return {
      ok: false,
      error: { code, message: printable(message), details: details.map(printable), ...hintData(hint), exit },
    };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { ok: false, error: { code: 'BUG', message: printable(message), details: [], exit: 70 } };
}

/** A hint may name an address or a path from outside too. */
function hintLines(hint: string | undefined): string[] {
  return hint === undefined ? [] : hint.split('\n').map(printable);
}

function hintData(hint: string | undefined): { hint?: string } {
  return hint === undefined ? {} : { hint: hintLines(hint).join('\n') };
}

/** Prints the error on stderr and returns the exit status that goes with it. */
export function reportError(error: unknown, options: { readonly debug: boolean }): ExitStatus {
  const [first = '', ...rest] = errorLines(error, options);
  printError(first.replace(/^Error:/, coloured('red', 'Error:', 'stderr')), ...rest);
  return error instanceof CvtoolError ? error.exit : 70;
}

function stackLines(error: Error): string[] {
  const cause = error.cause instanceof Error ? ['Caused by:', ...stackLines(error.cause)] : [];
  return [...(error.stack ?? '').split('\n').map((line) => `    ${printable(line)}`), ...cause];
}
