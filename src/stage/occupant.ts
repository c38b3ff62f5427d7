// Does another release than the planned one lie in a target's place? Known ahead of the build where its manifest tells; else the bytes
// will, when they are there (install/may-replace).
import { CvtoolError } from '../errors/cvtool-error.js';
import { readManifest } from '../evidence/manifest.js';
import { targetFolder } from '../home/paths.js';
import { refuseInUse } from '../install/may-replace.js';
import type { Commit } from '../values/commit.js';
import type { StagingRequest } from './request.js';

/** Another release than the planned one, as the manifest in the target's place says. */
export interface OtherRelease {
  readonly tag: string;
  readonly commit: string;
}

/** @returns undefined where nothing says that the place holds another commit; the bytes may still differ */
export function otherRelease(request: StagingRequest, commit: Commit): OtherRelease | undefined {
  const source = sourceOf(targetFolder(request.home, request.target));
  return source === undefined || source.commit === commit ? undefined : { tag: source.tag, commit: source.commit };
}

function sourceOf(place: string): OtherRelease | undefined {
  try {
    return readManifest(place)?.source;
  } catch (error) {
    if (error instanceof CvtoolError) return undefined; // damaged: the bytes will tell
    throw error;
  }
}

/**
 * Spares a build whose outcome could not be staged.
 * @throws TARGET_DIFFERS, TARGET_IN_USE
 */
export function refuseOtherRelease({ home, target, force }: StagingRequest, other: OtherRelease): void {
  const place = targetFolder(home, target);
  if (force) return refuseInUse(place);
  throw new CvtoolError('TARGET_DIFFERS', `${place} holds another release already: tag ${other.tag}`, {
    details: [`Its commit is ${other.commit}.`],
    hint: 'Run it with --force to put the new one in its place.',
  });
}
