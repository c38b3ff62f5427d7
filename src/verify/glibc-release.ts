// The release of a glibc, by what its libc.so.6 offers: nothing is run. GLIBC_2.36 is defined from release 2.36 on.
import { readVersionDefinitions } from '../elf/versions.js';
import { withBytes } from './bind.js';
import type { Resolution } from './library-search.js';

/**
 * @returns 2.36, say: the newest release whose symbols the libc that the program would get has. A release that added none is
 *   named by the one before, which means the same to a program. undefined where there is no glibc.
 */
export function glibcReleaseOf({ objects, loader }: Resolution): string | undefined {
  if (loader?.kind !== 'glibc') return undefined;
  const libc = objects.find(({ elf }) => elf.dynamic?.soname === 'libc.so.6');
  if (libc === undefined) return undefined;
  return withBytes(libc, readVersionDefinitions)
    .map((name) => /^GLIBC_(\d{1,6}(?:\.\d{1,6}){1,2})$/.exec(name)?.[1])
    .filter((release) => release !== undefined)
    .sort(compareReleases)
    .at(-1);
}

/** Orders 2.4 before 2.31. */
export function compareReleases(one: string, other: string): number {
  const [ones, others] = [one, other].map((release) => release.split('.').map(Number));
  for (let index = 0; index < 3; index += 1) {
    const difference = (ones?.[index] ?? 0) - (others?.[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
