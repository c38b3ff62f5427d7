// Questions to a recipe's release table: pure, and answered with data, so that the caller finds the words. The table's order
// is the chain's: what came later stands below. Alphas stand in it to be known, and take no part in that order.
import { matchesCommit, type Commit, type CommitPrefix } from '../values/commit.js';
import { compareGoVersions, parseGoVersion, type GoVersion } from '../values/go-version.js';
import type { ModuleHash } from '../values/module-hash.js';
import { samePlanName, type PlanName } from '../values/plan-name.js';
import type { Tag } from '../values/tag.js';
import { compareParts, versionParts } from './nearest.js';
import type { OtherTag, Recipe, Release } from './schema.js';

/** The release that the chain ran under this plan's name. */
export function releaseOfUpgrade({ releases }: Recipe, name: PlanName): Release | undefined {
  return releases.find((release) => release.kind === 'upgrade' && samePlanName(release.upgrade, name));
}

export function genesisRelease({ releases }: Recipe): Release | undefined {
  return releases.find(({ kind }) => kind === 'genesis');
}

/** A tag that the table knows: as a release's own, or as another tag of the same release. */
export interface KnownTag {
  readonly release: Release;
  readonly tag: Tag;
  readonly commit: Commit | CommitPrefix | undefined;
  /** There where it is not the release's own tag. */
  readonly other: OtherTag | undefined;
}

export function releaseOfTag({ releases }: Recipe, tag: Tag): KnownTag | undefined {
  for (const release of releases) {
    if (release.tag === tag) return { release, tag, commit: release.commit, other: undefined };
    const other = release.otherTags.find((candidate) => candidate.tag === tag);
    if (other !== undefined) return { release, tag, commit: other.commit, other };
  }
  return undefined;
}

/** Does the table say that `tag` is another commit than `found`? False also where the table does not know. */
export function contradictsCommit(known: KnownTag, found: Commit): boolean {
  return known.commit !== undefined && !matchesCommit(found, known.commit);
}

/** What the chain calls a release: its upgrade's name, or its tag where no upgrade bore it. */
export function releaseName(release: Release): string {
  return release.kind === 'upgrade' ? release.upgrade : release.tag;
}

export interface Neighbours {
  readonly before: Release | undefined;
  readonly after: Release | undefined;
}

/** The releases between which a name that the table lacks would stand, by the numbers in it; none for a name without. */
export function neighbours(recipe: Recipe, name: string): Neighbours {
  const wanted = versionParts(name);
  if (wanted === undefined) return { before: undefined, after: undefined };
  const order = recipe.releases.flatMap((release) => {
    const parts = versionParts(releaseName(release));
    return release.kind === 'alpha' || parts === undefined
      ? []
      : [{ release, higher: compareParts(parts, wanted) > 0 }];
  });
  const last = order.findLastIndex(({ higher }) => !higher);
  return { before: order[last]?.release, after: order.slice(last + 1).find(({ higher }) => higher)?.release };
}

/** The releases that the chain ran after this one, in its order. */
export function laterReleases({ releases }: Recipe, release: Release): Release[] {
  const place = releases.findIndex(({ tag }) => tag === release.tag);
  return place === -1 ? [] : releases.slice(place + 1).filter(({ kind }) => kind !== 'alpha');
}

/** Why another tag would be better for an upgrade. */
export interface BetterTag {
  /** The tag to take instead; undefined where the table only knows that this one is wrong. */
  readonly better: Tag | undefined;
  /**
   * `lacks handler`: with it the chain stops at the upgrade for ever; `not the one that ran`: another tag of the same release;
   * `another release`: it belongs elsewhere in the table; `unknown`: the table does not have it.
   */
  readonly why: 'lacks handler' | 'not the one that ran' | 'another release' | 'unknown';
  readonly known: KnownTag | undefined;
}

/** What the table says against building `upgrade` from `tag`; undefined where it has nothing to say. */
export function knowsBetter(recipe: Recipe, upgrade: PlanName, tag: Tag): BetterTag | undefined {
  const own = releaseOfUpgrade(recipe, upgrade);
  const known = releaseOfTag(recipe, tag);
  if (own?.tag === tag) return undefined;
  const better = own?.tag ?? recipe.releases.find((release) => handles(release, upgrade))?.tag;
  if (lacksHandler(known, upgrade) === true) return { better, why: 'lacks handler', known };
  if (own === undefined) return undefined;
  if (known === undefined) return { better, why: 'unknown', known };
  return { better, why: known.release === own ? 'not the one that ran' : 'another release', known };
}

/** Is it known that the tag lacks the upgrade's handler? undefined: the table does not tell. */
function lacksHandler(known: KnownTag | undefined, upgrade: PlanName): boolean | undefined {
  if (known === undefined) return undefined;
  if (known.other === undefined) return known.release.handlers && !handles(known.release, upgrade);
  const { release, other } = known;
  return release.kind === 'upgrade' && samePlanName(release.upgrade, upgrade) && other.handler !== undefined
    ? !other.handler
    : undefined;
}

function handles({ handlers }: Release, upgrade: PlanName): boolean {
  return handlers?.some((name) => samePlanName(name, upgrade)) === true;
}

export interface GoForTag {
  readonly version: GoVersion;
  /** Later patch releases that will do, best first. */
  readonly alternatives: readonly GoVersion[];
  /** The tag, or the beginning of tags with its `*`, by which the recipe said so. */
  readonly by: string;
}

/** The Go for a tag; undefined where the recipe does not say, or needs no Go at all (`recipe.go` is then undefined, too). */
export function goFor({ go = [] }: Recipe, tag: Tag): GoForTag | undefined {
  const all = go.flatMap(({ version, alternatives, tags }) => tags.map((by) => ({ version, alternatives, by })));
  const exact = all.find(({ by }) => by === tag);
  const begun = all.filter(({ by }) => by.endsWith('*') && tag.startsWith(by.slice(0, -1)));
  return exact ?? begun.sort((a, b) => b.by.length - a.by.length)[0];
}

/**
 * By what a downloaded Go of this version is known; undefined where the recipe does not vouch for one.
 * @param platform as Go writes it: `linux-amd64`
 */
export function toolchainHash({ toolchains }: Recipe, version: GoVersion, platform: string): ModuleHash | undefined {
  const key = Object.keys(toolchains).find((known) => compareGoVersions(parseGoVersion(known), version) === 0);
  const hashes: Readonly<Record<string, ModuleHash>> = (key !== undefined && toolchains[key]) || {};
  return Object.hasOwn(hashes, platform) ? hashes[platform] : undefined;
}

/** How the program must name its version when it was built from `tag`. */
export function expectedVersion({ version }: Recipe, tag: Tag): string {
  return version.ofTag === 'without-v' ? tag.replace(/^v/, '') : tag;
}
