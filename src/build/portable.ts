// Makes what was collected independent of this host: the binary looks for its libraries in ../lib, a library that needs
// another one beside itself, and no path of the build host is left. A library that needs none of them keeps every byte: by
// its digest it is known to be that of its module. The same bytes come out wherever the modules lay.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { makeBuildIdsCanonical } from '../elf/build-ids.js';
import { fromBuffer } from '../elf/bytes.js';
import { readElf } from '../elf/elf-file.js';
import { rewriteRunpath } from '../elf/runpath.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import type { Collected } from './collect.js';

/** RUNPATH of a staged binary that has libraries beside it. */
const portableRunpath = '$ORIGIN/../lib';

/** What was changed after linking. */
export interface Portable {
  readonly runpath: string | undefined;
  readonly rewritten: readonly ('runpath' | 'build ids')[];
}

/**
 * Rewrites, in place, the binary (where it has libraries, or a RUNPATH of this host) and the libraries that need another one;
 * and the build ids of what was rewritten or built by Go, since they are made from the paths too.
 * @param hostPaths paths of this host that must not be left in the binary: the module cache, the checkout
 * @throws RUNPATH_FIXED where the linker left no room for it; VERIFY_FAILED where a path of the host is left
 */
export function makePortable(
  { folder, binary, libraries }: Collected,
  { hostPaths, byGo }: { readonly hostPaths: readonly string[]; readonly byGo: boolean },
): Portable {
  const rewritten = rewriteFile(binary, portableRunpath, { needed: libraries.length > 0, byGo });
  const names = new Set(libraries.map(({ name }) => name));
  for (const { name } of libraries) {
    const path = join(folder, 'lib', name);
    if (!neededBy(path).some((need) => names.has(need))) continue;
    rewriteFile(path, '$ORIGIN', { needed: false, byGo: false }); // without a RUNPATH it may still find it loaded: verify tells
  }
  refuseHostPaths(binary, hostPaths);
  return {
    runpath: runpathOf(readFileSync(binary)),
    rewritten,
  };
}

function rewriteFile(
  path: string,
  runpath: string,
  { needed, byGo }: { readonly needed: boolean; readonly byGo: boolean },
): Portable['rewritten'] {
  const image = readFileSync(path);
  const hasRunpath = runpathOf(image) !== undefined || needed;
  if (!hasRunpath && !byGo) return [];
  if (hasRunpath) rewriteRunpath(image, runpath);
  makeBuildIdsCanonical(image);
  writeFileSync(path, image);
  return hasRunpath ? ['runpath', 'build ids'] : ['build ids'];
}

function neededBy(path: string): readonly string[] {
  return readElf(fromBuffer(path, readFileSync(path))).dynamic?.needed ?? [];
}

function runpathOf(image: Buffer): string | undefined {
  const { dynamic } = readElf(fromBuffer('the binary', image));
  return dynamic?.runpath ?? dynamic?.rpath;
}

function refuseHostPaths(binary: string, hostPaths: readonly string[]): void {
  const image = readFileSync(binary);
  const left = hostPaths.find((path) => image.includes(path));
  if (left === undefined) return;
  throw new CvtoolError('VERIFY_FAILED', `the built binary still has the path ${left} of this host in it`, {
    hint: 'Go leaves it out with -trimpath: the recipe, or the Makefile, must not set GOFLAGS.',
  });
}
