// The doctor's answer as an operator reads it, and as data. docs/doctor.md has the keys.
import { checks, worstOf, type Row } from '../inspect/doctor/row.js';
import { printable } from '../values/printable.js';
import type { Status } from '../verify/finding.js';
import { coloured } from './terminal.js';

const marks: Readonly<Record<Status, string>> = { pass: 'pass', fail: 'FAIL', warn: 'warn', unknown: '?' };
const markWidth = 4;

/** A row a line, under the title of its group; below what does not pass, what mends it. */
export function doctorLines(rows: readonly Row[]): readonly string[] {
  const titles = [...new Set(rows.map(({ check }) => checks[check]))];
  return [
    ...titles.flatMap((title) => [
      coloured('bold', title),
      ...rows.filter(({ check }) => checks[check] === title).flatMap(rowLines),
      '',
    ]),
    summary(rows),
  ];
}

function rowLines({ status, text, hint }: Row): string[] {
  const mark = marks[status].padEnd(markWidth);
  const shown = status === 'fail' ? coloured('red', mark) : status === 'pass' ? coloured('dim', mark) : mark;
  const line = `  ${shown}  ${printable(text)}`;
  if (hint === undefined || status === 'pass') return [line];
  return [line, ...hint.split('\n').map((each) => `          ${printable(each)}`)];
}

function summary(rows: readonly Row[]): string {
  const count = (status: Status): number => rows.filter((each) => each.status === status).length;
  const counts = `${count('pass')} pass, ${count('warn')} warn, ${count('unknown')} unknown, ${count('fail')} fail`;
  return worstOf(rows) === 'fail' ? `Not ready: ${counts}.` : `Nothing stands in the way: ${counts}.`;
}

/** The document of --json. */
export function doctorData(rows: readonly Row[], home: string): object {
  const worst = worstOf(rows);
  return {
    ok: worst !== 'fail',
    worst,
    home,
    rows: rows.map(({ check, status, text, hint }) => ({
      check,
      group: checks[check],
      status,
      text: printable(text),
      hint: hint === undefined || status === 'pass' ? null : hint.split('\n').map(printable).join('\n'),
    })),
  };
}
