// From the name to the tag, the commit and the Go: the plan is whole when this step has ended.
import { CvtoolError } from '../../errors/cvtool-error.js';
import { readManifest } from '../../evidence/manifest.js';
import { stagedIsSound } from '../../evidence/staged-files.js';
import {
  commitOfTag,
  mirrorExists,
  fileAtCommit,
  listTags,
  mirrorOf,
  syncMirror,
  type Mirror,
  type ReachOptions,
} from '../../git/mirror.js';
import { targetFolder } from '../../home/paths.js';
import { contradictsCommit, releaseOfTag } from '../../recipe/release-table.js';
import { isWholeCommit, matchesCommit, type Commit } from '../../values/commit.js';
import { printableAddress } from '../../values/git-address.js';
import { compareGoVersions, goToolchain, parseGoVersion, type GoVersion } from '../../values/go-version.js';
import type { Tag } from '../../values/tag.js';
import { findRelease, unknownTag, type FoundRelease } from '../find-release.js';
import { otherRelease, type OtherRelease } from '../occupant.js';
import { builtByPlan, makePlan, plannedGo, type PlannedGo, type StagingPlan } from '../plan.js';
import type { StagingRequest } from '../request.js';
import type { Step, StepTools } from '../step.js';

export interface Resolved {
  readonly plan: StagingPlan;
  readonly mirror: Mirror;
  /** The target holds what the plan would build, byte for byte what its manifest says. */
  readonly alreadyStaged: boolean;
  /** What the target holds instead, as far as its manifest tells before the build. */
  readonly other: OtherRelease | undefined;
}

export const resolve: Step<{ request: StagingRequest; mirrorsFolder: string }, { resolved: Resolved }> = {
  title: 'Resolve',
  async run({ request, mirrorsFolder }, tools) {
    const { recipe } = request.recipe;
    const mirror = mirrorOf(mirrorsFolder, request.address);
    const reach = reachOptions(request, tools);
    const found = findRelease(recipe, request) ?? (await askRepository(request, mirror, reach));
    const commit = await commitFor(found, request, mirror, reach);
    const go =
      recipe.go === undefined
        ? undefined
        : (plannedGo(recipe, found.tag) ?? (await goOfSource(found.tag, commit, mirror, reach)));
    const plan = makePlan(request, found, commit, go);
    if (plan.commitFrom === 'the repository alone' && !request.attended) throw commitNeeded(plan);
    const alreadyStaged = !request.force && holdsPlan(request, plan);
    return { resolved: { plan, mirror, alreadyStaged, other: otherRelease(request, plan.commit) } };
  },
  outcome: ({ resolved: { plan } }) =>
    `${plan.target} from tag ${plan.tag}, commit ${plan.commit.slice(0, 12)}${plan.go === undefined ? '' : `, ${goToolchain(plan.go.version)}`}`,
};

/** How a step of this request reaches repositories. */
export function reachOptions(request: StagingRequest, { signal, progress }: StepTools): ReachOptions {
  const { environment, stallLimit, offline } = request;
  return { environment, signal, stallLimit, offline, onProgress: progress };
}

async function askRepository(request: StagingRequest, mirror: Mirror, reach: ReachOptions): Promise<FoundRelease> {
  const { recipe } = request.recipe;
  const wanted = (request.tag ?? (request.target.kind === 'upgrade' ? request.target.plan : '')).toLowerCase();
  const isHere = (await tagNames(mirror, reach)).some((tag) => tag.toLowerCase() === wanted);
  if (!isHere && !(reach.offline && mirrorExists(mirror))) await sync(request, mirror, reach);
  const found = findRelease(recipe, request, await tagNames(mirror, reach));
  if (found === undefined) throw new Error('the release table asked for tags twice');
  return found;
}

function sync({ shared }: StagingRequest, mirror: Mirror, reach: ReachOptions): Promise<void> {
  return (shared?.sync ?? syncMirror)(mirror, reach);
}

async function tagNames(mirror: Mirror, reach: ReachOptions): Promise<Tag[]> {
  return (await listTags(mirror, reach)).map(({ tag }) => tag);
}

/** The table's commit without a look at the repository; the tag's own where the table has none, or only its first digits. */
async function commitFor(
  found: FoundRelease,
  request: StagingRequest,
  mirror: Mirror,
  reach: ReachOptions,
): Promise<Commit> {
  const commit =
    found.commit !== undefined && isWholeCommit(found.commit)
      ? found.commit
      : await confirmTag(request, found.tag, mirror, reach);
  if (request.commit !== undefined && !matchesCommit(commit, request.commit)) {
    const who = found.commit === undefined ? printableAddress(request.address) : 'the release table';
    throw new CvtoolError(
      'COMMIT_MISMATCH',
      `tag ${found.tag} is commit ${commit} by ${who}, not ${request.commit} as given with --commit`,
      {
        hint: 'Find out which of the two is right before you build: a tag can be moved.',
      },
    );
  }
  return commit;
}

/**
 * The commit of a tag in the mirror, which is fetched where it lacks the tag or has another commit than the table's.
 * @throws TAG_UNKNOWN, COMMIT_MISMATCH
 */
export async function confirmTag(
  request: StagingRequest,
  tag: Tag,
  mirror: Mirror,
  reach: ReachOptions,
): Promise<Commit> {
  const known = releaseOfTag(request.recipe.recipe, tag);
  const isSound = (commit: Commit): boolean => known === undefined || !contradictsCommit(known, commit);
  const before = await commitOfTag(mirror, tag, reach);
  if (before !== undefined && isSound(before)) return before;
  await sync(request, mirror, reach);
  const commit = await commitOfTag(mirror, tag, reach);
  if (commit === undefined) throw unknownTag(tag, await tagNames(mirror, reach), request.address);
  if (isSound(commit)) return commit;
  throw new CvtoolError(
    'COMMIT_MISMATCH',
    `tag ${tag} of ${printableAddress(request.address)} is commit ${commit}, and the release table says ${String(known?.commit)}`,
    {
      hint: 'The tag was moved, or this is another repository: do not build it before you know which.',
    },
  );
}

/** The Go of a tag that the recipe does not know: what its Dockerfile builds with, else go.mod's toolchain or go line. */
async function goOfSource(tag: Tag, commit: Commit, mirror: Mirror, reach: ReachOptions): Promise<PlannedGo> {
  const dockerfile = goOfDockerfile((await fileAtCommit(mirror, commit, 'Dockerfile', reach)) ?? '');
  if (dockerfile !== undefined) return { version: dockerfile, alternatives: [], from: `the Dockerfile of ${tag}` };
  const module = goOfModule((await fileAtCommit(mirror, commit, 'go.mod', reach)) ?? '');
  if (module !== undefined)
    return { version: module.version, alternatives: [], from: `go.mod's ${module.line} line at ${tag}` };
  throw new CvtoolError(
    'SOURCE_INVALID',
    `tag ${tag} says nowhere which Go builds it: neither in its Dockerfile nor in go.mod`,
    {
      hint: 'A recipe file of your own can say it: see docs/recipes.md.',
    },
  );
}

/** Reads `FROM golang:1.22.0-…`, also where ARG gives the number. */
export function goOfDockerfile(text: string): GoVersion | undefined {
  const defaults = new Map(
    Array.from(text.matchAll(/^ARG\s+(\w+)=["']?([^\s"']+)/gm), ([, name = '', value = '']) => [name, value]),
  );
  const image = /^FROM\s+(?:--\S+\s+)*(?:[\w.:-]+\/)*golang:(\S+)/im.exec(text)?.[1];
  const filled = image?.replace(
    /\$\{?(\w+)(?::-([^}]*))?\}?/g,
    (_, name: string, other?: string) => defaults.get(name) ?? other ?? '',
  );
  return asGoVersion(/^\d+\.\d+(?:\.\d+)?/.exec(filled ?? '')?.[0]);
}

/** Reads go.mod's `toolchain go1.22.3`, else `go 1.22`. */
export function goOfModule(
  text: string,
): { readonly version: GoVersion; readonly line: 'toolchain' | 'go' } | undefined {
  const toolchain = asGoVersion(/^toolchain\s+go(\S+)/m.exec(text)?.[1]);
  if (toolchain !== undefined) return { version: toolchain, line: 'toolchain' };
  const language = asGoVersion(/^go\s+(\S+)/m.exec(text)?.[1]);
  return language && { version: language, line: 'go' };
}

function asGoVersion(text: string | undefined): GoVersion | undefined {
  if (text === undefined || !/^\d+\.\d+(?:\.\d+|rc\d+)?$/.test(text)) return undefined;
  const version = parseGoVersion(text);
  return compareGoVersions(version, parseGoVersion('1.5')) < 0 ? undefined : version;
}

function commitNeeded(plan: StagingPlan): CvtoolError {
  return new CvtoolError(
    'COMMIT_NEEDED',
    `the release table does not know tag ${plan.tag}: nobody vouches for its commit ${plan.commit}`,
    {
      details:
        plan.go === undefined ? [] : [`It would be built with ${goToolchain(plan.go.version)}, from ${plan.go.from}.`],
      hint: `Compare the commit with what the chain's developers announced, then add --commit ${plan.commit}.`,
    },
  );
}

function holdsPlan(request: StagingRequest, plan: StagingPlan): boolean {
  const folder = targetFolder(request.home, request.target);
  const manifest = readManifest(folder);
  return manifest !== undefined && builtByPlan(manifest, plan) && stagedIsSound(folder, manifest, request.home.daemon);
}
