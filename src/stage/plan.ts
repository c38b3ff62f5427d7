// The plan of a staging: all that decides what is built and where it goes, before anything is changed. --dry-run prints it,
// the manifest keeps it, the steps carry out it and nothing else.
import { fixedVariables } from '../build/environment.js';
import type { Manifest } from '../evidence/manifest.js';
import { targetFolder, targetName } from '../home/paths.js';
import { expectedVersion, goFor } from '../recipe/release-table.js';
import type { Recipe } from '../recipe/schema.js';
import type { Commit } from '../values/commit.js';
import { printableAddress } from '../values/git-address.js';
import { goDurationMilliseconds } from '../values/go-duration.js';
import type { GoVersion } from '../values/go-version.js';
import type { Tag } from '../values/tag.js';
import type { FoundRelease } from './find-release.js';
import type { StagingRequest } from './request.js';

/** The Go of a build, and where the choice came from. */
export interface PlannedGo {
  readonly version: GoVersion;
  readonly alternatives: readonly GoVersion[];
  readonly from: string;
}

export interface StagingPlan {
  readonly repository: string;
  readonly tag: Tag;
  readonly commit: Commit;
  /** Who vouches for the commit. */
  readonly commitFrom: 'the release table' | '--commit' | 'the repository alone';
  readonly go: PlannedGo | undefined;
  /** The variables that decide the bytes. */
  readonly environment: Readonly<Record<string, string>>;
  readonly commands: readonly (readonly string[])[];
  readonly artifact: string;
  /** What the binary must say of its version. */
  readonly version: string;
  /** Milliseconds for one command. */
  readonly timeLimit: number;
  readonly target: string;
  readonly folder: string;
  readonly notes: readonly string[];
}

/**
 * Is this to be built? Asked once the plan is whole; false ends it with nothing done.
 * @param downloads cvtool itself is to fetch the first of these versions of Go that the module proxy has; empty: it needs not
 */
export type Approve = (plan: StagingPlan, downloads: readonly GoVersion[]) => Promise<boolean>;

/** The Go that the recipe names for a tag; undefined where it does not name one, or the chain needs none. */
export function plannedGo(recipe: Recipe, tag: Tag): PlannedGo | undefined {
  const go = goFor(recipe, tag);
  return go && { version: go.version, alternatives: go.alternatives, from: `the recipe ${recipe.name}` };
}

/** @param go undefined for a chain that is built without Go */
export function makePlan(
  request: StagingRequest,
  found: FoundRelease,
  commit: Commit,
  go: PlannedGo | undefined,
): StagingPlan {
  const { recipe } = request.recipe;
  const { build } = recipe;
  return {
    repository: printableAddress(request.address),
    tag: found.tag,
    commit,
    commitFrom:
      found.commit !== undefined
        ? 'the release table'
        : request.commit !== undefined
          ? '--commit'
          : 'the repository alone',
    go,
    environment: fixedVariables(go?.version, build.environment),
    commands: build.commands,
    artifact: recipe.artifact,
    version: expectedVersion(recipe, found.tag),
    timeLimit: request.buildLimit ?? goDurationMilliseconds(build.timeLimit),
    target: targetName(request.target),
    folder: targetFolder(request.home, request.target),
    notes: found.notes,
  };
}

/** Was what `manifest` tells of built by this plan? Then staging it again can change nothing. */
export function builtByPlan(manifest: Manifest, plan: StagingPlan): boolean {
  const goes = plan.go === undefined ? [null] : [plan.go.version, ...plan.go.alternatives];
  return (
    manifest.source.tag === plan.tag &&
    manifest.source.commit === plan.commit &&
    goes.some((version) => version === manifest.build.go) &&
    JSON.stringify(manifest.build.commands) === JSON.stringify(plan.commands) &&
    JSON.stringify(Object.entries(manifest.build.environment).sort()) ===
      JSON.stringify(Object.entries(plan.environment).sort())
  );
}
