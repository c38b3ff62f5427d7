// In what two Go programs say of themselves they differ: their Go, their modules, their settings.
import type { GoBuildInfo } from './go-build-info.js';
import type { Module } from './go-module-info.js';

/** `one` and `other` are the two programs; undefined: it says nothing of it. */
export interface GoBuildInfoDifference {
  /** `Go`, `main package`, `module github.com/x/y`, `setting -tags`. */
  readonly what: string;
  readonly one: string | undefined;
  readonly other: string | undefined;
}

/** @param one undefined for what is no Go program */
export function goBuildInfoDifferences(
  one: GoBuildInfo | undefined,
  other: GoBuildInfo | undefined,
): readonly GoBuildInfoDifference[] {
  const ofOne = factsOf(one);
  const ofOther = factsOf(other);
  return [...new Set([...ofOne.keys(), ...ofOther.keys()])]
    .map((what) => ({ what, one: ofOne.get(what), other: ofOther.get(what) }))
    .filter((fact) => fact.one !== fact.other);
}

function factsOf(info: GoBuildInfo | undefined): ReadonlyMap<string, string> {
  if (info === undefined) return new Map();
  const modules = [...(info.main === undefined ? [] : [info.main]), ...info.deps];
  return new Map([
    ['Go', info.goVersion],
    ['main package', info.path],
    ...modules.map((module): [string, string] => [`module ${module.path}`, moduleText(module)]),
    ...Object.entries(info.settings).map(([name, value]): [string, string] => [`setting ${name}`, value]),
  ]);
}

function moduleText({ version, sum, replace }: Module): string {
  const own = sum === '' ? version : `${version} ${sum}`;
  return replace === undefined ? own : `${own} => ${replace.path} ${moduleText(replace)}`.trimEnd();
}
