// A verification as an operator reads it, and as data. docs/verification.md has the keys.
import type { Finding, Status } from '../verify/finding.js';
import { worstStatus } from '../verify/finding.js';
import type { Verdict } from '../verify/verdict.js';
import { printable } from '../values/printable.js';
import { coloured } from './terminal.js';

const marks: Readonly<Record<Status, string>> = { pass: 'pass', fail: 'FAIL', warn: 'warn', unknown: '?' };
const markWidth = 4;

/** One block: its name, a row for each finding, and below what fails the way out. */
export function verdictLines({ subject, findings }: Verdict): readonly string[] {
  return [coloured('bold', `${printable(subject.name)}  ${printable(subject.binary)}`), ...findings.flatMap(rowLines)];
}

function rowLines({ level, status, text, hint, environment }: Finding): string[] {
  const mark = marks[status].padEnd(markWidth);
  const shown = status === 'fail' ? coloured('red', mark) : status === 'pass' ? coloured('dim', mark) : mark;
  const where = environment === 'daemon' ? "in the daemon's environment: " : '';
  const line = `  ${level}  ${shown}  ${where}${printable(text)}`;
  return hint === undefined || status === 'pass' ? [line] : [line, `            ${printable(hint)}`];
}

/** The last line: what it all comes to. */
export function verdictSummary(verdicts: readonly Verdict[]): string {
  const failed = verdicts.filter(({ worst }) => worst === 'fail').map(({ subject }) => printable(subject.name));
  const rows = verdicts.flatMap(({ findings }) => findings);
  const count = (status: Status): number => rows.filter((row) => row.status === status).length;
  const counts = `${count('pass')} passed, ${count('warn')} warnings, ${count('unknown')} unknown, ${count('fail')} failed`;
  return failed.length === 0 ? `Nothing fails: ${counts}.` : `Not fit to run: ${failed.join(', ')} (${counts}).`;
}

/** The document of --json. */
export function verdictData(verdicts: readonly Verdict[]): object {
  const worst = worstStatus(verdicts.flatMap(({ findings }) => findings));
  return { ok: worst !== 'fail', worst, subjects: verdicts.map(subjectData) };
}

function subjectData({ subject, findings, worst, files, said, version, glibcFloor, modules }: Verdict): object {
  const { name, folder, binary, target } = subject;
  return {
    name: printable(name),
    folder,
    binary,
    target: target === undefined ? null : target.kind === 'genesis' ? 'genesis' : target.plan,
    worst,
    version: version ?? null,
    glibcFloor: glibcFloor ?? null,
    files,
    modules: Object.fromEntries(
      [...modules].map(([file, module]) => [file, { ...module, replaces: module.replaces ?? null }]),
    ),
    said: said ?? null,
    rows: findings.map(({ level, status, text, hint, environment }) => ({
      level,
      status,
      text: printable(text),
      hint: hint === undefined ? null : printable(hint),
      environment: environment ?? 'clean',
    })),
  };
}
