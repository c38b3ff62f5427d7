// What a backup gets without a byte being copied: tables by hard links, anything by clones (reflink) where the file system can.
import { constants, copyFileSync, linkSync, lstatSync, rmSync, unlinkSync, type Stats } from 'node:fs';

import type { CvtoolError } from '../errors/cvtool-error.js';
import { hasCode, messageOf } from '../errors/cvtool-error.js';
import { changed, failed, writing } from './failure.js';
import { forSystem, shown, type BytePath } from './bytes.js';
import { quoted } from '../values/printable.js';

export type BackupMode = 'auto' | 'link' | 'copy';

/** Shares files between `data` and a backup; what a pair of file systems cannot do is tried once. */
export interface Sharing {
  /** @returns whether `to` is now a hard link of `from` @throws in mode link where it cannot be */
  link(from: BytePath, to: BytePath, stat: Stats): boolean;
  /** @returns whether `to` is now a clone of `from` */
  clone(from: BytePath, to: BytePath, stat: Stats): boolean;
}

/** link(2): another file system or mount, EMLINK too many links, EPERM by fs.protected_hardlinks or a file system without links. */
const noLink = ['EXDEV', 'EMLINK', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL'];
/** ioctl_ficlone(2): what says that it will not go for any other file of the pair either. */
const noClones = ['EXDEV', 'ENOTSUP', 'EOPNOTSUPP', 'ENOTTY', 'ENOSYS', 'EINVAL'];

export function shareIn(mode: BackupMode): Sharing {
  const withoutLinks = new Set<number>();
  const withoutClones = new Set<number>();
  return {
    link(from, to, stat) {
      if (mode === 'copy' || withoutLinks.has(stat.dev)) return false;
      const error = tryLink(from, to, stat);
      if (error === undefined) return true;
      if (mode === 'link') throw cannotLink(from, error);
      if (hasCode(error, 'EXDEV')) withoutLinks.add(stat.dev);
      return false;
    },
    clone(from, to, stat) {
      if (mode === 'copy' || stat.size === 0 || withoutClones.has(stat.dev)) return false;
      const error = tryClone(from, to);
      if (hasCode(error, ...noClones)) withoutClones.add(stat.dev);
      return error === undefined;
    },
  };
}

/** Checked again after linking: the same file, as it was, with one name more. */
function isLinkOf(linked: Stats, stat: Stats): boolean {
  return linked.ino === stat.ino && linked.nlink > 1;
}

/** @returns why it cannot be linked */
function tryLink(from: BytePath, to: BytePath, stat: Stats): Error | undefined {
  const refused = writing(to, () => {
    try {
      linkSync(forSystem(from), forSystem(to));
      return undefined;
    } catch (error) {
      if (error instanceof Error && hasCode(error, ...noLink)) return error;
      throw error;
    }
  });
  if (refused !== undefined) return refused;
  const linked = writing(to, () => lstatSync(forSystem(to)));
  if (linked.size !== stat.size || linked.mtimeMs !== stat.mtimeMs) throw changed(from);
  if (isLinkOf(linked, stat)) return undefined;
  writing(to, () => unlinkSync(forSystem(to)));
  return new Error('the file system does not show that both are one file');
}

/** @returns why it cannot be cloned; only a disk that is full or broken is an error here, the copy that follows tells the rest */
function tryClone(from: BytePath, to: BytePath): unknown {
  return writing(to, () => {
    try {
      copyFileSync(forSystem(from), forSystem(to), constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
      return undefined;
    } catch (error) {
      if (hasCode(error, 'ENOSPC', 'EDQUOT', 'EIO')) throw error;
      if (hasCode(error, 'EEXIST')) return error;
      rmSync(forSystem(to), { force: true }); // libuv made it before it asked, and does not say whether it is gone
      return error;
    }
  });
}

function cannotLink(table: BytePath, cause: Error): CvtoolError {
  return failed(
    `the table file ${quoted(shown(table), 4096)} cannot be hard-linked into the backup: ${messageOf(cause)}`,
    'CVTOOL_BACKUP_MODE=link wants links: a DAEMON_DATA_BACKUP_DIR on the same file system, or CVTOOL_BACKUP_MODE=auto.',
    cause,
  );
}
