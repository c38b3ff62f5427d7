// What the terminal is, and the two streams. Nobody else writes to them.
import { styleText } from 'node:util';

import type { Environment } from '../config/environment.js';

export type Style = 'live' | 'plain' | 'groups' | 'silent';

/**
 * How progress is shown: redrawn lines on a terminal, whole lines elsewhere, `::group::` on GitHub Actions.
 * @param wanted --json asks for silence on stdout, --verbose for every line of output
 */
export function chooseStyle(
  environment: Environment,
  wanted: { readonly json: boolean; readonly verbose: boolean },
): Style {
  if (wanted.json) return 'silent';
  if (environment.GITHUB_ACTIONS === 'true') return 'groups';
  if (!process.stdout.isTTY || environment.CI !== undefined || environment.TERM === 'dumb' || wanted.verbose)
    return 'plain';
  return 'live';
}

/** Writes whole lines to stdout. A reader that has gone (EPIPE) loses them and stops nothing. */
export function print(...lines: readonly string[]): void {
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

/** The same for stderr. */
export function printError(...lines: readonly string[]): void {
  process.stderr.write(lines.map((line) => `${line}\n`).join(''));
}

/** Writes a file's bytes to stdout as they are. */
export function printBytes(...parts: readonly Uint8Array[]): void {
  process.stdout.write(Buffer.concat(parts));
}

/**
 * What nobody reads any more is no reason to stop in the middle of a staging: a pipe whose reader has gone (EPIPE), a terminal
 * that was closed (EIO). Other losses, such as a full disk, end it as well as can be, but not with status 0.
 */
export function outliveReaders(): void {
  for (const [stream, name] of [
    [process.stdout, 'stdout'],
    [process.stderr, 'stderr'],
  ] as const) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE' || error.code === 'EIO') return;
      if (name === 'stdout' && lost === undefined) printError(`Error: stdout cannot be written: ${error.message}`);
      lost ??= error;
    });
  }
}

let lost: Error | undefined;

/** Was something printed that did not arrive, though somebody wanted it? */
export function hasLostOutput(): boolean {
  return lost !== undefined;
}

/** Colour where stderr or stdout is a terminal that wants it (NO_COLOR and FORCE_COLOR are honoured). */
export function coloured(
  format: 'bold' | 'dim' | 'red', // one at a time: with a list, Node 20 forgets to ask what the stream is
  text: string,
  stream: 'stdout' | 'stderr' = 'stdout',
): string {
  return styleText(format, text, { stream: process[stream], validateStream: true });
}

/** Is there somebody at the keyboard who can be asked? */
export function canAsk(): boolean {
  return process.stdin.isTTY && process.stdout.isTTY;
}
