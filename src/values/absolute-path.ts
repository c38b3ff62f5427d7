// An absolute path, normal: no `.`, no `..`, no double or closing slash. It says nothing of what lies there.
import { isAbsolute, resolve } from 'node:path';

import type { ErrorCode } from '../errors/catalogue.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import type { Brand } from './brand.js';
import type { InnerPath } from './inner-path.js';
import { quoted } from './printable.js';

export type AbsolutePath = Brand<string, 'AbsolutePath'>;

export interface PathMeaning {
  /** What the path is for, as in an error: `DAEMON_HOME`, `the recipe`. */
  readonly what?: string;
  readonly code?: ErrorCode;
}

/** @throws CONFIG_INVALID (or `code`) for an empty or relative path, and for one with control characters */
export function parseAbsolutePath(
  text: string,
  { what = 'the path', code = 'CONFIG_INVALID' }: PathMeaning = {},
): AbsolutePath {
  refuseUnusable(text, { what, code });
  if (!isAbsolute(text)) {
    const hint = text.startsWith('~')
      ? '`~` is not expanded here: write $HOME or the whole path.'
      : 'Write it from / on.';
    throw new CvtoolError(code, `${what} ${quoted(text)} is not absolute`, { hint });
  }
  return (isNormal(text) ? text : resolve(text)) as AbsolutePath;
}

/** Nothing to resolve. */
function isNormal(path: string): boolean {
  return /^(?:\/(?!\.\.?(?:\/|$))[^/]+)+$/.test(path);
}

/** A path that a person typed: relative ones are taken from `folder`. Throws as `parseAbsolutePath` does. */
export function resolvePath(
  text: string,
  folder: AbsolutePath,
  { what = 'the path', code = 'CONFIG_INVALID' }: PathMeaning = {},
): AbsolutePath {
  refuseUnusable(text, { what, code });
  return resolve(folder, text) as AbsolutePath;
}

/** Below `folder` by construction: an inner path does not lead out. */
export function joinPath(folder: AbsolutePath, ...inner: readonly InnerPath[]): AbsolutePath {
  return resolve(folder, ...inner) as AbsolutePath;
}

function refuseUnusable(text: string, { what, code }: Required<PathMeaning>): void {
  if (text === '') throw new CvtoolError(code, `${what} is empty`);
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(text)) {
    throw new CvtoolError(code, `${what} ${quoted(text)} has a line break or another control character in it`);
  }
}
