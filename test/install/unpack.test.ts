// Archives that are not what they should be, each as a tar and as a zip: refused, and nothing is written outside of the folder.
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, describe, expect, test } from 'vitest';

import { unpackArchive, type ArchiveFormat } from '../../src/install/unpack.js';
import { makeTar } from '../support/make-tar.js';
import { makeZip } from '../support/make-zip.js';
import { scratchFolder } from '../support/scratch-folder.js';

interface Entry {
  readonly name: string;
  readonly content?: string;
  readonly mode?: number;
  /** 2 a symbolic link, 3 a device, 5 a folder, 6 a FIFO. */
  readonly type?: '2' | '3' | '5' | '6';
  readonly target?: string;
}

const scratch = scratchFolder();
let place: string;
let folder: string;
beforeEach(() => {
  place = mkdtempSync(join(scratch, 'at-'));
  folder = join(place, 'deep/er/tree');
  mkdirSync(join(place, 'deep/er'), { recursive: true });
});

const bounds = { largest: 1000, mostFiles: 10, mostRatio: 100 };

function unpack(archive: Buffer, format: ArchiveFormat): Promise<readonly string[]> {
  writeFileSync(join(place, 'archive'), archive);
  const options = { signal: new AbortController().signal, single: 'simd', bounds };
  return unpackArchive(join(place, 'archive'), format, folder, options);
}

function tarOf(entries: readonly Entry[]): Buffer {
  return makeTar(entries.map(({ target, ...entry }) => ({ ...entry, ...(target && { linkTarget: target }) })));
}

const kindOf: Readonly<Record<string, number>> = { 2: 0o120000, 3: 0o020000, 5: 0o040000, 6: 0o010000, 0: 0o100000 };

function zipOf(entries: readonly Entry[]): Buffer {
  return makeZip(
    entries.map(({ name, type = '0', content = '', mode = 0o644, target }) => ({
      name,
      content: target ?? content,
      mode: (kindOf[type] ?? 0) | mode,
    })),
  );
}

const makers: [format: 'tar' | 'zip', make: (entries: readonly Entry[]) => Buffer][] = [
  ['tar', tarOf],
  ['zip', zipOf],
];

/** All that is below `place`, but for the archive itself. */
function outside(): string[] {
  const all = readdirSync(place, { recursive: true, encoding: 'utf8' });
  return all.filter((path) => path !== 'archive' && !`${path}/`.startsWith('deep/er/tree/')).sort();
}

const link = (name: string, target: string): Entry => ({ name, type: '2', mode: 0o777, target });

describe.each(makers)('%s', (format, make) => {
  test('files, folders and links come out as they went in', async () => {
    const archive = make([
      { name: './', type: '5', mode: 0o700 },
      { name: './bin/', type: '5', mode: 0o2700 },
      { name: './bin/simd', content: 'binary', mode: 0o700 },
      { name: 'lib/a ü/-lib.so.1', content: 'library' },
      link('lib/libx.so', 'a ü/-lib.so.1'),
      link('bin/other', './../bin/simd'),
      { name: 'bin/', type: '5' },
      { name: 'empty/', type: '5', mode: 0 },
    ]);
    expect(await unpack(archive, format)).toEqual(['bin/simd', 'lib/a ü/-lib.so.1']);
    expect(readFileSync(join(folder, 'bin/simd'), 'utf8')).toBe('binary');
    expect(readlinkSync(join(folder, 'lib/libx.so'))).toBe('a ü/-lib.so.1');
    expect(readFileSync(join(folder, 'lib/libx.so'), 'utf8')).toBe('library');
    expect(readFileSync(join(folder, 'bin/other'), 'utf8')).toBe('binary');
    expect(readdirSync(join(folder, 'empty'))).toEqual([]);
  });

  test.each([0o000, 0o022, 0o077])('modes do not depend on the umask %o', async (mask) => {
    const archive = make([
      { name: 'sub/run', mode: 0o610 },
      { name: 'read', mode: 0o666 },
      { name: 'none/', type: '5', mode: 0 },
    ]);
    const before = process.umask(mask);
    try {
      await unpack(archive, format);
    } finally {
      process.umask(before);
    }
    const modes = ['.', 'sub', 'none', 'sub/run', 'read'].map((path) => lstatSync(join(folder, path)).mode & 0o7777);
    expect(modes).toEqual([0o755, 0o755, 0o755, 0o755, 0o644]);
  });

  test("the supervisor's own file is left out", async () => {
    const archive = make([
      { name: './upgrade-info.json', content: '{}' },
      { name: 'sub/upgrade-info.json', content: '{}' },
    ]);
    expect(await unpack(archive, format)).toEqual(['sub/upgrade-info.json']);
    expect(readdirSync(folder)).toEqual(['sub']);
  });

  test.each<[string, readonly Entry[], RegExp?]>([
    ['a way out', [{ name: '../out' }], /leads out/],
    ['a way out in the middle', [{ name: 'a/../../out' }], /leads out/],
    ['a way out at the end', [{ name: 'a/..' }], /leads out/],
    ['a way out as a folder', [{ name: 'a' }, { name: '../out/', type: '5' }], /leads out/],
    ['a way out behind ./', [{ name: './../out' }], /leads out/],
    ['an absolute name', [{ name: '/tmp/out' }], /absolute/],
    ['an absolute folder', [{ name: 'a' }, { name: '/', type: '5' }], /absolute/],
    ['a drive', [{ name: 'C:out' }], /absolute/],
    ['a drive with a backslash', [{ name: 'C:\\out' }], /backslash/],
    ['backslashes', [{ name: '..\\out' }], /backslash/],
    ['an empty part', [{ name: 'a//b' }], /no plain name/],
    ['a dot in the middle', [{ name: 'a/./b' }], /no plain name/],
    ['two slashes behind a folder', [{ name: 'a' }, { name: 'b//', type: '5' }], /no plain name/],
    ['a line end in a name', [{ name: 'a\nb' }], /character/],
    ['an escape in a name', [{ name: 'a\x1b[2Jb' }], /character/],
    ['U+FFFD in a name', [{ name: 'a\ufffd' }], /character/],
    ['the same name twice', [{ name: 'a' }, { name: './a' }], /twice/],
    ['a link where a file is', [{ name: 'a' }, { name: 'b' }, link('b', 'a')], /two things/],
    ['the same link twice', [{ name: 'a' }, link('b', 'a'), link('b', 'a')], /twice/],
    ['a file that is a folder too', [{ name: 'a' }, { name: 'a/b/c' }], /two things/],
    ['a folder that is a file too', [{ name: 'a/b/c' }, { name: 'a' }], /two things/],
    ['case twins', [{ name: 'dir/Readme' }, { name: 'dir/README' }], /one name/],
    ['case twins of folders', [{ name: 'Dir/a' }, { name: 'dir/b' }], /one name/],
    ['Unicode twins', [{ name: '\u00fc' }, { name: 'u\u0308' }], /one name/],
    ["a twin of the supervisor's file", [{ name: 'a' }, { name: 'Upgrade-Info.json' }], /one name/],
    ["the supervisor's file as a folder", [{ name: 'upgrade-info.json/a' }], /supervisor/],
    ["the supervisor's file as a link", [{ name: 'a' }, link('upgrade-info.json', 'a')], /supervisor/],
    ['a link that leads out', [{ name: 'a' }, link('b', '../a')], /leads out/],
    ['a link that leads out and back', [{ name: 'a' }, link('b', '../tree/a')], /leads out/],
    ['an absolute link', [{ name: 'a' }, link('b', '/etc/passwd')], /absolute/],
    ['a link that leads nowhere', [{ name: 'a' }, link('b', 'c')], /no regular file/],
    ['a link over what is no folder', [{ name: 'a' }, link('b', 'c/../a')], /leads nowhere/],
    ['a link over a file', [{ name: 'a' }, link('b', 'a/../a')], /leads nowhere/],
    ['a link to a folder', [{ name: 'd/a' }, link('b', 'd')], /no regular file/],
    ['a link to a file as a folder', [{ name: 'a' }, link('b', 'a/')], /leads nowhere|no regular file/],
    ['a link to nothing', [{ name: 'a' }, link('b', '')], /no regular file/],
    ['a link to the own folder', [{ name: 'a' }, link('b', '.')], /no regular file/],
    ['a link to itself', [{ name: 'a' }, link('b', 'b')], /no regular file/],
    ['a link to a link', [{ name: 'a' }, link('b', 'a'), link('c', 'b')], /no regular file/],
    ['a link to what is left out', [{ name: 'a' }, { name: 'upgrade-info.json' }, link('b', 'upgrade-info.json')]],
    ['a link with a backslash', [{ name: 'a' }, link('b', '..\\a')], /backslash/],
    ['a link with an escape', [{ name: 'a' }, link('b', '\x1b[2J')], /character/],
    ['a file through a link', [{ name: 'a' }, link('b', 'a'), { name: 'b/out' }], /below the link/],
    ['a link above a file', [{ name: 'a' }, { name: 'b/out' }, link('b', 'a')], /two things/],
    ['a device', [{ name: 'a' }, { name: 'b', type: '3' }], /device/],
    ['a FIFO', [{ name: 'a' }, { name: 'b', type: '6' }], /FIFO/],
    ['set-uid', [{ name: 'a', mode: 0o4755 }], /set-uid/],
    ['set-gid', [{ name: 'a', mode: 0o2755 }], /set-uid/],
    ['sticky', [{ name: 'a', mode: 0o1755 }], /set-uid/],
    ['content of a folder', [{ name: 'a' }, { name: 'b/', type: '5', content: 'x' }], /has content/],
    ['too many entries', Array.from({ length: 11 }, (_, n) => ({ name: `f${n}` })), /more than 10 entries/],
    [
      'too many folders',
      [{ name: 'a' }, ...Array.from({ length: 10 }, (_, n) => ({ name: `f${n}/`, type: '5' as const }))],
      /more than 10 entries/,
    ],
    [
      'too many bytes',
      [
        { name: 'a', content: 'x'.repeat(600) },
        { name: 'b', content: 'x'.repeat(401) },
      ],
      /more than 1000 bytes/,
    ],
    ['nothing', [], /holds no file/],
    ['a folder only', [{ name: 'a/', type: '5' }], /holds no file/],
    ["the supervisor's file only", [{ name: 'upgrade-info.json' }], /holds no file/],
  ])('%s is refused', async (_, entries, why = /./) => {
    await expect(unpack(make(entries), format)).rejects.toMatchObject({
      code: 'ARCHIVE_INVALID',
      message: expect.stringMatching(why) as string,
    });
    expect(outside()).toEqual(['deep', 'deep/er']);
  });

  test.each([
    ['no archive', Buffer.from('<html>Sign in to the network</html>')],
    ['nothing', Buffer.alloc(0)],
    ['a cut one', make([{ name: 'a', content: 'x'.repeat(700) }]).subarray(0, 600)],
    ['one with something behind it', Buffer.concat([make([{ name: 'a' }]), Buffer.from('x')])],
  ])('%s is refused', async (_, archive) => {
    await expect(unpack(archive, format)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
  });

  test('a folder that is there is not written to', async () => {
    mkdirSync(folder);
    await expect(unpack(make([{ name: 'a' }]), format)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(readdirSync(folder)).toEqual([]);
  });
});
