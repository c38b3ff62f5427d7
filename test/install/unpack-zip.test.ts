// What only a zip can be: two tables that disagree, room between its entries, sizes and sums that are lies.
import { lstatSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';

import { beforeEach, describe, expect, test } from 'vitest';

import { unpackArchive } from '../../src/install/unpack.js';
import { makeZip, type ZipEntry } from '../support/make-zip.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let folder: string;
beforeEach(() => (folder = join(mkdtempSync(join(scratch, 'at-')), 'tree')));

function unpack(zip: Buffer): Promise<readonly string[]> {
  const file = join(folder, '../archive');
  writeFileSync(file, zip);
  const bounds = { largest: 1000, mostFiles: 10, mostRatio: 100 };
  return unpackArchive(file, 'zip', folder, { signal: new AbortController().signal, single: 'simd', bounds });
}

const file: ZipEntry = { name: 'file', content: 'content '.repeat(9), mode: 0o100755 };
const deflated = { ...file, method: 8 };
const descriptor = { flags: 8, behind: Buffer.alloc(16) };

test.each<[string, ZipEntry]>([
  ['stored', file],
  ['deflated', deflated],
  ['deflated to nothing', { ...deflated, content: '' }],
  ['stored, with a descriptor', { ...file, ...descriptor }],
  ['deflated, with a descriptor', { ...deflated, ...descriptor }],
])('a file that is %s', async (_, entry) => {
  expect(await unpack(makeZip([entry, { ...entry, name: 'other' }]))).toEqual(['file', 'other']);
  expect(readFileSync(join(folder, 'file'), 'utf8')).toBe(entry.content);
  expect(readFileSync(join(folder, 'other'), 'utf8')).toBe(entry.content);
});

test('without modes of Unix it is a file for all to read, or a folder', async () => {
  await unpack(
    makeZip([
      { ...file, mode: 0 },
      { name: 'sub/', method: 8 },
    ]),
  );
  expect(lstatSync(join(folder, 'file')).mode & 0o7777).toBe(0o644);
  expect(lstatSync(join(folder, 'sub')).isDirectory()).toBe(true);
});

test('a comment may stand at its end', async () => {
  const zip = makeZip([file]);
  zip.writeUInt16LE(7, zip.length - 2);
  expect(await unpack(Buffer.concat([zip, Buffer.from('comment')]))).toEqual(['file']);
});

/** Info-ZIP's Unicode Path Extra Field (APPNOTE.TXT 4.6.9). */
function unicodePath(name: string, other: string): Buffer {
  const field = Buffer.alloc(4 + 5);
  field.writeUInt16LE(0x7075, 0);
  field.writeUInt16LE(5 + other.length, 2);
  field.writeUInt8(1, 4);
  field.writeUInt32LE(crc32(name), 5);
  return Buffer.concat([field, Buffer.from(other)]);
}

test('a name in Unicode that is the same one is fine', async () => {
  expect(await unpack(makeZip([{ ...file, extra: unicodePath('file', 'file') }]))).toEqual(['file']);
});

test.each<[string, readonly ZipEntry[], RegExp]>([
  ['an encrypted file', [{ ...file, flags: 1 }], /encrypted|mismatch/],
  ['an encrypted file, deflated', [{ ...deflated, flags: 1 }], /encrypted/],
  ['a strongly encrypted file', [{ ...deflated, flags: 0x41 }], /encryption/],
  ['a file compressed by LZMA', [{ ...file, method: 14 }], /unknown method 14/],
  ['a file compressed by Deflate64', [{ ...file, method: 9 }], /unknown method 9/],
  ['more bytes than are said', [{ ...deflated, size: 71 }], /another size/],
  ['fewer bytes than are said', [{ ...deflated, size: 73 }], /another size/],
  ['more bytes than are said, stored', [{ ...file, size: 71 }], /mismatch/],
  ['more bytes than are said, of a link', [file, { ...deflated, name: 'l', mode: 0o120777, size: 3 }], /another size/],
  ['a link to more than a name', [file, { name: 'l', mode: 0o120777, content: 'x'.repeat(1025) }], /more than a name/],
  ['a wrong sum', [{ ...file, crc: 1 }], /sum/],
  ['a wrong sum, deflated', [{ ...deflated, crc: 1 }], /sum/],
  ['a wrong sum of what is left out', [file, { ...deflated, name: 'upgrade-info.json', crc: 1 }], /sum/],
  ['a wrong sum of a link', [file, { name: 'l', mode: 0o120777, content: 'file', crc: 1 }], /sum/],
  ['a socket', [file, { name: 's', mode: 0o140755 }], /socket/],
  ['a block device', [file, { name: 's', mode: 0o060755 }], /device/],
  ['a kind that none is', [file, { name: 's', mode: 0o150755 }], /neither/],
  ['a file with a slash behind it', [file, { name: 's/', mode: 0o100755 }], /no plain name/],
  ['a folder with hidden bytes', [file, { name: 's/', method: 8, rest: Buffer.alloc(9) }], /9 bytes behind the end/],
  ['a folder without a slash', [file, { name: 's', mode: 0o040755 }], /neither/],
  ['a link with a slash behind it', [file, { name: 's/', mode: 0o120777, content: 'file' }], /no plain name/],
  ['another name beside the content', [{ ...file, localName: '../out' }], /another entry/],
  ['another method beside the content', [{ ...file, localMethod: 8 }], /another entry/],
  ['another name in Unicode', [{ ...file, extra: unicodePath('file', '../out') }], /another name too/],
  ['bytes between entries', [{ ...file, behind: Buffer.from('x') }, { name: 'b' }], /1 bytes behind "file"/],
  ['bytes behind the last entry', [{ ...file, behind: Buffer.alloc(16) }], /16 bytes behind "file"/],
  ['bytes in a descriptor', [{ ...file, flags: 8, behind: Buffer.alloc(25) }], /25 bytes behind "file"/],
  ['bytes behind deflated data', [{ ...deflated, rest: Buffer.alloc(1) }], /1 bytes behind the end of its deflate/],
])('%s is refused', async (_, entries, why) => {
  await expect(unpack(makeZip(entries))).rejects.toMatchObject({
    code: 'ARCHIVE_INVALID',
    message: expect.stringMatching(why) as string,
  });
});

describe('places', () => {
  const end = 22;
  const entry = 46 + 'file'.length;

  test('bytes before the first entry are refused', async () => {
    await expect(unpack(makeZip([file], Buffer.from('#!/bin/sh\n')))).rejects.toMatchObject({
      message: expect.stringContaining('10 bytes before its first entry') as string,
    });
  });

  test('an entry in the content of another one is refused', async () => {
    const inner = makeZip([file]);
    const directory = inner.indexOf('PK\x01\x02');
    const outer = makeZip([{ name: 'outer', bytes: inner.subarray(0, directory) }]);
    const record = Buffer.from(inner.subarray(directory, directory + entry));
    record.writeUInt32LE(30 + 'outer'.length, 42);
    const zip = Buffer.concat([outer.subarray(0, -end), record, outer.subarray(-end)]);
    zip.writeUInt16LE(2, zip.length - end + 10);
    await expect(unpack(zip)).rejects.toMatchObject({
      message: expect.stringContaining('lies over "outer"') as string,
    });
  });

  test('an entry that is in no directory is refused', async () => {
    const zip = makeZip([{ ...file, name: 'lost' }, file]);
    const [start, behind] = [zip.length - end - 2 * entry, zip.length - end - entry];
    const cut = Buffer.concat([zip.subarray(0, start), zip.subarray(behind)]);
    cut.writeUInt16LE(1, cut.length - end + 10);
    await expect(unpack(cut)).rejects.toMatchObject({
      message: expect.stringContaining('before its first entry') as string,
    });
  });

  test('a directory that is longer than is counted is refused', async () => {
    const zip = makeZip([file, { ...file, name: 'lost' }]);
    zip.writeUInt16LE(1, zip.length - end + 10);
    await expect(unpack(zip)).rejects.toMatchObject({
      message: expect.stringContaining('behind its directory') as string,
    });
  });

  test.each([65535, 11])('%i entries are refused before they are read', async (count) => {
    const zip = makeZip([file]);
    zip.writeUInt16LE(count, zip.length - end + 10);
    await expect(unpack(zip)).rejects.toMatchObject({ message: expect.stringContaining('10 entries') as string });
  });

  test.each([0n, 1n << 40n, (1n << 53n) - 1n, (1n << 64n) - 1n])(
    'a zip64 directory at %i is refused',
    async (offset) => {
      for (const [record, directory] of [
        [offset, 0n],
        [0n, offset],
      ] as const) {
        await expect(unpack(zip64End(record, directory))).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
        folder += 'x';
      }
    },
  );
});

/** An end of a zip64 (APPNOTE.TXT 4.3.14 to 4.3.16), and nothing before it. */
function zip64End(record: bigint, directory: bigint): Buffer {
  const bytes = Buffer.alloc(56 + 20 + 22);
  bytes.write('PK\x06\x06');
  bytes.writeBigUInt64LE(1n, 32);
  bytes.writeBigUInt64LE(directory, 48);
  bytes.write('PK\x06\x07', 56);
  bytes.writeBigUInt64LE(record, 56 + 8);
  bytes.write('PK\x05\x06', 76);
  return bytes;
}

test('a name is nothing that moves the cursor, in a message either', async () => {
  const error: unknown = await unpack(makeZip([{ name: '../\x1b[2J' }])).catch((caught: unknown) => caught);
  expect(String(error)).toContain('\\u001b');
  expect(String(error)).not.toContain('\x1b');
  expect(readdirSync(folder)).toEqual([]);
});
