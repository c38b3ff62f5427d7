// The name of a git tag, without `refs/tags/`. Nothing that git refuses, and nothing that a command could take for an option.
// Tags are opaque: they have no order (semver sorts v2.2.0-1 below v2.2.0, which came before it).
import { CvtoolError } from '../errors/cvtool-error.js';
import type { Brand } from './brand.js';
import { quoted } from './printable.js';

export type Tag = Brand<string, 'Tag'>;

/** A component longer than this has no room for git's `.lock` in a file name of 255 bytes. */
const longestComponent = 250;

/**
 * @param text `v2.0.6`, `tags/v2.0.6` or `refs/tags/v2.0.6`
 * @throws TAG_INVALID for what git-check-ref-format(1) refuses, for a leading `-`, and for other refs (`refs/heads/main`)
 */
export function parseTag(text: string): Tag {
  const name = text.replace(/^(?:refs\/)?tags\//, '');
  const reason = whyNot(name);
  if (reason !== undefined) throw new CvtoolError('TAG_INVALID', `the tag ${quoted(text)} ${reason}`);
  return name as Tag;
}

/** The rules of git-check-ref-format(1) by their numbers there; 2 is met by the `refs/tags/` that git puts before it. */
function whyNot(name: string): string | undefined {
  if (name === '') return 'is empty';
  if (name.startsWith('-')) return 'starts with "-" like an option';
  if (name.startsWith('refs/')) return 'is another kind of ref';
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name)) return 'has a control character in it'; // 4, and more of them than git refuses
  if (/\p{Cs}/u.test(name)) return 'is no valid Unicode text';
  const forbidden = /[ ~^:?*[\\]|\.\.|@\{/.exec(name)?.[0]; // 3, 4, 5, 8, 10
  if (forbidden !== undefined) return `has ${quoted(forbidden)} in it, which git does not allow`;
  if (name.endsWith('.')) return 'ends with a dot, which git does not allow'; // 7
  for (const part of name.split('/')) {
    if (part === '') return 'has a "/" at an end, or two in a row'; // 6
    if (part.startsWith('.') || part.endsWith('.lock')) return `has the part ${quoted(part)}, which git does not allow`; // 1
    if (Buffer.byteLength(part) > longestComponent) return 'is too long for a file name';
  }
  return undefined;
}
