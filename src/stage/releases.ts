// The release table beside what is staged in a home, and beside the tags of the mirror that is in the cache. Reads only: a staged
// folder is believed what its manifest says (`cvtool verify` looks at the bytes).
import { existsSync } from 'node:fs';

import { CvtoolError } from '../errors/cvtool-error.js';
import { readManifest, type Manifest } from '../evidence/manifest.js';
import type { TaggedCommit } from '../git/mirror.js';
import { binaryIn, targetFolder, type HomePaths, type StagingTarget } from '../home/paths.js';
import { goFor } from '../recipe/release-table.js';
import type { Recipe, Release } from '../recipe/schema.js';
import { matchesCommit } from '../values/commit.js';
import type { GoVersion } from '../values/go-version.js';
import { parsePlanName } from '../values/plan-name.js';

/** `none`: the release has no place of its own in a home; `unknown`: something is staged there, and its manifest does not tell what. */
export type StagedState =
  | { readonly kind: 'yes' | 'no' | 'none' }
  | { readonly kind: 'other'; readonly tag: string; readonly commit: string }
  | { readonly kind: 'unknown'; readonly why: string };

export type TagState = 'yes' | 'no' | 'other commit' | 'unknown';

export interface ReleaseRow {
  readonly release: Release;
  /** The Go that the recipe names; the build may have taken one of its alternatives. */
  readonly go: GoVersion | undefined;
  readonly staged: StagedState;
  readonly inRepository: TagState;
}

/** @param tags of the mirror; undefined where there is none to look at */
export function releaseRows(
  recipe: Recipe,
  home: HomePaths,
  tags: readonly TaggedCommit[] | undefined,
): readonly ReleaseRow[] {
  return recipe.releases.map((release) => ({
    release,
    go: goFor(recipe, release.tag)?.version,
    staged: stagedState(release, home),
    inRepository: tagState(release, tags),
  }));
}

function stagedState(release: Release, home: HomePaths): StagedState {
  const target = placeOf(release);
  if (target === undefined) return { kind: 'none' };
  const folder = targetFolder(home, target);
  const hasBinary = existsSync(binaryIn(home, folder));
  try {
    const manifest = readManifest(folder);
    if (manifest === undefined) return hasBinary ? { kind: 'unknown', why: 'no manifest' } : { kind: 'no' };
    if (!hasBinary) return { kind: 'unknown', why: `no ${home.daemon}` };
    return isOf(manifest, release) ? { kind: 'yes' } : { kind: 'other', ...manifest.source };
  } catch (error) {
    if (error instanceof CvtoolError) return { kind: 'unknown', why: 'damaged manifest' };
    throw error;
  }
}

function placeOf(release: Release): StagingTarget | undefined {
  if (release.kind === 'genesis') return { kind: 'genesis' };
  return release.kind === 'upgrade' ? { kind: 'upgrade', plan: parsePlanName(release.upgrade) } : undefined;
}

function isOf({ source }: Manifest, { tag, commit }: Release): boolean {
  return source.tag === tag && (commit === undefined || source.commit.startsWith(commit));
}

function tagState({ tag, commit }: Release, tags: readonly TaggedCommit[] | undefined): TagState {
  if (tags === undefined) return 'unknown';
  const found = tags.find((known) => known.tag === tag);
  if (found === undefined) return 'no';
  return commit === undefined || matchesCommit(found.commit, commit) ? 'yes' : 'other commit';
}
