// What only a tar can be: long names in three ways, types that no file has, and an end of its own.
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, describe, expect, test } from 'vitest';

import { unpackArchive } from '../../src/install/unpack.js';
import { makeTar, paxHeader, tarEntry, withSum, type TarEntry } from '../support/make-tar.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let folder: string;
beforeEach(() => (folder = join(mkdtempSync(join(scratch, 'at-')), 'tree')));

function unpack(tar: Buffer): Promise<readonly string[]> {
  const file = join(folder, '../archive');
  writeFileSync(file, tar);
  const bounds = { largest: 1000, mostFiles: 10, mostRatio: 100 };
  return unpackArchive(file, 'tar', folder, { signal: new AbortController().signal, single: 'simd', bounds });
}

const longName = `${'n'.repeat(60)}/${'m'.repeat(38)}/${'o'.repeat(60)}`; // its hundredth character is a slash
const cutName = longName.slice(0, 100);
const gnuName = (name: string, type = 'L'): TarEntry => ({ name: '././@LongLink', type, content: `${name}\0` });
const file: TarEntry = { name: 'file', content: 'content' };

describe('names', () => {
  test.each<[string, readonly TarEntry[]]>([
    ['a pax header', [paxHeader({ path: longName }), { name: cutName, content: 'content' }]],
    ['a pax header beside a prefix', [paxHeader({ path: longName }), { ...file, prefix: 'other' }]],
    ['a GNU header', [gnuName(longName), { name: cutName, content: 'content' }]],
    ['a prefix', [{ ...file, name: longName.slice(100), prefix: longName.slice(0, 99) }]],
    ['a pax header before a GNU header', [gnuName('other'), paxHeader({ path: longName }), file]],
  ])('a long one by %s', async (_, entries) => {
    expect(await unpack(makeTar(entries))).toEqual([longName]);
    expect(readFileSync(join(folder, longName), 'utf8')).toBe('content');
  });

  test("a link's target by a pax or a GNU header", async () => {
    const link: TarEntry = { name: 'l1', type: '2', linkTarget: 'elsewhere' };
    const entries = [gnuName(longName), { name: cutName, content: 'content' }];
    const links = [paxHeader({ linkpath: longName }), link, gnuName(longName, 'K'), { ...link, name: 'l2' }];
    await unpack(makeTar([...links, ...entries]));
    expect(readFileSync(join(folder, 'l1'), 'utf8')).toBe('content');
    expect(readFileSync(join(folder, 'l2'), 'utf8')).toBe('content');
  });

  test.each<[string, readonly TarEntry[]]>([
    ['too long', [paxHeader({ path: Array.from({ length: 6 }, () => 'x'.repeat(200)).join('/') }), file]],
    ['with a part that is too long', [paxHeader({ path: 'ü'.repeat(128) }), file]],
    ['of no characters at all', [paxHeader({ path: '' }), file]],
    ['that leads out by pax', [paxHeader({ path: '../out' }), file]],
    ['that leads out by GNU', [gnuName('../out'), file]],
    ['that leads out by its prefix', [{ ...file, prefix: '..' }]],
    ['with a line end by pax', [paxHeader({ path: 'a\nb' }), file]],
    ['of a file as of a folder', [paxHeader({ path: 'a/' }), file]],
  ])('%s are refused', async (_, entries) => {
    await expect(unpack(makeTar(entries))).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
  });

  test('as long as a name may be', async () => {
    const name = `${'x'.repeat(255)}/`.repeat(4).slice(0, -1);
    expect(await unpack(makeTar([paxHeader({ path: name }), file]))).toEqual([name]);
  });
});

describe('fields', () => {
  test('a size in a pax header counts', async () => {
    await unpack(makeTar([paxHeader({ size: '7', mtime: '1.5', 'SCHILY.xattr.user.a': 'b' }), { ...file, size: 0 }]));
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('content');
  });

  test('a size may be binary', async () => {
    const entry = tarEntry(file);
    entry.set([0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7], 124);
    await unpack(Buffer.concat([withSum(entry), Buffer.alloc(512)]));
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('content');
  });

  test('types that are files', async () => {
    const entries = ['0', '\0', '7'].map((type, n) => ({ ...file, type, name: `f${n}` }));
    expect(await unpack(makeTar([...entries, { name: 'old/', type: '\0' }]))).toEqual(['f0', 'f1', 'f2']);
    expect(readdirSync(join(folder, 'old'))).toEqual([]);
  });

  test.each<[string, readonly TarEntry[], RegExp]>([
    ['a hard link', [file, { name: 'b', type: '1', linkTarget: 'file' }], /hard link/],
    ['a block device', [file, { name: 'b', type: '4' }], /device/],
    ['a sparse file', [{ ...file, type: 'S' }], /sparse/],
    ['a sparse file by pax', [paxHeader({ 'GNU.sparse.major': '1' }), file], /sparse/],
    ['a volume label', [{ name: 'label', type: 'V' }, file], /unknown type "V"/],
    ['a Solaris ACL', [{ name: 'label', type: 'A' }, file], /unknown type "A"/],
    ['a type that none is', [{ ...file, type: 'Z' }], /unknown type "Z"/],
    ['two pax headers', [paxHeader({ path: 'a' }), paxHeader({ path: 'b' }), file], /announced twice/],
    ['two GNU headers', [gnuName('a'), gnuName('b'), file], /announced twice/],
    ['a header without an entry', [file, paxHeader({ path: 'a' })], /announced/],
    ['a name for all', [paxHeader({ path: 'a' }, 'g'), file], /every entry the same path/],
    ['a size for all', [paxHeader({ size: '1' }, 'g'), file], /every entry the same size/],
    ['headers without an end', Array.from({ length: 11 }, () => paxHeader({ comment: 'c' }, 'g')), /10 entries/],
    ['a size of no digits', [paxHeader({ size: '0x7' }), file], /damaged size/],
    ['a negative size', [paxHeader({ size: '-7' }), file], /damaged size/],
    ['a size beyond all numbers', [paxHeader({ size: '9'.repeat(30) }), file], /damaged size/],
    ['a pax header that is too large', [{ ...paxHeader({}), size: 2 ** 21 }, file], /2097152 bytes/],
    ['a record that is no record', [{ ...paxHeader({}), content: '12 path=abc\nx' }, file], /extended header/],
    ['a record without a length', [{ ...paxHeader({}), content: 'path=abcdef\n' }, file], /extended header/],
    ['a record without its end', [{ ...paxHeader({}), content: '10 path=ab13 path=abcd\n' }, file], /extended header/],
    ['a record of length 0', [{ ...paxHeader({}), content: '0 path=abc\n' }, file], /extended header/],
    ['a record that is longer than all', [{ ...paxHeader({}), content: '99 path=abc\n' }, file], /extended header/],
    ['a record with a NUL', [{ ...paxHeader({}), content: '13 path=a\0bc\n' }, file], /damaged record/],
    ['a record without a key', [{ ...paxHeader({}), content: '8 =abcd\n' }, file], /damaged record/],
    ['more content than is there', [{ ...file, size: 2000 }], /more than 1000 bytes/],
    ['more content than is allowed', [{ ...file, size: 1001 }], /more than 1000 bytes/],
  ])('%s is refused', async (_, entries, why) => {
    await expect(unpack(makeTar(entries))).rejects.toMatchObject({
      code: 'ARCHIVE_INVALID',
      message: expect.stringMatching(why) as string,
    });
  });

  test.each([
    ['a wrong sum', 0, 'F'],
    ['a letter in the mode', 102, 'x'],
    ['a letter in the size', 126, 'x'],
    ['a negative size', 124, '\xff'],
  ])('%s is refused', async (_, at, byte) => {
    const tar = makeTar([file]);
    tar.write(byte, at, 'latin1');
    if (at > 0) withSum(tar);
    await expect(unpack(tar)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
  });
});

describe('the end', () => {
  test.each([1, 2, 20, 2000])('%i blocks of zeros are one', async (blocks) => {
    expect(await unpack(makeTar([file], Buffer.alloc(blocks * 512)))).toEqual(['file']);
  });

  test.each([
    ['none', Buffer.alloc(0)],
    ['half a block of zeros', Buffer.alloc(256)],
    ['one with a file behind it', Buffer.concat([Buffer.alloc(512), makeTar([{ name: 'hidden' }])])],
    ['one with a byte behind it', Buffer.concat([Buffer.alloc(1024), Buffer.from('x')])],
    ['one with a byte far behind it', Buffer.concat([Buffer.alloc(5_000_000), Buffer.from('x')])],
  ])('%s is refused', async (_, end) => {
    await expect(unpack(makeTar([file], end))).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
  });

  test('wherever a tar is cut, it is refused', async () => {
    const tar = makeTar([paxHeader({ path: 'long' }), file, { name: 'sub/', type: '5' }], Buffer.alloc(512));
    for (let length = 0; length < tar.length; length += length % 512 === 511 ? 1 : 73) {
      await expect(unpack(tar.subarray(0, length)), String(length)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
      folder += 'x';
    }
  });

  test('what is compressed inside is not looked into', async () => {
    const inner = Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(1022)]);
    await expect(unpack(inner)).rejects.toMatchObject({ message: expect.stringContaining('no tar header') as string });
  });
});
