// What became of each release of a table: as text and as data.
import type { CvtoolError } from '../errors/cvtool-error.js';
import type { Release } from '../recipe/schema.js';
import { releaseName } from '../recipe/release-table.js';
import type { SkippedRelease } from '../stage/stage-all.js';
import type { Staged } from '../stage/stage.js';
import { durationText } from './duration.js';
import { errorData } from './error-text.js';

export interface ReleaseOutcome {
  readonly release: Release;
  readonly kind: 'staged' | 'there' | 'failed' | 'planned';
  /** For --json: what a single staging would have printed. */
  readonly data: object;
}

/** What `cvtool stage-all` calls a release: `genesis`, or its upgrade. */
export function stepName(release: Release): string {
  return release.kind === 'genesis' ? 'genesis' : releaseName(release);
}

/** The closing line of one release among others. */
export function oneStagedLine({ plan, ready }: Staged, seconds: number): string {
  const took = durationText(seconds);
  return ready === undefined || ready.published.unchanged
    ? `There already: ${plan.folder} holds ${plan.tag}, byte for byte (${took}).`
    : `Staged ${plan.target} from tag ${plan.tag} (commit ${plan.commit.slice(0, 12)}) in ${took}.`;
}

export function skippedLines(skipped: readonly SkippedRelease[]): readonly string[] {
  return skipped.map(({ release, why }) => `Skipped ${releaseName(release)}: ${why}.`);
}

/** The very last line: `7 staged, 1 there already, 0 failed`. */
export function countLine(outcomes: readonly ReleaseOutcome[]): string {
  const { staged, there, failed } = counts(outcomes);
  return `${staged} staged, ${there} there already, ${failed} failed`;
}

/** @param stopped why it did not come to its end */
export function stageAllData(
  outcomes: readonly ReleaseOutcome[],
  skipped: readonly SkippedRelease[],
  {
    dryRun,
    seconds,
    stopped,
  }: { readonly dryRun: boolean; readonly seconds: number; readonly stopped: CvtoolError | undefined },
): object {
  const { planned, ...numbers } = counts(outcomes);
  return {
    ...(stopped === undefined ? { ok: numbers.failed === 0 } : errorData(stopped)),
    ...(dryRun ? { dryRun, planned, failed: numbers.failed } : numbers),
    releases: outcomes.map(({ release, data }) => ({ name: stepName(release), tag: release.tag, ...data })),
    skipped: skipped.map(({ release, why }) => ({ name: releaseName(release), tag: release.tag, why })),
    seconds,
  };
}

function counts(outcomes: readonly ReleaseOutcome[]): Record<ReleaseOutcome['kind'], number> {
  const count = (wanted: ReleaseOutcome['kind']): number => outcomes.filter(({ kind }) => kind === wanted).length;
  return { staged: count('staged'), there: count('there'), failed: count('failed'), planned: count('planned') };
}
