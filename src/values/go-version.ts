// A version of Go without the `go` before it: 1.19.2, 1.22.0, 1.21rc2, or a language version such as 1.20.
// Parsing and order follow Go's internal/gover, which semver does not: 1.21 < 1.21rc2 < 1.21.0, but 1.20rc1 < 1.20 = 1.20.0.
import { CvtoolError } from '../errors/cvtool-error.js';
import type { Brand } from './brand.js';
import { quoted } from './printable.js';

export type GoVersion = Brand<string, 'GoVersion'>;

const form = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})(?:\.(0|[1-9]\d{0,8})|(alpha|beta|rc)(0|[1-9]\d{0,8}))?$/;
/** From 1.21 on, a missing patch number means the language, and the first release is 1.N.0 (go.dev/doc/toolchain). */
const firstWithZeroPatch = 21;
const kinds = ['', 'alpha', 'beta', 'rc'];

/**
 * @param text `1.19.2` or `go1.19.2`; no suffix of a distribution
 * @throws CONFIG_INVALID
 */
export function parseGoVersion(text: string): GoVersion {
  const version = text.replace(/^go/, '');
  if (!form.test(version)) {
    throw new CvtoolError('CONFIG_INVALID', `${quoted(text)} is no version of Go`, {
      hint: 'Write it like 1.19.2 or 1.21rc2.',
    });
  }
  return version as GoVersion;
}

/** For sort(): negative where `a` is older, 0 where Go holds them to be the same. */
export function compareGoVersions(a: GoVersion, b: GoVersion): number {
  const [left, right] = [ranks(a), ranks(b)];
  const differs = left.findIndex((rank, index) => rank !== right[index]);
  return differs === -1 ? 0 : (left[differs] ?? 0) - (right[differs] ?? 0);
}

/** The name under which that Go is released and asked for by GOTOOLCHAIN: go1.20 for 1.20.0, go1.22.0 for 1.22. */
export function goToolchain(version: GoVersion): string {
  const [major = 0, minor = 0, patch = 0] = ranks(version);
  if (/[a-z]/.test(version)) return `go${version}`;
  const hasPatch = patch > 0 || minor >= firstWithZeroPatch || major > 1;
  return `go${major}.${minor}${hasPatch ? `.${Math.max(patch, 0)}` : ''}`;
}

/** Major, minor, patch (-1: none), kind of pre-release, its number: in the order in which Go compares them. */
function ranks(version: GoVersion): number[] {
  const [, major = '', minor = '', patch, kind = '', number = ''] = form.exec(version) ?? [];
  const noPatch = kind === '' && Number(minor) < firstWithZeroPatch ? 0 : -1;
  return [
    Number(major),
    Number(minor),
    patch === undefined ? noPatch : Number(patch),
    kinds.indexOf(kind),
    Number(number),
  ];
}
