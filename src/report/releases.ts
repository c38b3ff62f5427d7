// The release table as text and as data.
import type { HomePaths } from '../home/paths.js';
import type { Recipe, Release } from '../recipe/schema.js';
import type { ReleaseRow, StagedState, TagState } from '../stage/releases.js';
import { printable } from '../values/printable.js';
import { fitColumns } from './fit-columns.js';

export interface ReleaseTable {
  readonly recipe: Recipe;
  readonly home: HomePaths;
  /** Without its credentials; undefined where none is named. */
  readonly repository: string | undefined;
  /** The repository's mirror is in the cache, and was looked at. */
  readonly isRepositoryKnown: boolean;
  readonly rows: readonly ReleaseRow[];
}

/** A row a release, of at most 100 characters, and what the columns were read from. */
export function releaseLines({ recipe, home, repository, isRepositoryKnown, rows }: ReleaseTable): readonly string[] {
  const libraries = Object.keys(recipe.libraries);
  const [only] = libraries;
  const titles = ['upgrade', 'tag', 'commit', 'height or time', 'Go'];
  const lines = rows.map((row) => [
    ...[upgradeText(row.release), row.release.tag, row.release.commit?.slice(0, 8) ?? '', triggerText(row.release)],
    ...[row.go ?? (recipe.go === undefined ? 'none' : ''), libraryText(row.release, libraries.length === 1)],
    ...[tagText(row.inRepository), stagedText(row)],
  ]);
  return [
    ...fitColumns([
      [...titles, libraries.length === 1 && only !== undefined ? only : 'libraries', 'in repo', 'staged'],
      ...lines,
    ]),
    '',
    `Home:       ${home.root}`,
    `Repository: ${repository ?? 'none is named (--repo, CVTOOL_REPO)'}`,
    tagsLine(repository, isRepositoryKnown),
  ];
}

function tagsLine(repository: string | undefined, isKnown: boolean): string {
  if (isKnown) return 'Its tags are those of the last fetch; --fetch asks it again.';
  if (repository === undefined) return 'So it is unknown which tags it has.';
  return 'Which tags it has is unknown, since it was not fetched yet; --fetch does it.';
}

function upgradeText(release: Release): string {
  if (release.kind === 'upgrade') return release.upgrade;
  return { genesis: 'genesis', alpha: '(alpha)', unproposed: '(none)' }[release.kind];
}

function triggerText({ kind, height, time }: Release): string {
  if (height !== undefined) return kind === 'genesis' ? `block ${height}` : String(height);
  return time?.replace('T', ' ').replace(/:00Z$/, 'Z') ?? '';
}

function libraryText({ libraries }: Release, isOnly: boolean): string {
  if (libraries === undefined) return '?';
  const texts = Object.entries(libraries).map(([name, version]) => (isOnly ? version : `${name} ${version}`));
  return texts.length === 0 ? 'none' : texts.join(', ');
}

function tagText(state: TagState): string {
  return state === 'unknown' ? '?' : state === 'other commit' ? 'moved' : state;
}

function stagedText({ release, staged }: ReleaseRow): string {
  switch (staged.kind) {
    case 'none':
      return '-';
    case 'no':
      return release.built ? 'no' : 'not built';
    case 'yes':
      return 'yes';
    case 'other':
      return staged.tag === release.tag
        ? `commit ${printable(staged.commit).slice(0, 8)}`
        : `tag ${printable(staged.tag)}`;
    case 'unknown':
      return `? ${staged.why}`;
  }
}

/** The same for --json. docs/staging.md describes the keys. */
export function releaseData({ recipe, home, repository, isRepositoryKnown, rows }: ReleaseTable): object {
  return {
    ok: true,
    recipe: recipe.name,
    chain: recipe.chain ?? null,
    home: home.root,
    daemon: home.daemon,
    repository: repository ?? null,
    repositoryKnown: isRepositoryKnown,
    releases: rows.map(({ release, go, staged, inRepository }) => ({
      kind: release.kind,
      upgrade: release.kind === 'upgrade' ? release.upgrade : null,
      tag: release.tag,
      commit: release.commit ?? null,
      height: release.height ?? null,
      time: release.time ?? null,
      go: go ?? null,
      libraries: release.libraries ?? null,
      built: release.built,
      reason: release.built ? null : release.reason,
      inRepository,
      ...stagedData(staged),
    })),
  };
}

function stagedData(staged: StagedState): object {
  const { tag = null, commit = null } = staged.kind === 'other' ? staged : {};
  return {
    staged: staged.kind,
    stagedTag: tag === null ? null : printable(tag),
    stagedCommit: commit === null ? null : printable(commit),
  };
}
