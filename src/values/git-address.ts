// Where a repository is cloned from: https, ssh, git and file addresses, scp's way of writing ssh, and local paths.
// Nothing that makes git run another program (ext::, any helper::) or take the address for an option (CVE-2017-1000117).
import { isAbsolute, resolve } from 'node:path';

import { CvtoolError } from '../errors/cvtool-error.js';
import type { AbsolutePath } from './absolute-path.js';
import type { Brand } from './brand.js';
import { maskCredentials, printable, quoted } from './printable.js';

export type GitAddress = Brand<string, 'GitAddress'>;

const host = String.raw`(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])`;
const account = String.raw`(?:[A-Za-z0-9_][A-Za-z0-9._-]*)`;
const port = String.raw`(?::\d{1,5})?`;
/** An address of each kind that is used, git-clone(1) "GIT URLS". A path may not start with `-` where ssh hands it on. */
const forms: Readonly<Record<string, RegExp>> = {
  https: new RegExp(String.raw`^https://(?:[^\s/?#@\\]+@)?${host}${port}/[^\s\\]+$`),
  ssh: new RegExp(String.raw`^ssh://(?:${account}(?::[^\s/?#@\\]*)?@)?${host}${port}/(?!-)[^\s\\]+$`),
  git: new RegExp(String.raw`^git://${host}${port}/[^\s\\]+$`),
  file: /^file:\/\/\/./, // with a host, git would look for the folder //host/path
};
const scpLike = new RegExp(`^(?:${account}@)?${host}:(?![-:])[^\\\\]+$`);
const usable = 'Use https://, ssh://, user@host:path, git://, file:///path, /path, ./path or ../path.';

/** @throws ADDRESS_INVALID, with the credentials in it masked */
export function parseGitAddress(text: string): GitAddress {
  if (text === '') throw invalid(text, 'is empty');
  if (text.startsWith('-')) throw invalid(text, 'starts with "-" like an option');
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text)) throw invalid(text, 'has a control character in it');
  if (/^[A-Za-z0-9+.-]*::/.test(text)) throw invalid(text, 'asks for a helper program of git, which is not used');
  const scheme = /^([A-Za-z][A-Za-z0-9+.-]{0,30}):\/\//.exec(text)?.[1];
  if (scheme !== undefined) {
    const form = Object.hasOwn(forms, scheme) ? forms[scheme] : undefined;
    if (form === undefined) throw invalid(text, `is of the kind ${scheme}://, which is not used`, hintFor(scheme));
    if (!form.test(text)) throw invalid(text, `is no sound ${scheme}:// address`);
    return text as GitAddress;
  }
  if (isLocalPath(text) || scpLike.test(text)) return text as GitAddress;
  if (text.startsWith('~'))
    throw invalid(text, 'starts with "~", which is not expanded here', 'Write $HOME or the whole path.');
  throw invalid(
    text,
    'is neither a repository address nor a path',
    text.includes(':') ? undefined : `For a folder write ./${text}`,
  );
}

/** Is it on this host: a path, or a file:// address? */
export function isLocalAddress(address: GitAddress): boolean {
  return isLocalPath(address) || address.startsWith('file://');
}

/** A path written from `folder` on becomes absolute; all other addresses stay as they are. */
export function resolveGitAddress(address: GitAddress, folder: AbsolutePath): GitAddress {
  return isLocalPath(address) ? (resolve(folder, address) as GitAddress) : address;
}

/** The address for logs, the plan and the manifest: without user and password. */
export function printableAddress(address: GitAddress): string {
  return printable(maskCredentials(address));
}

function isLocalPath(text: string): boolean {
  return isAbsolute(text) || /^\.\.?(?:\/|$)/.test(text);
}

function hintFor(scheme: string): string {
  return scheme === 'http' ? 'Nobody vouches for what http:// delivers: use https://.' : usable;
}

function invalid(text: string, why: string, hint = usable): CvtoolError {
  return new CvtoolError('ADDRESS_INVALID', `the repository address ${quoted(text)} ${why}`, { hint });
}
