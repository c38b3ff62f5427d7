// The Go of each release that is still to be built: is it here, or can it be fetched? The module proxy itself is not asked.
import { chooseGo, type GoToolchain } from '../../host/go-toolchains.js';
import { goFor, releaseName } from '../../recipe/release-table.js';
import type { Recipe, Release } from '../../recipe/schema.js';
import { goToolchain, type GoVersion } from '../../values/go-version.js';
import { row, type Row } from './row.js';

export interface GoFacts {
  readonly recipe: Recipe;
  /** What the table can build and nobody has staged here yet. */
  readonly left: readonly Release[];
  readonly installed: readonly GoToolchain[];
  /** Does the recipe have the hash of this toolchain for this machine? */
  readonly isVouched: (version: GoVersion) => boolean;
  /** Why no module proxy can be asked; undefined where one is named. */
  readonly whyNoProxy: string | undefined;
}

export function judgeToolchains({ recipe, left, installed, isVouched, whyNoProxy }: GoFacts): Row[] {
  if (recipe.go === undefined) return [row('toolchains', 'pass', `the recipe ${recipe.name} needs no Go`)];
  if (left.length === 0)
    return [row('toolchains', 'pass', 'every release that the table can build is staged: no Go is needed')];
  const byVersion = new Map<GoVersion, { readonly alternatives: readonly GoVersion[]; readonly names: string[] }>();
  for (const release of left) {
    const go = goFor(recipe, release.tag);
    if (go === undefined) continue;
    const entry = byVersion.get(go.version) ?? { alternatives: go.alternatives, names: [] };
    entry.names.push(releaseName(release));
    byVersion.set(go.version, entry);
  }
  return [...byVersion].map(([version, { alternatives, names }]) => {
    const what = `${goToolchain(version)} for ${names.join(', ')}`;
    const choice = chooseGo(version, alternatives, installed, false, isVouched);
    const install = 'Install Go 1.21 or later (https://go.dev/dl), which fetches every other one.';
    switch (choice?.kind) {
      case 'installed':
        return row('toolchains', 'pass', `${what}: ${goToolchain(choice.go.version)} in ${choice.go.root}`);
      case 'fetch':
        return row('toolchains', 'pass', `${what}: ${goToolchain(choice.by.version)} can fetch it`);
      case 'download':
        return whyNoProxy === undefined
          ? row('toolchains', 'pass', `${what}: cvtool can fetch it from the module proxy`)
          : row('toolchains', 'warn', `${what}: it cannot be fetched: ${whyNoProxy}`, `Set GOPROXY, or: ${install}`);
      case undefined:
        return row('toolchains', 'warn', `${what}: it is not here, and nothing here can fetch it`, install);
    }
  });
}
