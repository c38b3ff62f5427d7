// What a backup would copy now, by the very walk that makes one.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { below, bytePath } from '../../backup/bytes.js';
import { spaceOf } from '../../backup/copy-file.js';
import { recordName } from '../../backup/record.js';
import { walk } from '../../backup/walk.js';
import { CvtoolError, hasCode } from '../../errors/cvtool-error.js';
import type { HomePaths } from '../../home/paths.js';

/** A node at work removes files while we look; then it is tried again. */
const tries = 3;

/** What a backup would do with data/ and wasm/ now, by the rules of backup/. @returns undefined where they cannot be read */
export function backupBytes(
  { root, data }: HomePaths,
  linkTables: boolean,
): { copy: number; linked: number } | undefined {
  const trees = [data, join(root, 'wasm')].filter((path) => existsSync(path)).map(bytePath);
  for (let attempt = 0; attempt < tries; attempt += 1) {
    try {
      let copy = 0;
      let linked = 0;
      for (const tree of trees) {
        // `/.`: a data/ that is a link is followed
        for (const { kind, stat } of walk(below(tree, bytePath('.')), recordName)) {
          if (kind === 'table' && linkTables) linked += spaceOf(stat);
          else if (kind === 'table' || kind === 'file') copy += spaceOf(stat);
        }
      }
      return { copy, linked };
    } catch (error) {
      if (!(error instanceof CvtoolError) && !hasCode(error, 'ENOENT', 'EACCES')) throw error;
    }
  }
  return undefined;
}
