// The one link that says which binary runs. Only this file reads or moves it.
// After a crash at any point it is the old link or the new one, never none.
import { readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

import { CvtoolError, hasCode } from '../errors/cvtool-error.js';
import { unescapePlanName } from '../values/plan-name.js';
import { targetName, type HomePaths, type StagingTarget } from './paths.js';
import { syncPath } from './sync.js';

/**
 * Points `current` to `target`; durable when it returns. The caller has made sure that there is something to run.
 * @throws the system's error, as it is; `current` is then the old link or the new one, and calling again is safe
 */
export function switchCurrent(home: HomePaths, target: StagingTarget): void {
  const next = join(home.cosmovisor, '.current.next');
  rmSync(next, { force: true }); // left by a run that was killed here
  symlinkSync(targetName(target), next);
  renameSync(next, home.current); // rename(2): an existing name is replaced atomically
  syncPath(home.cosmovisor);
}

/**
 * @returns undefined where there is no link; what that means is the caller's affair
 * @throws CURRENT_NOT_OURS where `current` is no link, or leads anywhere but to genesis or an upgrade of this home
 */
export function readCurrent(home: HomePaths): StagingTarget | undefined {
  try {
    return parseLinkText(home, readlinkSync(home.current));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    if (hasCode(error, 'EINVAL')) throw notOurs(home, 'is not a symbolic link', error); // readlink(2)
    throw error;
  }
}

function parseLinkText(home: HomePaths, text: string): StagingTarget {
  const inside = relative(home.cosmovisor, resolve(home.cosmovisor, text)); // cosmovisor 1.4 to 1.6 write absolute links
  const upgrade = /^upgrades\/([^/]+)$/.exec(inside)?.[1];
  if (inside === 'genesis') return { kind: 'genesis' };
  if (upgrade !== undefined) return { kind: 'upgrade', plan: unescapePlanName(upgrade) };
  throw notOurs(home, `points to ${text}`);
}

function notOurs(home: HomePaths, what: string, cause?: unknown): CvtoolError {
  return new CvtoolError('CURRENT_NOT_OURS', `${home.current} ${what}`, {
    hint: 'Move it away, or make it point to genesis or to upgrades/<name>.',
    cause,
  });
}
