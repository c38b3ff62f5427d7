// What is staged, or what somebody has published, built again from nothing: are the bytes the same? Nothing is staged: the build
// has a home of its own inside its build folder, so that no step can write to the node's, or find there what is staged.
import { arch, platform } from 'node:os';
import { join } from 'node:path';

import { CvtoolError } from '../errors/cvtool-error.js';
import type { Manifest } from '../evidence/manifest.js';
import { homePaths } from '../home/paths.js';
import { parseCommitPrefix } from '../values/commit.js';
import type { Digest } from '../values/digest.js';
import { parseFileName } from '../values/inner-path.js';
import { parsePlanName } from '../values/plan-name.js';
import { parseTag } from '../values/tag.js';
import { inBuildFolder } from './build-place.js';
import { approved, building, prepared, resolving } from './building.js';
import type { Approve, StagingPlan } from './plan.js';
import type { StagingRequest } from './request.js';
import type { RunPipeline, StepTime } from './step.js';
import { compareWith, type Compared, type StagedBuild } from './steps/compare.js';

export interface Reproduction {
  readonly plan: StagingPlan;
  readonly times: readonly StepTime[];
  readonly daemon: string;
  /** The Go that built it; undefined for a chain without Go. */
  readonly go: string | undefined;
  /** What it was held against; at least one of the two. */
  readonly staged: StagedBuild | undefined;
  readonly expected: Digest | undefined;
  readonly compared: Compared;
  /** With --keep-source. */
  readonly keptSource: string | undefined;
}

/**
 * Builds a release and compares it; that the bytes differ is an answer, not an error.
 * @param request for what is staged: as `requestFor` made it
 * @throws what a step throws; HOST_NOT_READY where it was built for another platform
 */
export async function reproduce(
  request: StagingRequest,
  against: { readonly staged: StagedBuild | undefined; readonly expected: Digest | undefined },
  { run, approve }: { readonly run: RunPipeline; readonly approve: Approve },
): Promise<Reproduction> {
  const { staged, expected } = against;
  const { daemon } = request.home;
  if (staged !== undefined) refuseOtherPlatform(staged);
  return inBuildFolder(request, async (place) => {
    const own = { ...request, home: homePaths(join(place.folder, 'home'), daemon) };
    const { context, times } = await run(resolving, { request: own, mirrorsFolder: place.mirrorsFolder });
    const resolved = { ...context.resolved, plan: withGoOf(staged?.manifest, context.resolved.plan) };
    const planned = { ...context, resolved };
    await approved(planned, approve);
    const built = await run(building.then(compareWith(staged)), await prepared(planned, place));
    const { compared, setting } = built.context;
    return {
      ...{ plan: resolved.plan, times: [...times, ...built.times], daemon, go: setting.go?.version },
      ...{ staged, expected, compared, keptSource: place.endWell() },
    };
  });
}

/** The request for the very release that a manifest tells of: its tag, its commit, its daemon's name. */
export function requestFor(manifest: Manifest, request: StagingRequest): StagingRequest {
  const { target, source } = manifest;
  return {
    ...request,
    target: 'genesis' in target ? { kind: 'genesis' } : { kind: 'upgrade', plan: parsePlanName(target.upgrade) },
    tag: parseTag(source.tag),
    commit: parseCommitPrefix(source.commit),
    home: homePaths(request.home.root, parseFileName(manifest.daemon)),
  };
}

/**
 * The Go of the manifest and no other, where it is one that the recipe takes; else the recipe's, and the difference is told: a
 * manifest alone does not decide what is fetched and run here.
 */
export function withGoOf(
  manifest: { readonly build: Pick<Manifest['build'], 'go'> } | undefined,
  plan: StagingPlan,
): StagingPlan {
  const { go } = plan;
  if (manifest === undefined || go === undefined) return plan;
  const version = [go.version, ...go.alternatives].find((known) => known === manifest.build.go);
  return version === undefined ? plan : { ...plan, go: { ...go, version, alternatives: [] } };
}

function refuseOtherPlatform({ name, manifest }: StagedBuild): void {
  const here = `${platform()}/${arch()}`;
  if (manifest.build.platform === here) return;
  throw new CvtoolError('HOST_NOT_READY', `${name} was built on ${manifest.build.platform}, and this host is ${here}`, {
    hint: 'Copy the staged folder to a host of that platform, and give its path there.',
  });
}

/** Are all bytes those that they are held against? */
export function isReproduced({ compared, expected }: Reproduction): boolean {
  const sameFiles = compared.comparison?.files.every(({ same }) => same) ?? true;
  return sameFiles && (expected === undefined || compared.binary === expected);
}
