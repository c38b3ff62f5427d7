// What a log's last words mean, as an operator reads it, and as data. docs/explain.md has the keys.
import type { Explained, Explanation } from '../inspect/explain/explanation.js';
import type { Reading } from '../inspect/explain/reading.js';
import { printable } from '../values/printable.js';
import { coloured } from './terminal.js';

/** Characters of the log's own line. */
const longestShown = 160;

export interface ToldLog {
  readonly reading: Reading;
  readonly explanation: Explanation;
  /** DAEMON_HOME; undefined: nothing was known of one, and `whyNoHome` says why. */
  readonly home: string | undefined;
  readonly whyNoHome: string | undefined;
}

export function explainLines({ reading, explanation, whyNoHome }: ToldLog): readonly string[] {
  const { last, startedSince, also, earlier } = explanation;
  const lines: string[] =
    last === undefined ? nothingKnown(reading, earlier.length > 0) : block(titleOf(last, reading, startedSince), last);
  for (const each of also) lines.push('', ...block(`Beside that, in line ${each.line}${timesText(each)}:`, each));
  if (earlier.length > 0) {
    lines.push('', coloured('bold', 'Before that, and over:'));
    lines.push(...earlier.map((each) => `  line ${each.line}${timesText(each)}: ${printable(each.means)}`));
  }
  if (reading.blobs > 0) {
    lines.push(
      '',
      `journalctl has left out ${reading.blobs} lines for their control characters: it shows them with --all.`,
    );
  }
  if (whyNoHome !== undefined && last !== undefined) {
    lines.push('', printable(`Said without a home, since ${whyNoHome}: --home names another.`));
  }
  return lines;
}

function block(title: string, { text, means, toDo }: Explained): string[] {
  const steps = toDo.map((step) => `  - ${printable(step)}`);
  return [coloured('bold', title), `  ${shortened(printable(text))}`, '', printable(means), ...steps];
}

/** What stands behind is mostly a stack. */
function shortened(text: string): string {
  const characters = Array.from(text);
  return characters.length <= longestShown ? text : `${characters.slice(0, longestShown).join('')} …`;
}

function titleOf(last: Explained, { lines, block: made }: Reading, startedSince: boolean): string {
  const after = startedSince ? '; the daemon was started again after it, and has said nothing of the kind since' : '';
  const blocks =
    last.kind === 'passing' || made === undefined ? '' : `; the last block before it: ${made.height ?? '?'}`;
  return `The log ends on this, in line ${last.line} of ${lines}${timesText(last)}${blocks}${after}:`;
}

function timesText({ times }: Explained): string {
  return times === 1 ? '' : ` (${times} times in all)`;
}

function nothingKnown({ lines, block: made, lastLines }: Reading, hasHistory: boolean): string[] {
  if (lines === 0) return ['The log is empty.'];
  if (made !== undefined && (hasHistory || made.line > lines / 2)) {
    const height = made.height === undefined ? '' : ` (the last one at height ${made.height})`;
    return [`The node makes blocks${height}, and no failure that is known here came after them in ${lines} lines.`];
  }
  return [
    `No failure that is known here is in ${lines} lines. They end with:`,
    ...lastLines.slice(-5).map((line) => `  ${printable(line)}`),
    'What can be looked at on this host: cvtool doctor',
  ];
}

/** The document of --json. */
export function explainData({ reading, explanation, home, whyNoHome }: ToldLog): object {
  const { last, startedSince, also, earlier } = explanation;
  const { lines, block: made, lastLines, blobs } = reading;
  return {
    ok: true,
    home: home ?? null,
    homeProblem: whyNoHome === undefined ? null : printable(whyNoHome),
    lines,
    leftOut: blobs,
    last: last === undefined ? null : data(last),
    startedSince,
    also: also.map(data),
    earlier: earlier.map(data),
    block: made === undefined ? null : { line: made.line, height: made.height ?? null },
    lastLines: lastLines.slice(-5).map(printable),
  };
}

function data({ id, kind, line, text, times, means, toDo }: Explained): object {
  return { id, kind, line, times, text: printable(text), means: printable(means), toDo: toDo.map(printable) };
}
