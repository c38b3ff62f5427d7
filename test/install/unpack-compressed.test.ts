// Each way to compress: whole, cut off at any byte, with something behind it, damaged, and growing without end.
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { beforeEach, describe, expect, test } from 'vitest';

import { unpackArchive, type ArchiveFormat } from '../../src/install/unpack.js';
import { makeTar } from '../support/make-tar.js';
import { makeZip } from '../support/make-zip.js';
import { needs } from '../support/needs.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let folder: string;
beforeEach(() => (folder = join(mkdtempSync(join(scratch, 'at-')), 'tree')));

const bounds = { largest: 1e8, mostFiles: 100, mostRatio: 50 };

function unpack(archive: Buffer, format: ArchiveFormat, limits = bounds): Promise<readonly string[]> {
  const file = join(folder, '../archive');
  writeFileSync(file, archive);
  return unpackArchive(file, format, folder, { signal: new AbortController().signal, single: 'simd', bounds: limits });
}

/** Noise that is half as long when it is compressed. */
const content = Buffer.from(Array.from({ length: 40 }, () => randomBytes(5000).toString('hex')).join('\n'));

const tools = {
  gz: ['gzip', '-c'],
  bz2: ['bzip2', '-c'],
  xz: ['xz', '-c'],
  zst: ['zstd', '-q', '-c', '--check'],
} as const;

function compress(bytes: Buffer, [command, ...args]: readonly [string, ...string[]]): Buffer {
  return execFileSync(command, args, { input: bytes, maxBuffer: 1 << 28 });
}

describe.each(Object.entries(tools))('%s', (format, tool) => {
  const single = format as keyof typeof tools;
  const options = single === 'gz' ? {} : { archivers: true };
  const compressed = (bytes: Buffer): Buffer => (single === 'gz' ? gzipSync(bytes) : compress(bytes, tool));

  needs(options)('one file, its name given', async () => {
    expect(await unpack(compressed(content), single)).toEqual(['simd']);
    expect(readFileSync(join(folder, 'simd')).equals(content)).toBe(true);
    expect(lstatSync(join(folder, 'simd')).mode & 0o7777).toBe(0o644);
  });

  needs(options)('a file without content', async () => {
    expect(await unpack(compressed(Buffer.alloc(0)), single)).toEqual(['simd']);
    expect(readFileSync(join(folder, 'simd'))).toHaveLength(0);
  });

  needs(options)('a tar', async () => {
    const tar = makeTar([{ name: './simd', content, mode: 0o755 }]);
    expect(await unpack(compressed(tar), `tar.${single}`)).toEqual(['simd']);
    expect(readFileSync(join(folder, 'simd')).equals(content)).toBe(true);
  });

  needs(options)('two of them, one behind the other, are one', async () => {
    await unpack(Buffer.concat([compressed(content), compressed(Buffer.from('end'))]), single);
    expect(readFileSync(join(folder, 'simd')).equals(Buffer.concat([content, Buffer.from('end')]))).toBe(true);
  });

  needs(options)('wherever it is cut off, it is refused', async () => {
    const whole = compressed(Buffer.from('a file, and not a long one'));
    for (let length = 0; length < whole.length; length += 1) {
      await expect(unpack(whole.subarray(0, length), single), String(length)).rejects.toMatchObject({
        code: 'ARCHIVE_INVALID',
      });
      folder += 'x';
    }
  });

  needs(options)('a long one that is cut off is refused', async () => {
    const whole = compressed(content);
    for (const part of [0.1, 0.5, 0.999]) {
      const cut = whole.subarray(0, Math.floor(whole.length * part));
      await expect(unpack(cut, single)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
      folder += 'x';
    }
  });

  needs(options)('with something behind its end it is refused', async () => {
    for (const behind of [
      'x',
      'something longer than that',
      '\0',
      '\0\0\0\0\0',
      'BZh',
      '\x1f\x8b',
      '\x28\xb5\x2f\xfd',
    ]) {
      const archive = Buffer.concat([compressed(content), Buffer.from(behind, 'latin1')]);
      await expect(unpack(archive, single), JSON.stringify(behind)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
      folder += 'x';
    }
  });

  needs(options)('what is something else is refused', async () => {
    for (const text of ['<html>Sign in to the network</html>', 'x', '\0'.repeat(100)]) {
      await expect(unpack(Buffer.from(text), single), text).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
      folder += 'x';
    }
  });

  needs(options)('one that grows too much is refused, in a file or behind the end of a tar', async () => {
    const zeros = Buffer.alloc(40_000_000);
    const refused = { code: 'ARCHIVE_INVALID', message: expect.stringContaining('more than 50 times') as string };
    await expect(unpack(compressed(zeros), single)).rejects.toMatchObject(refused);
    expect(lstatSync(join(folder, 'simd')).size).toBeLessThan(25_000_000);
    folder += 'x';
    const padded = compressed(makeTar([{ name: 'simd' }], zeros));
    await expect(unpack(padded, `tar.${single}`)).rejects.toMatchObject(refused);
  });

  needs(options)('one that has more than is allowed is refused', async () => {
    const archive = compressed(content);
    await expect(unpack(archive, single, { ...bounds, largest: content.length })).resolves.toEqual(['simd']);
    folder += 'x';
    await expect(unpack(archive, single, { ...bounds, largest: content.length - 1 })).rejects.toMatchObject({
      message: expect.stringContaining('bytes') as string,
    });
  });

  needs(options)('a signal stops it, with its reason', async () => {
    writeFileSync(join(folder, '../archive'), compressed(content));
    const controller = new AbortController();
    const reason = new Error('stop');
    const unpacking = unpackArchive(join(folder, '../archive'), single, folder, {
      ...{ signal: controller.signal, single: 'simd', bounds },
    });
    controller.abort(reason);
    await expect(unpacking).rejects.toBe(reason);
  });
});

needs({ root: true })('a full disk is the error of the system', async () => {
  const disk = join(folder, '../disk');
  mkdirSync(disk);
  runTool('mount', ['-t', 'tmpfs', '-o', 'size=100k', 'none', disk]);
  try {
    folder = join(disk, 'tree');
    writeFileSync(join(disk, '../archive'), gzipSync(makeTar([{ name: 'simd', content }])));
    const options = { signal: new AbortController().signal, single: 'simd', bounds };
    await expect(unpackArchive(join(disk, '../archive'), 'tar.gz', folder, options)).rejects.toMatchObject({
      code: 'ENOSPC',
    });
  } finally {
    runTool('umount', [disk]);
  }
});

test('an entry of a zip that goes on behind its size is not written to its end', async () => {
  const zip = makeZip([{ name: 'simd', bytes: Buffer.alloc(5_000_000), method: 8, size: 1_500_000 }]);
  await expect(unpack(zip, 'zip')).rejects.toMatchObject({
    message: expect.stringContaining('another size') as string,
  });
  expect(lstatSync(join(folder, 'simd')).size).toBeLessThanOrEqual(1_500_000);
});

test('a zip that grows too much is refused', async () => {
  const zip = makeZip([{ name: 'simd', bytes: Buffer.alloc(40_000_000), method: 8 }]);
  await expect(unpack(zip, 'zip')).rejects.toMatchObject({
    message: expect.stringContaining('more than 50 times') as string,
  });
});

needs({ archivers: true })(
  'every level and variant that the tools know',
  async () => {
    const variants: [ArchiveFormat, [string, ...string[]]][] = [
      ['gz', ['gzip', '-c', '-1']],
      ['gz', ['gzip', '-c', '-9']],
      ['bz2', ['bzip2', '-c', '-1']],
      ['bz2', ['bzip2', '-c', '-9']],
      ['xz', ['xz', '-c', '-9']],
      ['xz', ['xz', '-c', '-0', '--check=crc32', '--block-size=65536', '-T2']],
      ['xz', ['xz', '-c', '--check=none']],
      ['zst', ['zstd', '-q', '-c', '-1', '--no-check']],
      ['zst', ['zstd', '-q', '-c', '-19']],
      ['zst', ['zstd', '-q', '-c', '--ultra', '-22']],
      ['zst', ['zstd', '-q', '-c', '--long=27']],
    ];
    const long = Buffer.concat([content, Buffer.alloc(3_000_000, 'abc'), content, Buffer.alloc(3_000_000), content]);
    for (const [format, tool] of variants) {
      await unpack(compress(long, tool), format);
      expect(hash(readFileSync(join(folder, 'simd'))), tool.join(' ')).toBe(hash(long));
      folder += 'x';
    }
  },
  60_000,
);

needs({ archivers: true })('a window that is too large, and filters that are not known, are refused', async () => {
  for (const [format, tool] of [
    ['zst', ['zstd', '-q', '-c', '--ultra', '--long=28']],
    ['xz', ['xz', '-c', '--lzma2=dict=1536MiB']],
    ['xz', ['xz', '-c', '--x86', '--lzma2']],
    ['xz', ['xz', '-c', '--check=sha256']],
    ['xz', ['xz', '-c', '--format=lzma']],
  ] as const) {
    await expect(unpack(compress(content, tool), format), tool.join(' ')).rejects.toMatchObject({
      code: 'ARCHIVE_INVALID',
    });
    folder += 'x';
  }
});

needs({ archivers: true })('what tar and zip make of a folder comes out as it was', async () => {
  const source = join(folder, '../source');
  mkdirSync(join(source, 'bin'), { recursive: true });
  const longName = `lib/${'n'.repeat(120)}/${'m'.repeat(120)}`;
  mkdirSync(join(source, longName), { recursive: true });
  writeFileSync(join(source, 'bin/simd'), content, { mode: 0o755 });
  writeFileSync(join(source, longName, 'libwasmvm ü.so'), 'library');
  symlinkSync(`../${longName}/libwasmvm ü.so`, join(source, 'bin/lib.so'));
  cpSync(join(source, 'bin/simd'), join(source, 'simd2'));
  runTool('chmod', ['-R', 'u=rwX,go=rX', source]); // whatever the umask is
  const archives: [ArchiveFormat, string, ...string[]][] = [
    ['tar', 'tar', '--format=gnu', '-cf'],
    ['tar', 'tar', '--format=pax', '-cf'],
    ['tar.gz', 'tar', '-czf'],
    ['tar.bz2', 'tar', '-cjf'],
    ['tar.xz', 'tar', '-cJf'],
    ['tar.zst', 'tar', '--zstd', '-cf'],
    ['zip', 'zip', '-qry'],
    ['zip', 'zip', '-qry0'],
  ];
  for (const [index, [format, command, ...args]] of archives.entries()) {
    const archive = `../made-${index}${format === 'zip' ? '.zip' : ''}`;
    runTool(command, [...args, archive, '.'], { cwd: source });
    const files = await unpackArchive(join(source, archive), format, folder, {
      ...{ signal: new AbortController().signal, single: 'simd', bounds },
    });
    expect(files, args.join(' ')).toEqual(['bin/simd', `${longName}/libwasmvm ü.so`, 'simd2']);
    expect(listing(folder), args.join(' ')).toEqual(listing(source));
    folder += 'x';
  }
});

function listing(root: string): string[] {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
  return paths.map((path) => {
    const { mode } = lstatSync(join(root, path));
    return `${path} ${mode.toString(8)} ${(mode & 0o170000) === 0o040000 ? '' : hash(readFileSync(join(root, path)))}`;
  });
}

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
