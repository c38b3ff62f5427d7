// All that a folder holds: a folder, then what is in it, its subfolders later. Those above always come before those below, and
// one folder's names are in memory at a time.
import { lstatSync, readdirSync, type Stats } from 'node:fs';

import { below, forSystem, type BytePath } from './bytes.js';
import { reading } from './failure.js';
import { nextFileNumber } from './manifest.js';

export interface Entry {
  /** `table`: a file that its database never writes again. `special`: a socket, FIFO or device, which holds nothing. */
  readonly kind: 'folder' | 'table' | 'file' | 'link' | 'special';
  /** Below the root; '' is the root itself. */
  readonly path: BytePath;
  readonly stat: Stats;
}

/**
 * @param root a folder, no link
 * @param without one name directly in the root that is passed over
 * @throws BACKUP_FAILED where something cannot be read or vanishes
 */
export function* walk(root: BytePath, without: BytePath): Generator<Entry> {
  const folders: Entry[] = [entryOf(root, '' as BytePath, false)];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    yield folder;
    const { path } = folder;
    const names = namesOf(below(root, path));
    const isTable = isDatabase(names) ? tablesOf(below(root, path)) : () => false;
    for (const name of names) {
      if (path === '' && name === without) continue;
      const entry = entryOf(root, below(path, name), isTable(name));
      if (entry.kind === 'folder') folders.push(entry);
      else yield entry;
    }
  }
}

/**
 * LevelDB and its kin (goleveldb, RocksDB, Pebble): `.ldb` and `.sst` are written once and then only removed, while logs,
 * manifests and CURRENT are written on. Elsewhere the same name may be any file's.
 */
function tablesOf(database: BytePath): (name: BytePath) => boolean {
  const next = nextFileNumber(database) ?? Infinity;
  return (name) => (name.endsWith('.ldb') || name.endsWith('.sst')) && !(Number.parseInt(name, 10) >= next);
}

function isDatabase(names: readonly BytePath[]): boolean {
  return names.some((name) => name === 'CURRENT') && names.some((name) => name.startsWith('MANIFEST-'));
}

function namesOf(folder: BytePath): BytePath[] {
  return reading(folder, () => readdirSync(forSystem(folder), 'latin1')) as BytePath[];
}

function entryOf(root: BytePath, path: BytePath, mayBeTable: boolean): Entry {
  const whole = below(root, path);
  const stat = reading(whole, () => lstatSync(forSystem(whole)));
  if (stat.isDirectory()) return { kind: 'folder', path, stat };
  if (stat.isFile()) return { kind: mayBeTable ? 'table' : 'file', path, stat };
  return { kind: stat.isSymbolicLink() ? 'link' : 'special', path, stat };
}
