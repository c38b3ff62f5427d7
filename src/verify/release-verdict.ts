// L4: what the program says of itself (version, commit, build tags, Go) is what was asked for, what was recorded at staging, and
// what the release table has for the upgrade.
import type { GoBuildInfo } from '../elf/go-build-info.js';
import type { Manifest } from '../evidence/manifest.js';
import type { StagingTarget } from '../home/paths.js';
import { expectedVersion, genesisRelease, goFor, releaseOfUpgrade } from '../recipe/release-table.js';
import type { Recipe, Release } from '../recipe/schema.js';
import { matchesCommit, type Commit, type CommitPrefix } from '../values/commit.js';
import type { Tag } from '../values/tag.js';
import type { Finding } from './finding.js';

/** The names of the lines in which a program tells them. */
export interface VersionFields {
  readonly version: string;
  readonly commit?: string | undefined;
  readonly tags?: string | undefined;
  readonly go?: string | undefined;
}

/** Those of the Cosmos SDK. */
export const usualFields: VersionFields = { version: 'version', commit: 'commit', tags: 'build_tags', go: 'go' };

export interface ReleaseEvidence {
  readonly target: StagingTarget | undefined;
  readonly recipe: Recipe | undefined;
  readonly fields: VersionFields;
  readonly manifest: Manifest | undefined;
  /** What a staging asked for. */
  readonly asked: { readonly version: string; readonly commit: string } | undefined;
  readonly buildInfo: GoBuildInfo | undefined;
  /** What it said when it was started, or at staging, where the bytes are still the same. */
  readonly said: Readonly<Record<string, string>> | undefined;
  readonly saidWhen: 'now' | 'at staging';
}

interface Told {
  readonly version: string | undefined;
  readonly commit: string | undefined;
  readonly tags: string | undefined;
}

export interface ReleaseVerdict {
  readonly findings: readonly Finding[];
  /** What the program calls its version. */
  readonly version: string | undefined;
  /** What it was built from, as far as that is known. */
  readonly tag: Tag | undefined;
}

export function judgeRelease(evidence: ReleaseEvidence): ReleaseVerdict {
  const told = whatIsTold(evidence);
  const findings = [...selfRows(evidence, told), ...goRows(evidence, told), ...tableRows(evidence, told)];
  return { findings, version: told.version, tag: tagTold(evidence.recipe, told)?.tag };
}

function whatIsTold({ said, fields, buildInfo }: ReleaseEvidence): Told {
  const line = (name: string | undefined) => (name === undefined ? undefined : said?.[name]);
  const flags = buildInfo?.settings['-ldflags'];
  return {
    version: line(fields.version) ?? linked(flags, 'Version'),
    commit: line(fields.commit) ?? linked(flags, 'Commit') ?? buildInfo?.settings['vcs.revision'],
    tags: line(fields.tags) ?? (said === undefined ? buildInfo?.settings['-tags'] : undefined),
  };
}

/** -X github.com/cosmos/cosmos-sdk/version.Version=2.0.6: recorded by Go 1.18 and later, without -trimpath. */
function linked(flags: string | undefined, name: string): string | undefined {
  return flags === undefined ? undefined : new RegExp(`\\.${name}=([^\\s'"]{1,200})`).exec(flags)?.[1];
}

function selfRows({ asked, manifest, fields, said, saidWhen }: ReleaseEvidence, told: Told): Finding[] {
  if (told.version === undefined && told.commit === undefined && asked === undefined) {
    const why =
      said === undefined
        ? 'it was not started, and its build information does not tell'
        : `it has no line ${fields.version}`;
    return [row('unknown', `which version it is: ${why}`)];
  }
  const recorded = (name: string | undefined) => (name === undefined ? undefined : manifest?.version[name]);
  const wants = [
    { what: 'version', found: told.version, wanted: asked?.version, by: 'was asked for' },
    { what: 'commit', found: told.commit, wanted: asked?.commit, by: 'was asked for' },
    { what: 'version', found: told.version, wanted: recorded(fields.version), by: 'was recorded at staging' },
    {
      what: 'commit',
      found: told.commit,
      wanted: recorded(fields.commit) ?? manifest?.source.commit,
      by: 'was recorded at staging',
    },
    { what: 'build tags', found: told.tags, wanted: recorded(fields.tags), by: 'was recorded at staging' },
  ];
  // A program without a line for its commit says nothing of it; one that must have it and says nothing is wrong.
  const compared = wants.filter(
    ({ what, wanted }) => wanted !== undefined && !(what === 'commit' && fields.commit === undefined),
  );
  const wrong = compared.filter(({ found, wanted }) => found !== wanted);
  const told_ = [
    ...(told.version === undefined ? [] : [`version ${told.version}`]),
    ...(told.commit === undefined ? [] : [`commit ${told.commit.slice(0, 12)}`]),
    ...(told.tags === undefined || told.tags === '' ? [] : [`build tags ${told.tags}`]),
  ].join(', ');
  if (wrong.length === 0)
    return [row('pass', `${told_}${saidWhen === 'at staging' && said !== undefined ? ', as it said at staging' : ''}`)];
  return wrong.map(({ what, found, wanted, by }) => {
    const says = found === undefined ? `says no ${what}` : `says ${what} ${found}`;
    const hint = 'An old or another binary is in its place: stage the release again.';
    return row('fail', `the binary ${says}, and ${String(wanted)} ${by}`, hint);
  });
}

/** A Go that the peers did not build with is a consensus risk that nobody sees. */
function goRows({ manifest, recipe, target, buildInfo }: ReleaseEvidence, told: Told): Finding[] {
  const found = /^go(\S+)/.exec(buildInfo?.goVersion ?? '')?.[1];
  if (found === undefined) return [];
  const rows: Finding[] = [];
  const recorded = manifest?.build.go ?? undefined;
  if (recorded !== undefined && recorded !== found) {
    const hint = 'An old or another binary is in its place: stage the release again.';
    rows.push(row('fail', `the binary was built with Go ${found}, and Go ${recorded} was recorded at staging`, hint));
  }
  const tag = manifest?.source.tag ?? tagTold(recipe, told)?.tag ?? ownRelease(recipe, target)?.tag;
  const wanted = recipe !== undefined && tag !== undefined ? goFor(recipe, tag as Tag) : undefined;
  const good =
    wanted === undefined || [wanted.version, ...wanted.alternatives].some((version) => (version as string) === found);
  if (!good) {
    const text = `the binary was built with Go ${found}, and the chain's own build of ${String(tag)} uses Go ${wanted.version}`;
    rows.push(row('warn', text, 'A node that is built otherwise than its peers may come to other results.'));
  }
  return rows.length > 0 ? rows : [row('pass', `Go ${found}`)];
}

function tableRows({ recipe, target, manifest }: ReleaseEvidence, told: Told): Finding[] {
  if (recipe === undefined || (told.version === undefined && manifest === undefined)) return [];
  const known = tagTold(recipe, told);
  const tag = known?.tag ?? (manifest?.source.tag as Tag | undefined);
  if (
    known?.commit !== undefined &&
    told.commit !== undefined &&
    isWhole(told.commit) &&
    !matchesCommit(told.commit, known.commit)
  ) {
    const text = `version ${String(told.version)} is tag ${known.tag} in the release table, commit ${known.commit}, and the binary says commit ${told.commit}`;
    return [row('fail', text, 'The tag was moved, or the source was changed: build the commit of the release table.')];
  }
  const own = ownRelease(recipe, target);
  if (own === undefined || target === undefined) {
    return known === undefined ? [] : [row('pass', `it is tag ${known.tag} of the release table`)];
  }
  const name = target.kind === 'genesis' ? 'genesis' : target.plan;
  if (own.tag === tag) return [row('pass', `it is tag ${own.tag}, the release table's for ${name}`)];
  const what =
    known === undefined ? `version ${String(told.version)}, which the release table does not know` : `tag ${known.tag}`;
  const command = target.kind === 'genesis' ? `stage-genesis --tag ${own.tag}` : `stage-upgrade ${target.plan}`;
  return [row('warn', `it is ${what}; the release table has ${own.tag} for ${name}`, `cvtool ${command} --force`)];
}

function ownRelease(recipe: Recipe | undefined, target: StagingTarget | undefined): Release | undefined {
  if (recipe === undefined || target === undefined) return undefined;
  return target.kind === 'genesis' ? genesisRelease(recipe) : releaseOfUpgrade(recipe, target.plan);
}

/** The tag of the table whose program tells this version. */
function tagTold(
  recipe: Recipe | undefined,
  { version }: Told,
): { readonly tag: Tag; readonly commit: Commit | CommitPrefix | undefined } | undefined {
  if (recipe === undefined || version === undefined) return undefined;
  return recipe.releases
    .flatMap(({ tag, commit, otherTags }) => [{ tag, commit }, ...otherTags])
    .find(({ tag }) => expectedVersion(recipe, tag) === version);
}

function isWhole(commit: string): commit is Commit {
  return /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(commit);
}

function row(status: Finding['status'], text: string, hint?: string): Finding {
  return { level: 'L4', status, text, hint };
}
