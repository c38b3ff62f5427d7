import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import type { Manifest } from '../../src/evidence/manifest.js';
import { sha256OfFile } from '../../src/evidence/sha256.js';
import { sameFiles, stagedFiles, stagedIsSound, type StagedFile } from '../../src/evidence/staged-files.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let count = 0;

test.each([0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3_000_001])(
  'a file of %i bytes has the digest of sha256sum',
  (size) => {
    const path = join(scratch, 'bytes');
    writeFileSync(path, Buffer.alloc(size, 'cvtool'));
    expect(sha256OfFile(path)).toBe(runTool('sha256sum', [path]).slice(0, 64));
  },
);

test('what is in bin/ and lib/ counts, sorted, with size and digest', () => {
  const folder = staged();
  writeFileSync(join(folder, 'upgrade-info.json'), '{}');
  writeFileSync(join(folder, 'lib/a.so'), 'aa');
  const digest = (path: string) => runTool('sha256sum', [join(folder, path)]).slice(0, 64);
  expect(stagedFiles(folder)).toEqual([
    { path: 'bin/demod', size: 5, sha256: digest('bin/demod') },
    { path: 'lib/a.so', size: 2, sha256: digest('lib/a.so') },
    { path: 'lib/libx.so', size: 4, sha256: digest('lib/libx.so') },
  ]);
});

test('a folder without them has none', () => {
  mkdirSync(join(scratch, 'empty'));
  expect(stagedFiles(join(scratch, 'empty'))).toEqual([]);
  expect(stagedFiles(join(scratch, 'missing'))).toEqual([]);
});

test('a link, a folder and a pipe have no digest: they are never read, and never what was staged', () => {
  const folder = staged();
  symlinkSync('/etc/passwd', join(folder, 'bin/link'));
  mkdirSync(join(folder, 'bin/sub'));
  runTool('mkfifo', [join(folder, 'lib/pipe')]);
  const odd = stagedFiles(folder).filter(({ sha256 }) => sha256 === '');
  expect(odd.map(({ path }) => path)).toEqual(['bin/link', 'bin/sub', 'lib/pipe']);
});

test('a folder is sound as it was staged', () => {
  const folder = staged();
  expect(stagedIsSound(folder, manifestOf(folder), 'demod')).toBe(true);
});

test.each<[string, (folder: string) => void]>([
  ['a byte is another one', (folder) => writeFileSync(join(folder, 'bin/demod'), 'demoD')],
  ['a library is gone', (folder) => rmSync(join(folder, 'lib/libx.so'))],
  ['a file was added to bin/', (folder) => writeFileSync(join(folder, 'bin/more'), '')],
  ['a folder was added to bin/', (folder) => mkdirSync(join(folder, 'bin/more'))],
  ['a library is a link to the same bytes', (folder) => replaceByLink(folder, 'lib/libx.so', 'libx')],
  ['the daemon may not be executed by all', (folder) => chmodSync(join(folder, 'bin/demod'), 0o750)],
  ['the daemon may not be read by all', (folder) => chmodSync(join(folder, 'bin/demod'), 0o711)],
  ['all of it is gone', (folder) => rmSync(folder, { recursive: true })],
])('it is not sound where %s', (_, harm) => {
  const folder = staged();
  const manifest = manifestOf(folder);
  harm(folder);
  expect(stagedIsSound(folder, manifest, 'demod')).toBe(false);
});

test('nor for a daemon that the manifest does not have', () => {
  const folder = staged();
  expect(stagedIsSound(folder, manifestOf(folder), 'otherd')).toBe(false);
});

test('the same files are the same in any order, and no name passes for two files', () => {
  const [a, b] = [file('bin/a', '11'), file('bin/b', '22')];
  expect(sameFiles([a, b], [b, a])).toBe(true);
  expect(sameFiles([a], [a, b])).toBe(false);
  expect(sameFiles([a], [file('bin/a', '22')])).toBe(false);
  expect(sameFiles([a, b], [file('bin/a 11\nbin/b', '22')])).toBe(false);
});

function file(path: string, sha256: string): StagedFile {
  return { path, sha256, size: 1 };
}

function staged(): string {
  const folder = join(scratch, `staged ${(count += 1)}`);
  for (const part of ['bin', 'lib']) mkdirSync(join(folder, part), { recursive: true });
  writeFileSync(join(folder, 'bin/demod'), 'demod', { mode: 0o755 });
  writeFileSync(join(folder, 'lib/libx.so'), 'libx');
  return folder;
}

/** Only what is looked at here. */
function manifestOf(folder: string): Manifest {
  return { files: stagedFiles(folder) } as unknown as Manifest;
}

function replaceByLink(folder: string, path: string, content: string): void {
  writeFileSync(join(folder, 'elsewhere'), content);
  rmSync(join(folder, path));
  symlinkSync('../elsewhere', join(folder, path));
}
