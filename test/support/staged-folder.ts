// A staged folder around any program, with a manifest of its real bytes.
import { chmodSync, cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Manifest } from '../../src/evidence/manifest.js';
import { stagedFiles } from '../../src/evidence/staged-files.js';

/** bin/quokkad is a copy of `program`, lib/libpouch.so some bytes; a manifest of them that is not written. */
export function stagedFolder(
  scratch: string,
  program: string,
  more: Partial<Manifest> = {},
): { folder: string; manifest: Manifest } {
  const folder = mkdtempSync(join(scratch, 'staged-'));
  for (const part of ['bin', 'lib']) mkdirSync(join(folder, part));
  cpSync(program, join(folder, 'bin/quokkad'));
  chmodSync(join(folder, 'bin/quokkad'), 0o755);
  writeFileSync(join(folder, 'lib/libpouch.so'), 'no ELF, but bytes');
  const files = stagedFiles(folder).map((file) => ({ ...file }));
  const manifest: Manifest = {
    ...{ schema: 1, cvtool: '0.0.0', target: { upgrade: 'v2' }, daemon: 'quokkad' },
    recipe: { name: 'quokka', sha256: '00' },
    source: {
      repository: 'https://example.org/quokka',
      tag: 'v2.0.0-1',
      commit: 'c'.repeat(40),
      commitTime: 1_700_000_000,
    },
    build: {
      ...{
        go: '1.19.2',
        goFrom: 'the recipe quokka',
        cc: 'gcc 12',
        ld: 'ld 2.40',
        libc: '2.36',
        platform: 'linux/x64',
      },
      ...{ environment: { LC_ALL: 'C', CGO_ENABLED: '1' }, commands: [['make', 'build']] },
      ...{ startedAt: '2024-01-08T09:00:00.000Z', finishedAt: '2024-01-08T09:01:00.000Z' },
    },
    files,
    libraries: [
      { name: 'libpouch.so', module: 'example.org/Pouch', version: 'v1.0.0', sha256: files[1]?.sha256 ?? '' },
    ],
    ...{ rewritten: ['runpath'], runpath: '$ORIGIN/../lib', glibcFloor: '2.34', version: {} },
    ...more,
  };
  return { folder, manifest };
}
