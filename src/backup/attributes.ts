// What a copy takes over from its original beside the bytes.
import { fchmodSync, fchownSync, futimesSync, type Stats } from 'node:fs';

import { hasCode } from '../errors/cvtool-error.js';

export type Attributes = Pick<Stats, 'mode' | 'uid' | 'gid' | 'atimeMs' | 'mtimeMs'>;

/** Owner (as far as root may give it), mode bits and times. The owner first: to change it takes set-id bits away (chown(2)). */
export function keepAttributes(fd: number, attributes: Attributes): void {
  keepOwner(attributes, (uid, gid) => fchownSync(fd, uid, gid));
  fchmodSync(fd, attributes.mode & 0o7777);
  futimesSync(fd, ...timesOf(attributes));
}

/** Only root can give files away; that a file system knows no owners is no harm. */
export function keepOwner({ uid, gid }: Attributes, chown: (uid: number, gid: number) => void): void {
  if (process.geteuid?.() !== 0) return;
  try {
    chown(uid, gid);
  } catch (error) {
    if (!hasCode(error, 'EPERM', 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS')) throw error;
  }
}

/** Access and modification time in seconds, as utimes takes them: exact to the microsecond. */
export function timesOf({ atimeMs, mtimeMs }: Attributes): [number, number] {
  return [atimeMs / 1000, mtimeMs / 1000];
}
