// Space for a build, space for the backup before an upgrade, and what the file system can do to make that backup free of charge.
// Nothing is written to find out: what only a try would tell is said to be unknown.
import type { Mount } from '../../host/mounts.js';
import { row, sizeText, type Row } from './row.js';

/** What a build of a Cosmos SDK chain takes with cold caches. */
const buildBytes = 3 * 1024 ** 3;

export interface BuildSpace {
  readonly cache: string;
  readonly free: number;
  /** Releases of the table that are not staged yet. */
  readonly left: number;
}

export function judgeBuildSpace({ cache, free, left }: BuildSpace): Row {
  const text = `${sizeText(free)} free for the cache ${cache}`;
  if (left === 0) return row('build-space', 'pass', `${text}; no release is left to be built`);
  if (free >= buildBytes)
    return row('build-space', 'pass', `${text}; a build with cold caches takes ${sizeText(buildBytes)}`);
  const hint = 'cvtool cache prune, or point XDG_CACHE_HOME to a larger disk.';
  return row('build-space', 'warn', `${text}: a build with cold caches takes ${sizeText(buildBytes)}`, hint);
}

/** `sometimes`: by a switch that was set when it was made. */
type Ability = 'yes' | 'no' | 'sometimes' | 'unknown';

/** ioctl_ficlone(2) and link(2), by the names of /proc/filesystems. */
const abilities: Readonly<Record<string, { readonly clone: Ability; readonly link: Ability }>> = {
  btrfs: { clone: 'yes', link: 'yes' },
  bcachefs: { clone: 'yes', link: 'yes' },
  ocfs2: { clone: 'sometimes', link: 'yes' },
  xfs: { clone: 'sometimes', link: 'yes' },
  zfs: { clone: 'sometimes', link: 'yes' },
  ext4: { clone: 'no', link: 'yes' },
  ext3: { clone: 'no', link: 'yes' },
  ext2: { clone: 'no', link: 'yes' },
  f2fs: { clone: 'no', link: 'yes' },
  tmpfs: { clone: 'no', link: 'yes' },
  overlay: { clone: 'unknown', link: 'sometimes' },
  vfat: { clone: 'no', link: 'no' },
  exfat: { clone: 'no', link: 'no' },
  ntfs3: { clone: 'no', link: 'sometimes' },
};

export interface FileSystemFacts {
  readonly data: Mount | undefined;
  readonly backups: Mount | undefined;
  /** data/ and the backups' folder are on one file system. */
  readonly same: boolean;
}

export function canLink({ data, same }: FileSystemFacts): boolean {
  return same && data !== undefined && (abilities[data.type]?.link ?? 'unknown') !== 'no';
}

export function judgeFileSystem(facts: FileSystemFacts): Row {
  const { data, backups, same } = facts;
  if (data === undefined)
    return row('file-system', 'unknown', 'on which file system data/ lies is not told by this system');
  if (!same) {
    const text = `data/ is on ${data.type} at ${data.point}, backups on ${backups?.type ?? 'another file system'}: each one copies all bytes`;
    return row(
      'file-system',
      'warn',
      text,
      'Unset DAEMON_DATA_BACKUP_DIR, or name a folder on the file system of data/: then tables are linked.',
    );
  }
  const { clone, link } = abilities[data.type] ?? { clone: 'unknown', link: 'unknown' };
  const words: Readonly<Record<Ability, string>> = {
    yes: 'yes',
    no: 'no',
    sometimes: 'by how it was made',
    unknown: 'unknown',
  };
  const text = `data/ is on ${data.type} at ${data.point}: hard links: ${words[link]}, clones: ${words[clone]}`;
  if (link === 'no')
    return row('file-system', 'warn', `${text}: each backup copies all bytes`, 'Move the home to ext4, xfs or btrfs.');
  return row('file-system', link === 'unknown' && clone === 'unknown' ? 'unknown' : 'pass', text);
}

export interface BackupSpace {
  /** Where backups go. */
  readonly folder: string;
  readonly free: number;
  /** Bytes of data/ (and wasm/) that a backup now would have to copy, and those that it would link; undefined: not known. */
  readonly copy: number | undefined;
  readonly linked: number;
  readonly skipped: boolean;
}

export function judgeBackupSpace({ folder, free, copy, linked, skipped }: BackupSpace): Row {
  if (skipped) {
    const text = 'UNSAFE_SKIP_BACKUP=true: an upgrade that goes wrong cannot be taken back';
    return row('backup-space', 'warn', text, 'Unset UNSAFE_SKIP_BACKUP: tables are linked, so a backup takes seconds.');
  }
  if (copy === undefined) return row('backup-space', 'unknown', 'data/ cannot be read to tell what a backup takes');
  const later = linked === 0 ? '' : `; ${sizeText(linked)} are linked, and cost space only as the node rewrites them`;
  const text = `a backup copies ${sizeText(copy)} to ${folder}, which has ${sizeText(free)} free${later}`;
  if (free < copy)
    return row('backup-space', 'fail', text, 'Make room, or name a larger disk in DAEMON_DATA_BACKUP_DIR.');
  if (free < copy + linked) {
    return row(
      'backup-space',
      'warn',
      `${text}: there is no room for all of them`,
      'Make room, or remove old backups.',
    );
  }
  return row('backup-space', 'pass', text);
}
