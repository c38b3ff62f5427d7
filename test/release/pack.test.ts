// Archives, judged by other programs than ours; the same bytes whoever packs, where and when.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as zlib from 'node:zlib';

import { describe, expect, test } from 'vitest';

import { manifestText } from '../../src/evidence/manifest.js';
import type { Manifest } from '../../src/evidence/manifest.js';
import type { ArchiveFormat } from '../../src/release/archive-bytes.js';
import { pack, type Archive } from '../../src/release/pack.js';
import { readArchive } from '../../src/release/read-archive.js';
import { runTool } from '../support/run-tool.js';
import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { stagedFolder } from '../support/staged-folder.js';

const scratch = scratchFolder();
const members = [
  ...['bin/', 'bin/quokkad', 'lib/', 'lib/libpouch.so'],
  ...['manifest.json', 'provenance.intoto.jsonl', 'sbom.cdx.json', 'SHA256SUMS'],
];

function staged(more: Partial<Manifest> = {}): string {
  const { folder, manifest } = stagedFolder(scratch, '/bin/true', more);
  writeFileSync(join(folder, 'manifest.json'), manifestText(manifest));
  return folder;
}

function packInto(
  folder: string,
  format: ArchiveFormat,
  out = mkdtempSync(join(scratch, 'out-')),
  { force = false } = {},
): Promise<Archive> {
  const signal = new AbortController().signal;
  return pack({ folder, name: 'upgrades/v2', out, format, signingKey: undefined, force, signal });
}

/** In another process, with another umask, time zone and locale, from a copy of another age and with other modes. */
async function packElsewhere(folder: string, format: ArchiveFormat): Promise<Archive> {
  const copy = mkdtempSync(join(scratch, 'copy-'));
  runTool('cp', ['-r', `${folder}/.`, copy]);
  for (const name of ['bin', 'lib']) chmodSync(join(copy, name), 0o700);
  chmodSync(join(copy, 'bin/quokkad'), 0o700);
  for (const name of ['bin/quokkad', 'lib/libpouch.so', '']) utimesSync(join(copy, name), 1e9, 1e9);
  const before = { umask: process.umask(0o077), zone: process.env.TZ };
  process.env.TZ = 'Asia/Seoul';
  try {
    return await packInto(copy, format);
  } finally {
    process.umask(before.umask);
    if (before.zone === undefined) delete process.env.TZ;
    else process.env.TZ = before.zone;
  }
}

const formats: readonly ArchiveFormat[] = [
  'tar.gz',
  'zip',
  ...('createZstdCompress' in zlib ? ['tar.zst' as const] : []),
];

describe.each(formats)('%s', (format) => {
  test('the same bytes with another umask, zone and age of the files', async () => {
    const folder = staged();
    const archive = await packInto(folder, format);
    expect(archive.path).toMatch(new RegExp(`/quokkad-v2-linux-amd64\\.${format.replace('.', '\\.')}$`));
    const other = await packElsewhere(folder, format);
    expect(readFileSync(other.path).equals(readFileSync(archive.path))).toBe(true);
    expect(runTool('sha256sum', [archive.path]).slice(0, 64)).toBe(archive.sha256);
    expect(statSync(archive.path).size).toBe(archive.size);
    expect(readdirSync(join(archive.path, '..'))).toHaveLength(1); // nothing temporary
  });

  test('what we read of it is what we packed', async () => {
    const { names, manifest } = await readArchive((await packInto(staged(), format)).path);
    expect(names).toEqual(members.filter((name) => !name.endsWith('/')));
    expect(manifest?.target).toEqual({ upgrade: 'v2' });
  });
});

test('tar unpacks it, its sums hold, and the folder of the binary is its first member', async () => {
  const { path } = await packInto(staged(), 'tar.gz');
  expect(runTool('tar', ['tf', path]).trimEnd().split('\n')).toEqual(members);
  const lines = runTool('tar', ['tvf', path, '--numeric-owner', '--full-time'], { environment: { TZ: 'UTC' } });
  expect(lines).toMatch(/^-rwxr-xr-x 0\/0 +\d+ 2023-11-14 22:13:20 bin\/quokkad$/m);
  const folder = mkdtempSync(join(scratch, 'unpacked-'));
  runTool('tar', ['xf', path, '-C', folder]);
  expect(runTool('sha256sum', ['--strict', '-c', 'SHA256SUMS'], { cwd: folder })).toContain('bin/quokkad: OK');
  runTool(join(folder, 'bin/quokkad'), []);
});

test('gzip has neither name nor time, and does not tell where it was made', async () => {
  const head = readFileSync((await packInto(staged(), 'tar.gz')).path).subarray(0, 10);
  expect(head.toString('hex')).toBe('1f8b08000000000000ff');
});

test.skipIf('createZstdCompress' in zlib)('tar.zst is refused by a Node that has no zstd', async () => {
  await expect(packInto(staged(), 'tar.zst')).rejects.toMatchObject({ code: 'HOST_NOT_READY' });
});

needs({ python3: true })('Python reads tar and zip: names, modes, bytes', async () => {
  const folder = staged();
  const program = `
import json, sys, tarfile, zipfile, hashlib
tar, zip = tarfile.open(sys.argv[1]), zipfile.ZipFile(sys.argv[2])
assert zip.testzip() is None
rows = [[m.name, oct(m.mode), m.uid, m.uname, hashlib.sha256(tar.extractfile(m).read()).hexdigest()] for m in tar if m.isfile()]
more = [[i.filename, oct(i.external_attr >> 16 & 0o7777), 0, '', hashlib.sha256(zip.read(i)).hexdigest()] for i in zip.infolist() if not i.is_dir()]
print(json.dumps([rows, more]))
`;
  const paths = [(await packInto(folder, 'tar.gz')).path, (await packInto(folder, 'zip')).path];
  const [tar, zip] = JSON.parse(runTool('python3', ['-c', program, ...paths])) as [unknown[], unknown[]];
  expect(tar).toEqual(zip);
  const sha256 = runTool('sha256sum', [join(folder, 'bin/quokkad')]).slice(0, 64);
  expect(tar[0]).toEqual(['bin/quokkad', '0o755', 0, '', sha256]);
  expect(tar).toContainEqual(expect.arrayContaining(['manifest.json', '0o644']));
});

test('a file name that the header of a tar has no room for', async () => {
  const { folder, manifest } = stagedFolder(scratch, '/bin/true');
  const name = `lib/lib${'x'.repeat(200)}.so`;
  writeFileSync(join(folder, name), 'x');
  const sha256 = runTool('sha256sum', [join(folder, name)]).slice(0, 64);
  const files = [...manifest.files, { path: name, sha256, size: 1 }];
  writeFileSync(join(folder, 'manifest.json'), manifestText({ ...manifest, files }));
  const { path } = await packInto(folder, 'tar.gz');
  expect(runTool('tar', ['tf', path]).split('\n')).toContain(name);
  expect((await readArchive(path)).names).toContain(name);
});

describe('what is not as it was staged is not packed', () => {
  test.each<[string, (folder: string) => void, string]>([
    ['no manifest', (folder) => rmSync(join(folder, 'manifest.json')), 'nothing vouches'],
    ['other bytes', (folder) => writeFileSync(join(folder, 'lib/libpouch.so'), 'else'), 'not as they were staged'],
    ['a stranger', (folder) => writeFileSync(join(folder, 'lib/libelse.so'), ''), 'not as they were staged'],
    [
      'a link in the place of the binary',
      (folder) => {
        rmSync(join(folder, 'bin/quokkad'));
        symlinkSync('/bin/true', join(folder, 'bin/quokkad'));
      },
      'not as they were staged',
    ],
    ['a folder in bin/', (folder) => mkdirSync(join(folder, 'bin/more')), 'not as they were staged'],
  ])('%s', async (_, spoil, words) => {
    const folder = staged();
    spoil(folder);
    const out = mkdtempSync(join(scratch, 'out-'));
    const refused = expect(packInto(folder, 'tar.gz', out)).rejects;
    await refused.toMatchObject({ code: 'VERIFY_FAILED', message: expect.stringContaining(words) as string });
    expect(readdirSync(out)).toEqual([]);
  });
});

test('an archive with other bytes is replaced with --force alone; the same bytes are nothing to ask about', async () => {
  const out = mkdtempSync(join(scratch, 'out-'));
  const folder = staged();
  const { path, sha256 } = await packInto(folder, 'tar.gz', out);
  expect((await packInto(folder, 'tar.gz', out)).sha256).toBe(sha256);
  writeFileSync(path, 'given to somebody');
  await expect(packInto(folder, 'tar.gz', out)).rejects.toMatchObject({ code: 'TARGET_DIFFERS' });
  expect(readFileSync(path, 'utf8')).toBe('given to somebody');
  expect((await packInto(folder, 'tar.gz', out, { force: true })).sha256).toBe(sha256);
  expect(readdirSync(out)).toHaveLength(1);
});

test('a plan whose name is escaped: one file, in the folder that was asked for', async () => {
  const archive = await packInto(staged({ target: { upgrade: 'v2/../../x' } }), 'zip');
  expect(archive.path).toMatch(/\/out-\w+\/quokkad-v2%2F\.\.%2F\.\.%2Fx-linux-amd64\.zip$/);
});
