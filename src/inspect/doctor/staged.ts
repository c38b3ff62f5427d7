// What `cvtool verify` says of each staged folder, in one line where all is well, and what is to be staged next. The programs
// themselves are not started here.
import type { StagingTarget } from '../../home/paths.js';
import { laterReleases, releaseName } from '../../recipe/release-table.js';
import type { Recipe, Release } from '../../recipe/schema.js';
import type { Finding } from '../../verify/finding.js';
import type { Subject } from '../../verify/subject.js';
import { placeOf, releaseOfTarget } from '../chain-order.js';
import { row, shellWord, type Row } from './row.js';

/** What this file reads of a verdict. */
export interface StagedVerdict {
  readonly subject: Pick<Subject, 'name' | 'target'>;
  readonly findings: readonly Finding[];
  readonly version: string | undefined;
}

/** @param current what runs, or would run */
export function judgeStaged(
  verdicts: readonly StagedVerdict[],
  { recipe, current }: { readonly recipe: Recipe; readonly current: StagingTarget | undefined },
): Row[] {
  const now = placeOf(recipe, current);
  return verdicts.flatMap(({ subject: { name, target }, findings, version }) => {
    const place = placeOf(recipe, target);
    const isPast = now !== undefined && place !== undefined && place < now;
    const wrong = findings.filter(({ status }) => status === 'fail' || status === 'warn');
    const title = version === undefined ? name : `${name} (${version})`;
    if (wrong.length === 0) return [row('staged', 'pass', `${title}: ${levelsText(findings)}`)];
    return wrong.map(({ level, status, text, hint, environment }) => {
      const where = environment === 'daemon' ? "in the daemon's environment: " : '';
      const past = isPast && status === 'fail' ? ' (the chain is past it)' : '';
      return row('staged', isPast ? 'warn' : status, `${title}: ${level}: ${where}${text}${past}`, hint);
    });
  });
}

function levelsText(findings: readonly Finding[]): string {
  const levels = [...new Set(findings.map(({ level }) => level))];
  const isUnknown = (level: string) => findings.every((each) => each.level !== level || each.status === 'unknown');
  const passed = levels.filter((level) => !isUnknown(level));
  const unknown = levels.filter(isUnknown);
  const open = unknown.length === 0 ? '' : `; ${unknown.join(', ')} cannot be judged here`;
  return `${passed.join(', ')} hold${open}`;
}

/** Releases that the table can build and whose place in the home is empty. */
export function leftToBuild(recipe: Recipe, staged: readonly (StagingTarget | undefined)[]): readonly Release[] {
  return recipe.releases.filter(
    (release) =>
      release.built &&
      (release.kind === 'genesis' || release.kind === 'upgrade') &&
      !staged.some((target) => target !== undefined && releaseOfTarget(recipe, target) === release),
  );
}

/** The release that the table has after the current one: is it here? */
export function judgeNextRelease(
  recipe: Recipe,
  current: StagingTarget | undefined,
  staged: readonly (StagingTarget | undefined)[],
): Row[] {
  const release = current && releaseOfTarget(recipe, current);
  if (current === undefined) return [];
  if (release === undefined) {
    const name = current.kind === 'genesis' ? 'genesis' : current.plan;
    return [
      row(
        'next-release',
        'unknown',
        `the recipe ${recipe.name} has no release for ${name}, so it does not know what comes after it`,
      ),
    ];
  }
  const next = laterReleases(recipe, release).find(({ kind }) => kind === 'upgrade');
  if (next === undefined)
    return [row('next-release', 'pass', `the release table has none after ${releaseName(release)}`)];
  const name = releaseName(next);
  const when =
    next.height !== undefined ? ` (height ${next.height})` : next.time !== undefined ? ` (${next.time})` : '';
  const isHere = staged.some((target) => target !== undefined && releaseOfTarget(recipe, target) === next);
  if (isHere) return [row('next-release', 'pass', `the release table's next one, ${name}${when}, is staged`)];
  const hint = next.built
    ? `cvtool stage-upgrade ${shellWord(name)}`
    : `The table does not build it: ${next.reason} Put the program of tag ${next.tag} in upgrades/${name}/bin.`;
  return [row('next-release', 'warn', `the release table's next one, ${name}${when}, is not staged`, hint)];
}
