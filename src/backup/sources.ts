// The folders that a backup is made of, after all links, and where it goes; what cannot work is refused before anything is written.
import { lstatSync, realpathSync, statSync, type Stats } from 'node:fs';

import { hasCode, isSystemError } from '../errors/cvtool-error.js';
import { quoted } from '../values/printable.js';
import { bytePath, forSystem, shown, type BytePath } from './bytes.js';
import { failed, folderHint, reading, reason } from './failure.js';
import type { TreeName } from './names.js';

export interface Source {
  readonly tree: TreeName;
  /** A folder, no link. */
  readonly folder: BytePath;
  readonly stat: Stats;
}

/**
 * @param wasmFolder counts where it is a folder or a link; a file of that name is not the chain's
 * @throws BACKUP_FAILED where one is no folder, or leads nowhere
 */
export function sourcesOf(dataFolder: string, wasmFolder: string | undefined): readonly Source[] {
  const data = sourceOf('data', dataFolder);
  if (wasmFolder === undefined) return [data];
  const wasm = reading(bytePath(wasmFolder), () => lstatSync(wasmFolder, { throwIfNoEntry: false }));
  const isFolder = wasm?.isDirectory() === true || wasm?.isSymbolicLink() === true;
  return isFolder ? [data, sourceOf('wasm', wasmFolder)] : [data];
}

function sourceOf(tree: TreeName, path: string): Source {
  const folder = realFolder(path, 'Is its disk mounted?');
  return { tree, folder, stat: reading(folder, () => lstatSync(forSystem(folder))) };
}

/** @returns the backup folder, after all links @throws BACKUP_FAILED where it is none, or lies in what it is to hold */
export function backupFolder(path: string, sources: readonly Source[]): BytePath {
  const dir = realFolder(path, folderHint);
  for (const { folder } of sources) {
    if (dir !== folder && !dir.startsWith(`${folder}/`)) continue;
    throw failed(
      `the backup folder ${quoted(path)} lies in ${quoted(shown(folder))}, which is to be backed up`,
      'Let DAEMON_DATA_BACKUP_DIR name a folder outside of it.',
    );
  }
  return dir;
}

export function realFolder(path: string, hint: string): BytePath {
  try {
    const folder = realpathSync(path);
    if (statSync(folder).isDirectory()) return bytePath(folder);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) throw failed(`there is no folder ${quoted(path)}`, hint, error);
    if (isSystemError(error)) {
      throw failed(`the folder ${quoted(path)} cannot be reached: ${reason(error)}`, hint, error);
    }
    throw error;
  }
  throw failed(`${quoted(path)} is not a folder`, hint);
}
