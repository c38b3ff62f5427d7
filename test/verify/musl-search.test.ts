// musl's loader as the judge: a copy of it in each tree, so that its path file lies there too. Where the host has no musl,
// CVTOOL_MUSL_LOADER may name a loader that was unpacked somewhere.
import { spawnSync } from 'node:child_process';
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { expect } from 'vitest';

import { resolveLibraries, type Resolution } from '../../src/verify/library-search.js';
import { muslLoader, needs } from '../support/needs.js';
import { tree, withTree, type Tree } from './random-tree.js';

interface Answer {
  readonly found: readonly string[];
  readonly missing: readonly string[];
}

needs({ musl: true })("random trees are searched as musl's loader searches them", () => {
  const seen = { found: 0, missing: 0 };
  fc.assert(
    fc.property(tree, fc.option(fc.constantFrom('@/d1', '@/nowhere:@/d2\n@/d0', '')), (random, pathFile) => {
      withTree(forMusl(random), { interpreter: muslLoader, copied: true }, (root, start) => {
        if (pathFile !== null) {
          mkdirSync(join(root, 'etc'));
          writeFileSync(join(root, 'etc/ld-musl-x86_64.path'), pathFile.replaceAll('@', root));
        }
        const program = join(root, 'bin/program');
        const theirs = ask(join(root, 'lib/ld-musl-x86_64.so.1'), program, start);
        expect(ours(resolveLibraries(program, start))).toEqual(theirs);
        seen.found += theirs.found.length;
        seen.missing += theirs.missing.length;
      });
    }),
    { numRuns: Number(process.env['CVTOOL_FUZZ_RUNS'] ?? 200) },
  );
  expect(seen.found).toBeGreaterThan(100);
  expect(seen.missing).toBeGreaterThan(10);
});

/** musl looks neither at the class nor at the machine of a library, so files of another one are no question for it. */
function forMusl(random: Tree): Tree {
  const libraries = random.libraries.map(([folder, name, library]): Tree['libraries'][number] => {
    const kind = library.kind === '32-bit' || library.kind === 'other machine' ? 'library' : library.kind;
    return [folder, name, { ...library, kind }];
  });
  return { ...random, libraries, libraryPath: random.libraryPath?.replaceAll(';', ':') };
}

function ask(
  musl: string,
  program: string,
  { environment, workingFolder }: { environment: Record<string, string>; workingFolder: string },
): Answer {
  const { stdout, stderr } = spawnSync(musl, ['--list', program], {
    encoding: 'utf8',
    cwd: workingFolder,
    env: environment,
  });
  const found = Array.from(stdout.matchAll(/^\t(.*) => (.*) \(0x[0-9a-f]+\)$/gm), ([, name = '', path = '']) => {
    return `${name} ${realpathSync.native(path.startsWith('/') ? path : join(workingFolder, path))}`;
  });
  const missing = Array.from(stderr.matchAll(/^Error loading shared library (.*?): /gm), ([, name = '']) => name);
  return { found: found.filter((line) => !line.endsWith(realpathSync.native(musl))).sort(), missing: missing.sort() };
}

/** Of a preload that is not there musl says nothing. */
function ours({ objects, missing }: Resolution): Answer {
  const libraries = objects.filter(({ rule }) => rule !== 'program' && rule !== 'interpreter');
  return {
    found: libraries.map(({ name, realPath }) => `${name} ${realPath}`).sort(),
    missing: missing.map(({ name }) => name).sort(),
  };
}
