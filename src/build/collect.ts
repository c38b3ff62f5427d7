// From the checkout to a folder of its own: the artifact, and each library that it needs and that does not belong to the system,
// from where its RUNPATH points. Nothing is run, ldd neither.
import { chmodSync, copyFileSync, mkdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

import { CvtoolError, hasCode } from '../errors/cvtool-error.js';
import { isWithin } from '../verify/hidden-folders.js';
import { resolveLibraries } from '../verify/library-search.js';
import type { LoadedObject } from '../verify/loaded-object.js';

export interface CollectedLibrary {
  /** The file name under which it is needed. */
  readonly name: string;
  /** Where it was found on this host. */
  readonly from: string;
}

export interface Collected {
  /** Holds bin/ and, where there are libraries, lib/. */
  readonly folder: string;
  readonly binary: string;
  readonly libraries: readonly CollectedLibrary[];
}

/** Where the system's own libraries lie; /usr/local is not the system's. */
const systemFolders = ['/lib', '/lib32', '/lib64', '/libx32', '/usr/lib', '/usr/lib32', '/usr/lib64', '/usr/libx32'];

/**
 * Copies the artifact to `folder`/bin/`daemon` and its libraries to `folder`/lib.
 * @param own file names that are never the system's, wherever they lie: the recipe's libraries
 * @throws ARTIFACT_MISSING for no artifact, or for a library that is nowhere
 */
export function collect(
  artifact: string,
  {
    folder,
    daemon,
    own,
    environment,
  }: {
    folder: string;
    daemon: string;
    own: readonly string[];
    environment: Readonly<Record<string, string | undefined>>;
  },
): Collected {
  if (!isRegularFile(artifact)) {
    throw new CvtoolError('ARTIFACT_MISSING', `the build ended well, but there is no file ${artifact}`, {
      hint: "The recipe's `artifact` must be what its build commands leave.",
    });
  }
  const { objects, missing, program } = resolveLibraries(artifact, { environment, workingFolder: folder });
  const [lost] = missing;
  if (lost !== undefined) {
    throw new CvtoolError(
      'ARTIFACT_MISSING',
      `${lost.name}, which ${basename(lost.wantedBy.path)} needs, is nowhere to be found`,
      {
        details: lost.tried.map(
          ({ rule, place, why }) => `looked in ${place} (${rule})${why === undefined ? '' : `: ${why}`}`,
        ),
        hint: 'Build where the library is: its folder must be in the RUNPATH of what was built.',
      },
    );
  }
  const libraries = objects.filter((object) => object !== program && isOurs(object, own));
  const binary = join(folder, 'bin', daemon);
  makeOpenFolder(folder);
  makeOpenFolder(join(folder, 'bin'));
  copyWhole(artifact, binary, 0o755);
  if (libraries.length > 0) makeOpenFolder(join(folder, 'lib'));
  const collected = libraries.map((library) => {
    const name = basename(library.name);
    copyWhole(library.realPath, join(folder, 'lib', name), 0o755);
    return { name, from: library.realPath };
  });
  return { folder, binary, libraries: collected };
}

function isOurs({ name, realPath, rule }: LoadedObject, own: readonly string[]): boolean {
  if (rule === 'interpreter' || rule === 'preload') return false;
  return own.includes(basename(name)) || !systemFolders.some((folder) => isWithin(realPath, folder));
}

/** Whatever the umask is: it is verified as it will be staged, for everybody to search. */
function makeOpenFolder(folder: string): void {
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o755);
}

function copyWhole(from: string, to: string, mode: number): void {
  copyFileSync(from, to);
  chmodSync(to, mode);
}

function isRegularFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return false;
    throw error;
  }
}
