// What no single field of a recipe can know: that its parts fit each other.
import { compareGoVersions, parseGoVersion } from '../values/go-version.js';
import { parsePlanName } from '../values/plan-name.js';
import type { Recipe } from './schema.js';

/** A mistake, and where it stands: keys and indexes from the document's root on. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** All contradictions of a recipe that the schema has accepted. */
export function contradictions(recipe: Recipe): Problem[] {
  return [
    ...repeated(recipe),
    ...outOfOrder(recipe),
    ...looseReferences(recipe),
    ...looseToolchains(recipe),
    ...looseEnds(recipe),
  ];
}

/** An upgrade, a tag or a tag's Go that stands there twice, so that a lookup would have two answers. */
function repeated({ releases, go = [] }: Recipe): Problem[] {
  const upgrades = releases.flatMap((release, index) => {
    const path = ['releases', index, release.kind];
    if (release.kind === 'genesis') return [{ what: 'a genesis release', path }];
    return release.kind === 'upgrade' ? [{ what: `the upgrade ${parsePlanName(release.upgrade)}`, path }] : [];
  });
  const tags = releases.flatMap((release, index) => [
    { what: `the tag ${release.tag}`, path: ['releases', index, 'tag'] },
    ...release.otherTags.map(({ tag }, other) => ({
      what: `the tag ${tag}`,
      path: ['releases', index, 'otherTags', other, 'tag'],
    })),
  ]);
  const goes = go.flatMap((rule, index) =>
    rule.tags.map((tag, place) => ({ what: `Go for ${tag}`, path: ['go', index, 'tags', place] })),
  );
  const seen = new Set<string>();
  return [...upgrades, ...tags, ...goes].flatMap(({ what, path }) => {
    if (seen.has(what)) return [{ path, message: `${what} stands there twice` }];
    seen.add(what);
    return [];
  });
}

/** Releases are listed as the chain had them: genesis first, heights and times rising. */
function outOfOrder({ releases }: Recipe): Problem[] {
  const problems: Problem[] = [];
  let height = 0;
  let time = '';
  let first = true;
  releases.forEach((release, index) => {
    if (release.kind === 'alpha') return;
    if (release.kind === 'genesis' && !first)
      problems.push({ path: ['releases', index, 'genesis'], message: 'must be the first release' });
    first = false;
    if (release.height !== undefined) {
      if (release.height <= height)
        problems.push({
          path: ['releases', index, 'height'],
          message: `must be above ${height}, the height of a release before it`,
        });
      height = release.height;
    }
    if (release.time !== undefined) {
      if (release.time <= time)
        problems.push({
          path: ['releases', index, 'time'],
          message: `must be after ${time}, the time of a release before it`,
        });
      time = release.time;
    }
  });
  return problems;
}

/** A library or a file of one that is named in one place and not described in the other. */
function looseReferences({ releases, libraries }: Recipe): Problem[] {
  const used = releases.flatMap((release, index) =>
    Object.entries(release.libraries ?? {}).flatMap(([name, version]) => {
      const path = ['releases', index, 'libraries', name];
      const library = Object.hasOwn(libraries, name) ? libraries[name] : undefined;
      if (library === undefined)
        return [{ path, message: `names the library ${name}, which the recipe's libraries do not have` }];
      const known = Object.hasOwn(library.pinned, version) || Object.keys(library.pinned).length === 0;
      return known ? [] : [{ path, message: `names ${name} ${version}, for which no digest is pinned` }];
    }),
  );
  const pinned = Object.entries(libraries).flatMap(([name, { files, pinned: versions }]) =>
    Object.entries(versions).flatMap(([version, digests]) =>
      Object.keys(digests)
        .filter((file) => !files.some((known) => known === file))
        .map((file) => ({
          path: ['libraries', name, 'pinned', version, file],
          message: 'is not among the files of the library',
        })),
    ),
  );
  return [...used, ...pinned];
}

/** A toolchain that builds no tag, or that stands there twice, as 1.22 and 1.22.0. */
function looseToolchains({ go = [], toolchains }: Recipe): Problem[] {
  const used = go.flatMap(({ version, alternatives }) => [version, ...alternatives]);
  const keys = Object.keys(toolchains);
  return keys.flatMap((key, index) => {
    const version = parseGoVersion(key);
    const path = ['toolchains', key];
    const isThis = (other: string): boolean => compareGoVersions(parseGoVersion(other), version) === 0;
    if (!used.some(isThis)) return [{ path, message: 'is a Go that builds no tag here' }];
    return keys.findIndex(isThis) === index ? [] : [{ path, message: 'stands there twice' }];
  });
}

/** A home check that ends with an upgrade that is not in the table, or does not come later. */
function looseEnds({ releases }: Recipe): Problem[] {
  return releases.flatMap(({ homeChecks }, index) =>
    homeChecks.flatMap(({ until }, place) => {
      if (until === undefined) return [];
      const end = releases.findIndex((release) => release.kind === 'upgrade' && release.upgrade === until);
      if (end > index) return [];
      const message = `names ${until}, which is no upgrade after this release`;
      return [{ path: ['releases', index, 'homeChecks', place, 'until'], message }];
    }),
  );
}
