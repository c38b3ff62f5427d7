// Good archives with some bytes changed, cut out or put in: each is refused, or becomes files that it may hold. There is no third
// way: no other error, no end that does not come, and not a byte outside of the folder.
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { CvtoolError } from '../../src/errors/cvtool-error.js';
import { unpackArchive, type ArchiveFormat } from '../../src/install/unpack.js';
import { makeTar, paxHeader } from '../support/make-tar.js';
import { makeZip } from '../support/make-zip.js';
import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const runs = process.env.CVTOOL_SLOW === '1' ? 4_000 : 150;
const binary = 'binary '.repeat(30);
const library = 'library '.repeat(30);

const tar = makeTar([
  { name: 'bin/', type: '5', mode: 0o755 },
  { name: 'bin/simd', content: binary, mode: 0o755 },
  paxHeader({ path: `lib/${'n'.repeat(110)}` }),
  { name: 'lib/cut', content: library },
  { name: 'lib/link.so', type: '2', linkTarget: '../bin/simd' },
]);
const zip = makeZip([
  { name: 'bin/', mode: 0o040755 },
  { name: 'bin/simd', content: binary, mode: 0o100755, method: 8 },
  { name: 'lib/libwasmvm.so', content: library, mode: 0o100644, flags: 8, behind: Buffer.alloc(16) },
  { name: 'lib/link.so', content: '../bin/simd', mode: 0o120777 },
]);

type Change = readonly [at: number, cut: number, put: Uint8Array];

const places = 1 << 16;

/** Mostly one byte; the places are spread over the whole length. */
const changes = fc.array(
  fc.tuple(
    fc.noBias(fc.nat(places - 1)),
    fc.oneof({ weight: 5, arbitrary: fc.constant(1) }, fc.nat(600)),
    fc.oneof({ weight: 5, arbitrary: fc.uint8Array({ minLength: 1, maxLength: 1 }) }, fc.uint8Array({ maxLength: 40 })),
  ),
  { minLength: 1, maxLength: 3 },
);

function changed(bytes: Buffer, list: readonly Change[]): Buffer {
  return list.reduce<Buffer>((all, [at, cut, put]) => {
    const start = Math.floor((at / places) * all.length);
    return Buffer.concat([all.subarray(0, start), put, all.subarray(start + cut)]);
  }, bytes);
}

interface Outcome {
  readonly files: readonly string[];
  readonly contents: readonly string[];
}

/** @returns undefined where it was refused */
async function outcome(archive: Buffer, format: ArchiveFormat): Promise<Outcome | undefined> {
  const place = mkdtempSync(join(scratch, 'at-'));
  const folder = join(place, 'deep/er/tree');
  mkdirSync(join(place, 'deep/er'), { recursive: true });
  const file = join(place, 'archive');
  writeFileSync(file, archive);
  const bounds = { largest: 10_000, mostFiles: 20, mostRatio: 100 };
  const signal = AbortSignal.timeout(20_000); // its reason would be an error of another kind
  try {
    const files = await unpackArchive(file, format, folder, { signal, single: 'simd', bounds });
    expect(files).toEqual(files.toSorted());
    expect(files).toEqual(onlyGoodThings(folder));
    return { files, contents: files.map((name) => readFileSync(join(folder, name), 'utf8')) };
  } catch (error) {
    if (error instanceof CvtoolError && error.code === 'ARCHIVE_INVALID') return undefined;
    throw error;
  } finally {
    const others = readdirSync(place, { recursive: true, encoding: 'utf8' });
    expect(others.filter((path) => !path.startsWith('deep/er/tree')).sort()).toEqual(['archive', 'deep', 'deep/er']);
    rmSync(place, { recursive: true });
  }
}

/** @returns the regular files below `folder`; all else has to be a folder, or a link to one of them */
function onlyGoodThings(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return names.filter((name) => {
    const stat = lstatSync(join(folder, name));
    expect(stat.mode & 0o7000).toBe(0);
    if (stat.isSymbolicLink())
      expect(realpathSync(join(folder, name)).startsWith(`${realpathSync(folder)}/`)).toBe(true);
    else expect(stat.isFile() || stat.isDirectory()).toBe(true);
    return stat.isFile();
  });
}

test('a tar, which has a sum over its headers only', { timeout: 600_000 }, async () => {
  const seen = new Set<boolean>();
  await fc.assert(
    fc.asyncProperty(changes, async (list) => {
      const result = await outcome(changed(tar, list), 'tar');
      seen.add(result === undefined);
      for (const name of result?.files ?? []) expect(name).not.toMatch(/(?:^|\/)\.\.?(?:\/|$)|^\/|\\|\p{Cc}/u);
    }),
    { numRuns: runs },
  );
  expect(seen.size, 'some are refused, and some are not').toBe(2);
});

test('a zip, which has a sum over the content of each file', { timeout: 600_000 }, async () => {
  const seen = new Set<boolean>();
  await fc.assert(
    fc.asyncProperty(changes, async (list) => {
      const result = await outcome(changed(zip, list), 'zip');
      seen.add(result === undefined);
      for (const content of result?.contents ?? []) expect(['', '../bin/simd', binary, library]).toContain(content);
    }),
    { numRuns: runs },
  );
  expect(seen.size, 'some are refused, and some are not').toBe(2);
});

const tools = { bz2: ['bzip2', '-c'], xz: ['xz', '-c'], zst: ['zstd', '-q', '-c', '--check'] } as const;

for (const format of ['gz', 'bz2', 'xz', 'zst'] as const) {
  const compress = (bytes: Buffer): Buffer => {
    if (format === 'gz') return gzipSync(bytes);
    const [command, ...args] = tools[format];
    return execFileSync(command, args, { input: bytes });
  };
  needs(format === 'gz' ? {} : { archivers: true })(
    `${format}, with a sum over all: the right files or none`,
    async () => {
      const whole = await outcome(compress(tar), `tar.${format}`);
      const archives = [compress(tar), compress(Buffer.from(binary))] as const;
      await fc.assert(
        fc.asyncProperty(changes, async (list) => {
          const result = await outcome(changed(archives[0], list), `tar.${format}`);
          if (result !== undefined) expect(result).toEqual(whole);
          const single = await outcome(changed(archives[1], list), format);
          if (single !== undefined) expect(single.contents).toEqual([binary]);
        }),
        { numRuns: runs },
      );
    },
    600_000,
  );
}

test('noise', { timeout: 600_000 }, async () => {
  const formats: ArchiveFormat[] = ['tar', 'tar.gz', 'tar.bz2', 'tar.xz', 'tar.zst', 'zip', 'gz', 'bz2', 'xz', 'zst'];
  const heads = [
    '',
    '\x1f\x8b\x08\0',
    'BZh9\x31\x41\x59\x26\x53\x59',
    '\xfd7zXZ\0',
    '\x28\xb5\x2f\xfd',
    'PK\x03\x04',
    'PK\x05\x06',
  ];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...formats),
      fc.constantFrom(...heads),
      fc.uint8Array({ maxLength: 2000 }),
      async (format, head, rest) => {
        await outcome(Buffer.concat([Buffer.from(head, 'latin1'), rest]), format);
      },
    ),
    { numRuns: runs },
  );
});
