// What lies in the backup folder, for an operator: whole backups with their sizes, others of the same kind of name with what they are,
// and what rollbacks have replaced.
import { existsSync, lstatSync, readdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import type { HomePaths } from '../home/paths.js';
import { bytePath, shown } from './bytes.js';
import { suspectFiles } from './check.js';
import { suspectInWasm } from './choose.js';
import { listBackups, type Backup } from './list.js';
import { parseBackupName } from './names.js';
import { namesIn } from './partial.js';
import { recordName } from './record.js';
import { walk } from './walk.js';

/** Bytes on the disk: of files with another name elsewhere, and of its own. */
export interface Sizes {
  readonly shared: number;
  readonly own: number;
}

export type BackupState = 'whole' | 'suspect' | 'partial' | 'foreign' | 'other home';

export interface Listed {
  readonly name: string;
  readonly folder: string;
  readonly state: BackupState;
  readonly sizes: Sizes;
  readonly backup: Backup | undefined;
  /** Files that were changed since, by name. */
  readonly suspect: readonly string[];
}

export interface Replaced {
  readonly folder: string;
  readonly time: Date;
  readonly sizes: Sizes;
}

/** The newest first, then what is none. @throws BACKUP_FAILED */
export function inventory(home: HomePaths, dir: string): readonly Listed[] {
  const root = realpathSync(home.root);
  const known = listBackups(dir).map((backup): Listed => {
    const suspect = [...suspectFiles(backup.folder, backup.record), ...suspectInWasm(backup.wasmFolder)];
    const isOurs = backup.record.home === root;
    return {
      ...{ name: backup.name, folder: backup.folder, backup, suspect },
      state: !isOurs ? 'other home' : suspect.length > 0 ? 'suspect' : 'whole',
      sizes: sizesOf(backup.folder, backup.wasmFolder),
    };
  });
  const others = namesIn(bytePath(dir))
    .map(shown)
    .flatMap((name): Listed[] => {
      const parsed = parseBackupName(name);
      const folder = join(dir, name);
      if (parsed?.tree !== 'data' || known.some((each) => each.name === name)) return [];
      if (!lstatSync(folder).isDirectory()) return [];
      const state = parsed.partial ? 'partial' : 'foreign';
      return [{ name, folder, state, sizes: sizesOf(folder), backup: undefined, suspect: [] }];
    });
  return [...known, ...others];
}

/** What rollbacks of this home have left, the newest first. */
export function replacedTrees(home: HomePaths): readonly Replaced[] {
  const found = [home.data, home.wasm].flatMap((path) => {
    const target = existsSync(path) ? realpathSync(path) : path;
    const marked = /^-replaced-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z(?:\.\d+)?$/;
    return readdirSync(dirname(target)).flatMap((name): Replaced[] => {
      const parts = name.startsWith(basename(target)) ? marked.exec(name.slice(basename(target).length)) : null;
      if (parts === null) return [];
      const [, y, m, d, hour, minute, second] = parts;
      const time = new Date(`${y ?? ''}-${m ?? ''}-${d ?? ''}T${hour ?? ''}:${minute ?? ''}:${second ?? ''}Z`);
      const folder = join(dirname(target), name);
      return [{ folder, time, sizes: sizesOf(folder) }];
    });
  });
  return found.sort((a, b) => b.time.getTime() - a.time.getTime());
}

function sizesOf(...folders: readonly (string | undefined)[]): Sizes {
  let shared = 0;
  let own = 0;
  for (const folder of folders) {
    if (folder === undefined) continue;
    for (const { stat } of walk(bytePath(folder), recordName)) {
      const bytes = stat.blocks * 512; // stat(2)
      if (stat.isFile() && stat.nlink > 1) shared += bytes;
      else own += bytes;
    }
  }
  return { shared, own };
}
