// Archives that are not what they should be: nothing is written outside of the folder.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, describe, expect, test } from 'vitest';

import { unpackModule, type UnpackedModule } from '../../src/install/module-zip.js';
import { makeZip, type ZipEntry } from '../support/make-zip.js';
import { needs } from '../support/needs.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const prefix = 'example.org/m@v1.0.0';
let place: string;
let folder: string;
beforeEach(() => {
  place = mkdtempSync(join(scratch, 'at-'));
  folder = join(place, 'deep/er/tree');
  mkdirSync(join(place, 'deep/er'), { recursive: true });
});

function unpack(zip: Buffer, bounds: { largest?: number; mostFiles?: number } = {}): Promise<UnpackedModule> {
  writeFileSync(join(place, 'zip'), zip);
  const options = { signal: new AbortController().signal, largest: 1000, mostFiles: 10, onProgress: () => undefined };
  return unpackModule(join(place, 'zip'), prefix, folder, { ...options, ...bounds });
}

function filesOf(zip: readonly ZipEntry[]): Buffer {
  return makeZip(zip.map((entry) => ({ ...entry, name: `${prefix}/${entry.name}` })));
}

test('files go where their names say', async () => {
  const { names } = await unpack(
    filesOf([
      { name: 'a', content: 'A' },
      { name: 'b/-c/d ü', content: 'D' },
    ]),
  );
  expect(names).toEqual(['a', 'b/-c/d ü']);
  expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('A');
  expect(readFileSync(join(folder, 'b/-c/d ü'), 'utf8')).toBe('D');
});

describe('refused before a byte is written', () => {
  test.each<[string, readonly ZipEntry[]]>([
    ['a way out', [{ name: '../../out' }]],
    ['a way out in the middle', [{ name: 'a/../../../out' }]],
    ['a way out by backslashes', [{ name: '..\\..\\out' }]],
    ['an empty part', [{ name: 'a//b' }]],
    ['a folder', [{ name: 'a/' }]],
    ['a link', [{ name: 'a', content: '/etc/passwd', mode: 0o120777 }]],
    ['a FIFO', [{ name: 'a', mode: 0o010644 }]],
    ['the same name twice', [{ name: 'a' }, { name: 'a' }]],
    ['a file that is a folder too', [{ name: 'a' }, { name: 'a/b/c' }]],
    ['a line end in a name', [{ name: 'a\nb' }]],
    ['a name that is too long', [{ name: 'x'.repeat(256) }]],
    ['too many files', Array.from({ length: 11 }, (_, n) => ({ name: `f${n}` }))],
    [
      'too many bytes',
      [
        { name: 'a', content: 'x'.repeat(600) },
        { name: 'b', content: 'x'.repeat(600) },
      ],
    ],
  ])('%s', async (_, entries) => {
    await expect(unpack(filesOf(entries))).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
    expect(readdirSync(place).sort()).toEqual(['deep', 'zip']);
    expect(readdirSync(join(place, 'deep/er'))).toEqual([]);
    expect(existsSync(join(scratch, 'out'))).toBe(false);
  });

  test.each(['/etc/x', 'example.org/other@v1.0.0/a', `${prefix}/../../../out`, `${prefix}x/a`, 'a'])(
    'a name that is not below the module: %s',
    async (name) => {
      await expect(unpack(makeZip([{ name }]))).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
      expect(existsSync(folder)).toBe(false);
    },
  );

  test.each([
    ['no archive', Buffer.from('<html>Sign in to the network</html>')],
    ['nothing', Buffer.alloc(0)],
    ['a cut one', filesOf([{ name: 'a', content: 'x'.repeat(500) }]).subarray(0, 300)],
  ])('%s', async (_, zip) => {
    await expect(unpack(zip)).rejects.toMatchObject({ code: 'ARCHIVE_INVALID' });
  });
});

test('a size that is a lie is found', async () => {
  await expect(unpack(filesOf([{ name: 'a', content: 'abc', size: 2 }]))).rejects.toMatchObject({
    code: 'ARCHIVE_INVALID',
  });
});

test('a signal stops it', async () => {
  writeFileSync(join(place, 'zip'), filesOf([{ name: 'a' }, { name: 'b' }]));
  const controller = new AbortController();
  const reason = new Error('stop');
  const options = { signal: controller.signal, largest: 9, mostFiles: 9, onProgress: () => controller.abort(reason) };
  await expect(unpackModule(join(place, 'zip'), prefix, folder, options)).rejects.toBe(reason);
  expect(existsSync(join(folder, 'b'))).toBe(false);
});

needs({ go: true, network: true })(
  'the hash is the one that the go command records, and the files are the same',
  async () => {
    const said = runTool('go', ['mod', 'download', '-json', 'rsc.io/quote@v1.5.2'], { environment: { GOFLAGS: '' } });
    const { Zip: zip, Dir: dir, Sum: sum } = JSON.parse(said) as { Zip: string; Dir: string; Sum: string };
    const options = { signal: new AbortController().signal, largest: 1e6, mostFiles: 100, onProgress: () => undefined };
    const { hash, names } = await unpackModule(zip, 'rsc.io/quote@v1.5.2', folder, options);
    expect(hash).toBe(sum);
    expect(readFileSync(zip.replace(/zip$/, 'ziphash'), 'utf8').trim()).toBe(hash);
    expect(readdirSync(folder, { recursive: true }).sort()).toEqual(readdirSync(dir, { recursive: true }).sort());
    for (const name of names) {
      expect(readFileSync(join(folder, name)).equals(readFileSync(join(dir, name)))).toBe(true);
      expect(statSync(join(folder, name)).isFile()).toBe(true);
    }
  },
);

test('a directory where no file can have one (zip64) is an error, and no end of the process', async () => {
  const locator = Buffer.alloc(20);
  locator.writeUInt32LE(0x07064b50, 0);
  locator.fill(0xff, 8, 16);
  const end = Buffer.alloc(22, 0xff);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(0, 20);
  const file = join(scratch, 'zip64');
  writeFileSync(file, Buffer.concat([Buffer.alloc(100), locator, end]));
  const bounds = { signal: new AbortController().signal, largest: 1000, mostFiles: 10, onProgress: () => undefined };
  await expect(unpackModule(file, 'm@v1', join(scratch, 'zip64-tree'), bounds)).rejects.toMatchObject({
    code: 'ARCHIVE_INVALID',
  });
});
