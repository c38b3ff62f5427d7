// Is a backup still what it was? It shares its table files with `data`; a daemon that wrote to one has changed both.
import { lstatSync } from 'node:fs';

import { below, bytePath, forSystem, shown } from './bytes.js';
import { reading } from './failure.js';
import type { BackupRecord } from './record.js';

/** @returns the linked files that were written to or removed since, by path; none: the backup is as it was made */
export function suspectFiles(folder: string, { linkedFiles }: BackupRecord): string[] {
  const root = bytePath(folder);
  const suspect = linkedFiles.filter(({ path, size, mtimeMs }) => {
    const file = below(root, path);
    const stat = reading(file, () => lstatSync(forSystem(file), { throwIfNoEntry: false }));
    return stat?.size !== size || stat.mtimeMs !== mtimeMs;
  });
  return suspect.map(({ path }) => shown(path));
}
