// From what was asked to the tag that will be built, by the release table alone. Pure: where the table cannot answer, the
// answer says what must be looked up in the repository.
import { CvtoolError } from '../errors/cvtool-error.js';
import type { StagingTarget } from '../home/paths.js';
import { nearestTags } from '../recipe/nearest.js';
import {
  genesisRelease,
  knowsBetter,
  neighbours,
  releaseName,
  releaseOfTag,
  releaseOfUpgrade,
  type KnownTag,
} from '../recipe/release-table.js';
import type { Recipe, Release } from '../recipe/schema.js';
import type { Commit, CommitPrefix } from '../values/commit.js';
import { printableAddress, type GitAddress } from '../values/git-address.js';
import type { PlanName } from '../values/plan-name.js';
import type { Tag } from '../values/tag.js';

export interface FoundRelease {
  readonly tag: Tag;
  /** The commit that the table vouches for. */
  readonly commit: Commit | CommitPrefix | undefined;
  /** The table has this tag. */
  readonly known: boolean;
  readonly notes: readonly string[];
}

export interface Question {
  readonly target: StagingTarget;
  readonly tag: Tag | undefined;
  readonly address: GitAddress;
}

/**
 * @param tags those of the repository; undefined before they were looked up
 * @returns undefined where the table lacks the name and `tags` would help
 * @throws RELEASE_UNKNOWN, TAG_UNKNOWN, NOT_BUILT_HERE
 */
export function findRelease(
  recipe: Recipe,
  { target, tag, address }: Question,
  tags?: readonly Tag[],
): FoundRelease | undefined {
  if (tag !== undefined) return fromTag(recipe, { target, tag, address }, tags);
  const release = target.kind === 'genesis' ? genesisRelease(recipe) : releaseOfUpgrade(recipe, target.plan);
  if (release !== undefined) return fromTable(recipe, target, release);
  if (target.kind === 'genesis') {
    throw new CvtoolError('RELEASE_UNKNOWN', `the recipe ${recipe.name} names no genesis release`, {
      hint: 'Give the tag to build: --tag <tag>.',
    });
  }
  if (tags === undefined) return undefined;
  const same = tags.find((candidate) => candidate.toLowerCase() === target.plan);
  if (same === undefined) throw unknownRelease(recipe, target.plan, tags);
  return {
    tag: same,
    commit: undefined,
    known: false,
    notes: [`${target.plan} is not in the release table: the tag of that name is taken`],
  };
}

function fromTable(recipe: Recipe, target: StagingTarget, release: Release): FoundRelease {
  refuseUnbuilt(release);
  const name = releaseName(release);
  const notes: string[] = [];
  if (target.kind === 'upgrade' && release.tag !== name) {
    notes.push(`upgrade ${name} is built from tag ${release.tag}, the one that ran on ${recipe.chain ?? recipe.name}`);
  }
  return { tag: release.tag, commit: release.commit, known: true, notes };
}

function fromTag(
  recipe: Recipe,
  { target, tag, address }: Question & { readonly tag: Tag },
  tags: readonly Tag[] | undefined,
): FoundRelease | undefined {
  const known = releaseOfTag(recipe, tag);
  if (known === undefined && tags === undefined) return undefined;
  if (known === undefined && tags?.includes(tag) === false) throw unknownTag(tag, tags, address);
  if (known !== undefined && known.other === undefined) refuseUnbuilt(known.release);
  const notes = target.kind === 'genesis' ? otherTagNotes(known) : betterNotes(recipe, target.plan, tag);
  return { tag, commit: known?.commit, known: known !== undefined, notes };
}

function otherTagNotes(known: KnownTag | undefined): string[] {
  if (known?.other === undefined) return [];
  return [`tag ${known.tag} is not the one that ran as ${releaseName(known.release)}: that is ${known.release.tag}`];
}

function betterNotes(recipe: Recipe, plan: PlanName, tag: Tag): string[] {
  const better = knowsBetter(recipe, plan, tag);
  const has = better?.better === undefined ? '' : `: ${better.better} is the release table's for ${plan}`;
  switch (better?.why) {
    case undefined:
      return [];
    case 'lacks handler':
      return [
        `warning: tag ${tag} has no handler for upgrade ${plan}, so the chain would stop at its height for ever${has}`,
      ];
    case 'not the one that ran':
      return [`warning: tag ${tag} is not the one that ran as upgrade ${plan}${has}`];
    case 'another release':
      return [`warning: tag ${tag} belongs to another release than ${plan}${has}`];
    case 'unknown':
      return [`warning: the release table does not know tag ${tag}${has}`];
  }
}

function refuseUnbuilt(release: Release): void {
  if (release.built) return;
  const commit = release.commit === undefined ? '' : ` (commit ${release.commit})`;
  throw new CvtoolError(
    'NOT_BUILT_HERE',
    `${releaseName(release)}${commit} is in the release table, but is not built here: ${release.reason}`,
    {
      hint: 'A recipe file of your own can say how it is built: see docs/recipes.md.',
    },
  );
}

function unknownRelease(recipe: Recipe, plan: PlanName, tags: readonly Tag[]): CvtoolError {
  const { before, after } = neighbours(recipe, plan);
  const around = [
    ...(before === undefined ? [] : [`${releaseName(before)} comes before it`]),
    ...(after === undefined ? [] : [`${releaseName(after)} comes after it`]),
  ].join(', ');
  const near = nearestTags(plan, tags);
  const details = [
    ...(around === '' ? [] : [`In the order of ${recipe.chain ?? recipe.name}: ${around}.`]),
    ...(near.length === 0 ? [] : [`The nearest tags of the repository: ${near.join(', ')}.`]),
  ];
  const [nearest] = near;
  const hint =
    nearest === undefined
      ? 'Give the tag to build: --tag <tag>.'
      : `\`cvtool stage-upgrade ${plan} --tag ${nearest}\` would stage ${kindOf(recipe, nearest)} under that name.`;
  return new CvtoolError(
    'RELEASE_UNKNOWN',
    `${recipe.name} never had an upgrade ${plan}: neither the release table nor the repository has it`,
    {
      details,
      hint,
    },
  );
}

function kindOf(recipe: Recipe, tag: Tag): string {
  return releaseOfTag(recipe, tag)?.release.kind === 'alpha' || /alpha|beta|rc/i.test(tag)
    ? `the pre-release ${tag}`
    : tag;
}

/** No such tag, with those that are near it. */
export function unknownTag(tag: Tag, tags: readonly Tag[], address: GitAddress): CvtoolError {
  const near = nearestTags(tag, tags);
  const from = printableAddress(address);
  return new CvtoolError('TAG_UNKNOWN', `the repository ${from} has no tag ${tag}`, {
    details: near.length === 0 ? [] : [`The nearest tags: ${near.join(', ')}.`],
    hint: `\`git ls-remote --tags ${from}\` lists its tags; --repo names another repository.`,
  });
}
