// L2: every symbol binds. What bind.ts found, said to an operator; the glibc floor held against this host or another.
import { glibcFloor } from '../elf/versions.js';
import { bindSymbols, withBytes, type UnboundSymbol } from './bind.js';
import type { Finding } from './finding.js';
import { compareReleases, glibcReleaseOf } from './glibc-release.js';
import { isWithin } from './hidden-folders.js';
import type { Resolution } from './library-search.js';
import type { LoadedObject } from './loaded-object.js';

export interface BindingOptions {
  /** Absolute, its links followed: only the program and what lies here is judged, the system's libraries are not. */
  readonly stagedFolder: string;
  /** A release such as 2.31: then that host is judged, in the place of this one. */
  readonly targetGlibc?: string | undefined;
}

const namedAtMost = 5;

/** @throws ELF_INVALID where a symbol table is damaged */
export function judgeBinding(resolution: Resolution, { stagedFolder, targetGlibc }: BindingOptions): Finding[] {
  if (resolution.interpreter === undefined) {
    return [{ level: 'L2', status: 'pass', text: 'a static program: all of its symbols are in it' }];
  }
  const isJudged = (object: LoadedObject) => object.rule === 'program' || isWithin(object.realPath, stagedFolder);
  const floor = judgeFloor(resolution, isJudged, targetGlibc);
  if (resolution.loader === undefined || resolution.missing.length > 0) {
    const text = 'whether the symbols bind cannot be judged before every library is found';
    return [{ level: 'L2', status: 'unknown', text }, ...floor];
  }
  const { looked, ...bound } = bindSymbols(resolution, isJudged);
  // What another host's glibc offers the floor alone can tell: this host's may be older.
  const isLibc = (version: string | undefined) => targetGlibc !== undefined && /^GLIBC_\d/.test(version ?? '');
  const unbound = bound.unbound.filter(({ version }) => !isLibc(version));
  const missingVersions = bound.missingVersions.filter(({ version }) => !isLibc(version));
  const versions = groupedBy(missingVersions, ({ library }) => library).map(([library, missing]): Finding => {
    const asked = [...new Set(missing.map(({ version }) => version))].join(', ');
    const by = [...new Set(missing.map(({ object }) => object.name))].join(', ');
    const text = `${library.realPath} lacks ${asked}, which ${by} needs`;
    return { level: 'L2', status: 'fail', text, hint: olderHint(asked) };
  });
  const symbols = groupedBy(unbound, ({ object }) => object).map(([object, lost]): Finding => {
    const text = `${object.name} needs ${listed(lost)}, which none of the libraries that it gets defines`;
    const hint = 'A library of another version stands in its place: stage the one that the binary was built with.';
    return { level: 'L2', status: 'fail', text, hint };
  });
  const findings = [...versions, ...symbols];
  if (findings.length === 0) findings.push({ level: 'L2', status: 'pass', text: `all ${looked} symbols bind` });
  return [...findings, ...floor];
}

function judgeFloor(
  resolution: Resolution,
  isJudged: (object: LoadedObject) => boolean,
  target: string | undefined,
): Finding[] {
  const floors = resolution.objects.filter(isJudged).flatMap((object) => {
    const release = withBytes(object, glibcFloor);
    return release === undefined ? [] : [{ object, release }];
  });
  const highest = floors.sort((one, other) => compareReleases(one.release, other.release)).at(-1);
  if (highest === undefined) return [];
  const release = target ?? glibcReleaseOf(resolution);
  const needs = `${highest.object.name} needs glibc ${highest.release}`;
  if (release === undefined)
    return [{ level: 'L2', status: 'unknown', text: `${needs}; this host's glibc was not found` }];
  const host = target === undefined ? 'this host has' : 'the target has';
  if (compareReleases(highest.release, release) <= 0) {
    return [{ level: 'L2', status: 'pass', text: `${needs}; ${host} ${release}` }];
  }
  return [
    { level: 'L2', status: 'fail', text: `${needs}; ${host} ${release}`, hint: olderHint(`GLIBC_${highest.release}`) },
  ];
}

function listed(lost: readonly UnboundSymbol[]): string {
  const named = lost
    .slice(0, namedAtMost)
    .map(({ name, version }) => (version === undefined ? name : `${name}@${version}`));
  const more = lost.length - named.length;
  return `the symbol${lost.length === 1 ? '' : 's'} ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

function olderHint(version: string): string | undefined {
  if (!version.includes('GLIBC_')) return undefined;
  return 'Build on a distribution as old as the oldest host, or upgrade the host: a newer glibc cannot be put beside the binary.';
}

function groupedBy<Key, Item>(items: readonly Item[], keyOf: (item: Item) => Key): [Key, Item[]][] {
  const keys = new Set(items.map(keyOf));
  return Array.from(keys, (key) => [key, items.filter((item) => keyOf(item) === key)]);
}
