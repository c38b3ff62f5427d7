// A reproduction as an operator reads it, and as data. docs/staging.md has the keys.
import { errorData } from './error-text.js';
import { differenceLine, notReproduced } from '../stage/not-reproduced.js';
import { isReproduced, type Reproduction } from '../stage/reproduce.js';
import { printable } from '../values/printable.js';
import { durationText } from './duration.js';

/** The last lines of one whose bytes are the same. */
export function reproducedLines(reproduction: Reproduction, seconds: number): readonly string[] {
  const { plan, staged, compared, expected, daemon, go, keptSource } = reproduction;
  const { files, differences } = compared.comparison ?? { files: [], differences: [] };
  const by = `tag ${plan.tag} (commit ${plan.commit.slice(0, 12)}${go === undefined ? '' : `, go${go}`})`;
  const took = durationText(seconds);
  return [
    ...(keptSource === undefined ? [] : [`The new build is kept in ${keptSource}/staged`]),
    ...differences.map((difference) => `Note: ${printable(differenceLine(difference))}; the bytes are the same`),
    ...files.map(({ path, built }) => `  ${built ?? ''}  ${printable(path)}`),
    ...(expected === undefined ? [] : [`bin/${printable(daemon)} has the expected sha256 ${expected}.`]),
    staged === undefined
      ? `Reproduced: a new build of ${by} is the expected one, in ${took}.`
      : `Reproduced: a new build of ${by} has the bytes of ${printable(staged.name)}, in ${took}.`,
  ];
}

/** The document of --json, whether or not the bytes are the same. */
export function reproductionData(reproduction: Reproduction, notes: readonly string[], seconds: number): object {
  const { plan, staged, compared, expected, daemon, go, keptSource, times } = reproduction;
  const { files, differences } = compared.comparison ?? { files: [], differences: [] };
  return {
    ...(isReproduced(reproduction) ? { ok: true } : errorData(notReproduced(reproduction))),
    subject: staged === undefined ? null : printable(staged.name),
    folder: staged?.folder ?? null,
    tag: plan.tag,
    commit: plan.commit,
    go: go ?? null,
    daemon,
    sha256: compared.binary,
    expected: expected ?? null,
    files: files.map(({ path, staged: there, recorded, built, same }) => ({
      path: printable(path),
      same,
      staged: there ?? null,
      recorded: recorded ?? null,
      built: built ?? null,
    })),
    differences: differences.map(({ kind, file, text }) => ({ kind, file: file ?? null, text: printable(text) })),
    notes: [...notes, ...plan.notes],
    keptSource: keptSource ?? null,
    seconds,
    steps: times,
  };
}
