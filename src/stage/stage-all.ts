// Every release of the table, one after another, into one home: for those who replay a chain. One that fails stops no other, and
// the repository is fetched at most once for all of them.
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { openBuildFolder } from '../build/build-folder.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { syncMirror } from '../git/mirror.js';
import type { StagingTarget } from '../home/paths.js';
import { releaseName } from '../recipe/release-table.js';
import type { Recipe, Release } from '../recipe/schema.js';
import { parsePlanName, samePlanName } from '../values/plan-name.js';
import { quoted } from '../values/printable.js';
import type { StagingRequest } from './request.js';

export interface ReleaseToStage {
  readonly release: Release;
  readonly target: StagingTarget;
}

export interface SkippedRelease {
  readonly release: Release;
  readonly why: string;
}

/**
 * What of the table is staged, in the chain's order, and what is not.
 * @param from an upgrade's name (or `genesis`): what stands before it is not touched, nor named as skipped
 * @throws RELEASE_UNKNOWN where the table has no such upgrade
 */
export function releasesToStage(
  recipe: Recipe,
  from: string | undefined,
): { readonly toStage: readonly ReleaseToStage[]; readonly skipped: readonly SkippedRelease[] } {
  const releases = recipe.releases.slice(from === undefined ? 0 : placeOf(recipe, from));
  const answers = releases.map((release) => ({ release, target: targetOf(release) }));
  return {
    toStage: answers.flatMap(({ release, target }) => (typeof target === 'string' ? [] : [{ release, target }])),
    skipped: answers.flatMap(({ release, target }) => (typeof target === 'string' ? [{ release, why: target }] : [])),
  };
}

/** Its place in a home, or why it has none. */
function targetOf(release: Release): StagingTarget | string {
  if (release.kind === 'unproposed') return 'no upgrade of the chain brought it';
  if (release.kind === 'alpha') return `an early version of ${release.alphaOf}`;
  if (!release.built) return `not built here: ${release.reason.replace(/\.$/, '')}`;
  return release.kind === 'upgrade' ? { kind: 'upgrade', plan: parsePlanName(release.upgrade) } : { kind: 'genesis' };
}

function placeOf({ name, releases }: Recipe, from: string): number {
  const isWanted =
    from === 'genesis'
      ? ({ kind }: Release): boolean => kind === 'genesis'
      : (release: Release): boolean => release.kind === 'upgrade' && samePlanName(release.upgrade, parsePlanName(from));
  const place = releases.findIndex(isWanted);
  if (place !== -1) return place;
  const known = releases.filter(({ kind }) => kind === 'upgrade' || kind === 'genesis');
  throw new CvtoolError(
    'RELEASE_UNKNOWN',
    `the release table of ${name} has no upgrade ${quoted(from)} to begin from`,
    {
      hint: `It has: ${known.map((release) => (release.kind === 'genesis' ? 'genesis' : releaseName(release))).join(', ')}.`,
    },
  );
}

/**
 * Calls `visit` with a request for each release, in order; what it throws is handed to `failed`, and the next one follows.
 * @param request its target is replaced by each release's own
 * @throws the signal's reason, as soon as it fires: no further release is begun
 */
export async function eachRelease(
  request: StagingRequest,
  releases: readonly ReleaseToStage[],
  signal: AbortSignal,
  {
    visit,
    failed,
  }: {
    readonly visit: (request: StagingRequest, release: Release) => Promise<void>;
    readonly failed: (error: unknown, release: Release) => void;
  },
): Promise<void> {
  const own = request.fresh ? openBuildFolder(request.folders.builds, request.folders.logs) : undefined;
  let fetched: Promise<void> | undefined;
  const shared: StagingRequest['shared'] = {
    mirrorsFolder: own === undefined ? request.folders.mirrors : join(own.folder, 'mirrors'),
    sync: (mirror, reach) => (fetched ??= syncMirror(mirror, reach)),
  };
  try {
    for (const { release, target } of releases) {
      signal.throwIfAborted();
      try {
        await visit({ ...request, target, shared }, release);
      } catch (error) {
        signal.throwIfAborted();
        failed(error, release);
      }
    }
  } finally {
    if (own !== undefined) {
      own.close(false);
      rmSync(own.log, { force: true });
    }
  }
}
