// What was packed, and what is made of the info of a plan.
import type { LintRow } from '../release/lint-plan-info.js';
import type { Archive } from '../release/pack.js';
import { printable } from '../values/printable.js';

/** The first line is what sha256sum(1) prints. */
export function archiveLines({ path, sha256, signature, publicKey }: Archive): readonly string[] {
  const signed =
    signature === undefined || publicKey === undefined
      ? []
      : [printable(signature), `minisign -V -P ${publicKey} -m ${printable(path)}`];
  return [`${sha256}  ${printable(path)}`, ...signed];
}

/** The document of --json. */
export function archiveData({ path, sha256, size, platform, signature, publicKey }: Archive): object {
  return { ok: true, path, sha256, size, platform, signature: signature ?? null, publicKey: publicKey ?? null };
}

const marks: Readonly<Record<LintRow['status'], string>> = { pass: 'pass', warn: 'warn', fail: 'FAIL' };

/** A row for each finding, and below what is wrong the way out. */
export function lintLines(rows: readonly LintRow[]): readonly string[] {
  return rows.flatMap(({ status, text, hint }) => [
    `${marks[status]}  ${printable(text)}`,
    ...(hint === undefined ? [] : [`      ${printable(hint)}`]),
  ]);
}

/** The document of --json. */
export function lintData(rows: readonly LintRow[]): object {
  return {
    ok: !rows.some(({ status }) => status === 'fail'),
    rows: rows.map(({ status, text, hint }) => ({
      status,
      text: printable(text),
      hint: hint === undefined ? null : printable(hint),
    })),
  };
}
