// The one link that says which binary runs. Only this file reads or moves it.
// After a crash at any point it is the old link or the new one, never none.
import { readlinkSync, realpathSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';

import { CvtoolError, hasCode } from '../errors/cvtool-error.js';
import { unescapePlanName } from '../values/plan-name.js';
import { quoted } from '../values/printable.js';
import { targetName, type HomePaths, type StagingTarget } from './paths.js';
import { syncPath } from './sync.js';

/**
 * Points `current` to `target`, relative, or absolute where it is so already (cosmovisor 1.4 to 1.6 cannot follow relative ones); durable when it returns. The caller has made sure that there is something to run.
 * @throws the system's error, as it is; `current` is then the old link or the new one, and calling again is safe
 */
export function switchCurrent(home: HomePaths, target: StagingTarget): void {
  const next = nextLink(home);
  const text = targetName(target);
  rmSync(next, { force: true }); // left by a run that was killed here
  symlinkSync(isAbsolute(linkText(home) ?? '') ? `${home.cosmovisor}/${text}` : text, next);
  renameSync(next, home.current); // rename(2): an existing name is replaced atomically
  syncPath(home.cosmovisor);
}

/** The new link before it is in place. */
export function nextLink(home: HomePaths): string {
  return `${home.cosmovisor}/.current.next`;
}

/**
 * @returns undefined where there is no link; what that means is the caller's affair
 * @throws CURRENT_NOT_OURS where `current` is no link, or leads anywhere but to genesis or an upgrade of this home
 */
export function readCurrent(home: HomePaths): StagingTarget | undefined {
  const text = linkText(home);
  return text === undefined ? undefined : parseLinkText(home, text);
}

function linkText(home: HomePaths): string | undefined {
  try {
    return readlinkSync(home.current);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    if (hasCode(error, 'EINVAL')) throw notOurs(home, 'is not a symbolic link', error); // readlink(2)
    throw error;
  }
}

function parseLinkText(home: HomePaths, text: string): StagingTarget {
  const names = /^(?:genesis|upgrades\/[^/]+)$/.test(text) ? [text] : namesOf(home, text);
  if (names.includes('genesis')) return { kind: 'genesis' };
  const upgrade = names.map((name) => /^upgrades\/([^/]+)$/.exec(name)?.[1]).find((name) => name !== undefined);
  if (upgrade === undefined) throw notOurs(home, `points to ${quoted(text)}`);
  try {
    return { kind: 'upgrade', plan: unescapePlanName(upgrade) };
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    throw notOurs(home, `points to ${quoted(text)}: ${error.message}`, error);
  }
}

/** What `text` may be called from `cosmovisor/` on: a home, or an absolute link into it, may go by another name. */
function namesOf(home: HomePaths, text: string): readonly string[] {
  const path = resolve(home.cosmovisor, text);
  const root = realPathOr(home.cosmovisor);
  const paths = [path, join(realPathOr(dirname(path)), basename(path)), withRealGrandparent(path)];
  return paths.flatMap((at) => [relative(home.cosmovisor, at), relative(root, at)]);
}

/** For `upgrades/<name>`, whose grandparent is the root: `upgrades` itself may be a link to another disk. */
function withRealGrandparent(path: string): string {
  const folder = dirname(path);
  return join(realPathOr(dirname(folder)), basename(folder), basename(path));
}

function realPathOr(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) return path;
    throw error;
  }
}

function notOurs(home: HomePaths, what: string, cause?: unknown): CvtoolError {
  return new CvtoolError('CURRENT_NOT_OURS', `${home.current} ${what}`, {
    hint: 'Move it away, or make it point to genesis or to upgrades/<name>.',
    cause,
  });
}
