// Removes a folder of ours and all in it, in turns, whatever its names are made of. Its mark goes last, so that a removal that
// was killed is known as ours, and finished, by the next.
import { chmodSync, lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';

import { hasCode } from '../errors/cvtool-error.js';
import { below, forSystem, type BytePath } from './bytes.js';
import type { Pace } from './pace.js';

interface Level {
  readonly path: BytePath;
  readonly names: BytePath[];
}

/** @param last the name at its top that goes last @throws the system's error */
export async function removeFolder(folder: BytePath, last: BytePath, pace: Pace): Promise<void> {
  const levels = [openLevel(folder)];
  moveToFront(levels[0]?.names, last);
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    if (pace.isDue()) await pace.turn();
    const name = level.names.pop();
    if (name === undefined) {
      rmdirSync(forSystem(level.path));
      levels.pop();
      continue;
    }
    const path = below(level.path, name);
    if (lstatSync(forSystem(path)).isDirectory()) levels.push(openLevel(path));
    else unlinkSync(forSystem(path));
  }
}

/** A folder that its owner may not write cannot be emptied either. */
function openLevel(path: BytePath): Level {
  try {
    chmodSync(forSystem(path), 0o700);
  } catch (error) {
    if (!hasCode(error, 'EPERM')) throw error; // somebody else's: then it may be empty
  }
  return { path, names: readdirSync(forSystem(path), 'latin1') as BytePath[] };
}

function moveToFront(names: BytePath[] | undefined, name: BytePath): void {
  const at = names?.indexOf(name) ?? -1;
  if (names !== undefined && at > 0) names.unshift(...names.splice(at, 1));
}
