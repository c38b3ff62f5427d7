// What is judged: a staged folder and the program in it, or a program that lies anywhere.
import { statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

import { CvtoolError, hasCode } from '../errors/cvtool-error.js';
import type { HomePaths, StagingTarget } from '../home/paths.js';
import { binaryIn, targetFolder, targetName } from '../home/paths.js';

export interface Subject {
  /** As the operator would say it: `genesis`, `upgrades/v2.2.0`, a path. */
  readonly name: string;
  /** bin/ and lib/ lie in it: what goes to another host as a whole. */
  readonly folder: string;
  readonly binary: string;
  /** What it is staged for, where that is known. */
  readonly target: StagingTarget | undefined;
  /** Where the folder will lie, while it is only being staged. */
  readonly place?: string | undefined;
  /**
   * The real path that a copy of the binary will have, where it is judged before it is copied: $ORIGIN is taken from it. The mode of
   * the file, and those of the folders around it, are then of no interest.
   */
  readonly copyTo?: string | undefined;
}

/** The folder of a target, by the name that it must have. */
export function stagedSubject(home: HomePaths, target: StagingTarget): Subject {
  const folder = targetFolder(home, target);
  return { name: targetName(target), folder, binary: binaryIn(home, folder), target };
}

/**
 * A program by its path, or a folder that has one in its bin/.
 * @param path absolute
 * @param daemon the program's name, for a folder
 * @throws NOT_STAGED where nothing is there
 */
export function subjectAt(path: string, daemon: string): Subject {
  if (isFolder(path)) return { name: path, folder: path, binary: join(path, 'bin', daemon), target: undefined };
  const folder = dirname(path);
  return {
    name: path,
    folder: basename(folder) === 'bin' ? dirname(folder) : folder,
    binary: path,
    target: undefined,
  };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ELOOP')) {
      throw new CvtoolError('NOT_STAGED', `there is no ${path}`, {
        hint: 'Give genesis, current, the name of an upgrade, or the path of a binary or of a staged folder.',
        cause: error,
      });
    }
    throw error;
  }
}
