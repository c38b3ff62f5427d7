// What a search is made in: the environment and the files of the host that the loader asks.
import { readFileSync } from 'node:fs';

import { hasCode } from '../errors/cvtool-error.js';
import type { LoadedObject } from './loaded-object.js';

export interface SearchContext {
  readonly program: LoadedObject;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly isHidden: (path: string) => boolean;
  /** Absolute; where relative paths start. */
  readonly workingFolder: string;
  readonly loaderCache: string;
  readonly preloadFile: string;
  /** The text of /proc/cpuinfo. */
  readonly cpuinfo: string;
}

/** @returns `otherwise` where the file is not there or not for us to read */
export function readTextOr<Otherwise>(path: string, otherwise: Otherwise): string | Otherwise {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES')) return otherwise;
    throw error;
  }
}
