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

/** A pipe that nobody reads any more is no reason to stop in the middle of a staging. */
export function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
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
