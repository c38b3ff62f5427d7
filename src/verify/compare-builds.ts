// Are the files of a new build those that are staged, byte for byte? Where not: in what they differ, named in the order in which a
// cause is looked for: compiler, libc, Go build info, sections, strings. Neither of them is run.
import { join } from 'node:path';

import type { Manifest } from '../evidence/manifest.js';
import { differenceKinds, type BuildDifference } from './build-difference.js';
import { digestsOf, type FoundFile } from './digests.js';
import { fileDifferences } from './file-differences.js';

/** What the bytes of a build depend on besides its source, as manifests keep it. */
export interface BuildCircumstances {
  readonly cvtool: string;
  readonly cc: string | null;
  readonly ld: string | null;
  readonly go: string | null;
  readonly libc: string | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly commands: readonly (readonly string[])[];
}

export interface ComparedFile {
  /** `bin/panacead`, `lib/libwasmvm.so`. */
  readonly path: string;
  /** SHA-256 of what lies there; '' for what is no regular file or cannot be read, undefined where there is none. */
  readonly staged: string | undefined;
  /** What the manifest says of it. */
  readonly recorded: string | undefined;
  readonly built: string | undefined;
  readonly same: boolean;
}

export interface BuildComparison {
  readonly files: readonly ComparedFile[];
  readonly differences: readonly BuildDifference[];
}

/**
 * @param staged the staged folder and its manifest
 * @param built a folder with the same layout, and what holds for its build
 * @throws the system's error where the new build cannot be read
 */
export async function compareBuilds(
  staged: { readonly folder: string; readonly manifest: Manifest },
  built: { readonly folder: string; readonly circumstances: BuildCircumstances },
): Promise<BuildComparison> {
  const { manifest } = staged;
  const [there, now] = await Promise.all([digestsOf(staged.folder), digestsOf(built.folder)]);
  const files = compareFiles(there, manifest, now);
  const differing = files.filter(({ same, staged: one, built: other }) => !same && isThere(one) && isThere(other));
  const found = [
    ...circumstanceDifferences({ cvtool: manifest.cvtool, ...manifest.build }, built.circumstances),
    ...differing.flatMap(({ path }) => fileDifferences(path, join(staged.folder, path), join(built.folder, path))),
  ];
  return { files, differences: differenceKinds.flatMap((wanted) => found.filter(({ kind }) => kind === wanted)) };
}

function compareFiles(
  there: readonly FoundFile[],
  manifest: Manifest,
  built: readonly FoundFile[],
): readonly ComparedFile[] {
  const digest = (files: readonly FoundFile[], wanted: string): string | undefined =>
    files.find(({ path }) => path === wanted)?.sha256;
  const paths = new Set([...there, ...manifest.files, ...built].map(({ path }) => path));
  return [...paths].sort().map((path) => {
    const staged = digest(there, path);
    const isBuilt = digest(built, path);
    const same = isThere(staged) && staged === isBuilt;
    return { path, staged, recorded: digest(manifest.files, path), built: isBuilt, same };
  });
}

function isThere(digest: string | undefined): boolean {
  return digest !== undefined && digest !== '';
}

/** What the manifest says of the host and of the build's settings, beside what holds now. */
function circumstanceDifferences(then: BuildCircumstances, now: BuildCircumstances): BuildDifference[] {
  const names = new Set([...Object.keys(then.environment), ...Object.keys(now.environment)]);
  return [
    ...fact('compiler', 'cc', then.cc, now.cc),
    ...fact('compiler', 'ld', then.ld, now.ld),
    ...fact('compiler', 'Go', then.go, now.go),
    ...[...names].sort().flatMap((name) => fact('compiler', name, then.environment[name], now.environment[name])),
    ...fact('compiler', 'commands', commandLine(then), commandLine(now)),
    ...fact('compiler', 'cvtool', then.cvtool, now.cvtool),
    ...fact('libc', 'libc', then.libc, now.libc),
  ];
}

function fact(
  kind: BuildDifference['kind'],
  name: string,
  then: string | null | undefined,
  now: string | null | undefined,
): BuildDifference[] {
  if ((then ?? undefined) === (now ?? undefined)) return [];
  return [{ kind, file: undefined, text: `${name}: ${then ?? 'nothing'} at staging, ${now ?? 'nothing'} now` }];
}

function commandLine({ commands }: BuildCircumstances): string {
  return commands.map((words) => words.join(' ')).join(' && ');
}
