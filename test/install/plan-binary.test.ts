// Which binary a plan's info names, and what its address asks for: as cosmovisor 1.7.1 and go-getter take them.
import { describe, expect, test } from 'vitest';

import { planBinary, type PlanBinaryOptions } from '../../src/install/plan-binary.js';
import { parseSource } from '../../src/install/source.js';
import type { Platform } from '../../src/values/platform.js';

const sum = 'a'.repeat(64);
const address = `https://host.example/v2/panacead.tar.gz?checksum=sha256:${sum}`;

function chosen(info: string, more: Partial<PlanBinaryOptions> = {}) {
  const fetchDocument = () => Promise.reject(new Error('nothing is to be fetched'));
  return planBinary(info, { platform: 'linux/amd64' as Platform, mustHaveChecksum: false, fetchDocument, ...more });
}

const infoOf = (binaries: object): string => JSON.stringify({ binaries });

describe('the entry', () => {
  test('of this platform goes before any, and nobody looks at the others', async () => {
    const others = { any: 'https://host.example/any', 'darwin/arm64': 'nonsense' };
    expect((await chosen(infoOf({ ...others, 'linux/amd64': address }))).url).toBe(address);
    expect((await chosen(infoOf(others))).url).toBe('https://host.example/any');
  });

  test('blanks around the info, other keys, and the case of "binaries" do not matter', async () => {
    expect((await chosen(` \n{"a":1,"Binaries":{"any":"${address}"}}\n`)).url).toBe(address);
  });

  test.each([
    ['', 'plan info must not be blank: it names no binary'],
    ['  \n', 'plan info must not be blank: it names no binary'],
    ['just text', 'could not parse plan info: '],
    ['{"binaries":{', 'could not parse plan info: '],
    ['[]', "could not parse plan info: it doesn't contain a binary map"],
    ['{"binary":{}}', "could not parse plan info: it doesn't contain a binary map"],
    ['{"binaries":[]}', "could not parse plan info: it doesn't contain a binary map"],
    ['{"binaries":{"any":1}}', 'could not parse plan info: the value of "any" is no text'],
    ['{"binaries":{}}', 'cannot find binary for os/arch: neither linux/amd64, nor any'],
    ['{"binaries":{"linux/arm64":"https://h/a"}}', 'cannot find binary for os/arch: neither linux/amd64, nor any'],
  ])('%j is refused', async (info, message) => {
    await expect(chosen(info)).rejects.toMatchObject({
      code: 'PLAN_INFO_INVALID',
      message: expect.stringContaining(message) as string,
    });
  });
});

describe('an info that is an address', () => {
  test.each(['https://host.example/info.json', '/srv/info.json'])('%s: the document there counts', async (info) => {
    const asked: string[] = [];
    const fetchDocument: PlanBinaryOptions['fetchDocument'] = (source) => {
      asked.push(source.address.href);
      return Promise.resolve(infoOf({ any: address }));
    };
    expect((await chosen(info, { fetchDocument })).url).toBe(address);
    expect(asked).toEqual([info.startsWith('/') ? `file://${info}` : info]);
  });

  test('one without a word in it', async () => {
    await expect(chosen('https://h.example/i', { fetchDocument: () => Promise.resolve(' ') })).rejects.toThrow(
      'no content returned by "https://h.example/i"',
    );
  });

  test('one that leads to another document is no document', async () => {
    const fetchDocument = () => Promise.resolve('https://h.example/next');
    await expect(chosen('https://h.example/i', { fetchDocument })).rejects.toThrow(
      'could not parse https://h.example/i',
    );
  });
});

describe('DAEMON_DOWNLOAD_MUST_HAVE_CHECKSUM', () => {
  test("holds for the binary's address", async () => {
    const without = infoOf({ any: 'https://host.example/a' });
    await expect(chosen(without, { mustHaveChecksum: true })).rejects.toMatchObject({ code: 'CHECKSUM_MISSING' });
    await expect(
      chosen(infoOf({ any: 'https://host.example/a?checksum=' }), { mustHaveChecksum: true }),
    ).rejects.toThrow('missing checksum query parameter in https://host.example/a?checksum=');
    expect((await chosen(infoOf({ any: address }), { mustHaveChecksum: true })).url).toBe(address);
  });

  test("holds for the document's address before it is fetched", async () => {
    await expect(chosen('https://host.example/i', { mustHaveChecksum: true })).rejects.toThrow(
      'missing checksum query parameter in https://host.example/i',
    );
  });

  test('holds for both', async () => {
    const fetchDocument = () => Promise.resolve(infoOf({ any: 'https://host.example/a' }));
    await expect(
      chosen(`https://host.example/i?checksum=${sum}`, { mustHaveChecksum: true, fetchDocument }),
    ).rejects.toThrow('missing checksum query parameter in https://host.example/a');
  });
});

describe('an address', () => {
  test('checksum and archive are taken off, the rest of the query stays as it is', () => {
    const source = parseSource(`https://h.example/a%20b.tgz?x=1%2F2&checksum=sha256:${sum}&archive=zip&y#there`);
    expect(source.address.href).toBe('https://h.example/a%20b.tgz?x=1%2F2&y');
    expect(source.checksum).toEqual({ type: 'sha256', hex: sum });
    expect(source.format).toBe('zip');
  });

  test.each([
    ['a', undefined],
    ['a.tar', 'tar'],
    ['a.tar.gz', 'tar.gz'],
    ['a.tgz', 'tar.gz'],
    ['a.tar.bz2', 'tar.bz2'],
    ['a.tbz2', 'tar.bz2'],
    ['a.tar.xz', 'tar.xz'],
    ['a.txz', 'tar.xz'],
    ['a.tar.zst', 'tar.zst'],
    ['a.tzst', 'tar.zst'],
    ['a.zip', 'zip'],
    ['a.gz', 'gz'],
    ['a.bz2', 'bz2'],
    ['a.xz', 'xz'],
    ['a.zst', 'zst'],
    ['a.tar.gz?archive=false', undefined],
    ['a.tar.gz?archive=true', 'tar.gz'],
    ['a?archive=tgz', 'tar.gz'],
    ['tar.gz', 'gz'],
  ])('%s is of the format %s', (name, format) => {
    expect(parseSource(`https://h.example/${name}`).format).toBe(format);
  });

  test('a folder of the archive stands behind //', () => {
    const source = parseSource('https://h.example/a.tar.gz//dist/linux?x=1');
    expect(source).toMatchObject({ within: 'dist/linux', format: 'tar.gz' });
    expect(source.address.href).toBe('https://h.example/a.tar.gz?x=1');
  });

  test.each([
    ['MD5', 'unsupported checksum type: "MD5"'],
    ['crc32', 'unsupported checksum type: "crc32"'],
    ['sha256', 'is no checksum'],
  ])('checksum=%s:00 is refused', (type, why) => {
    expect(() => parseSource(`https://h.example/a?checksum=${type}:00`)).toThrow(why);
  });

  test.each([
    ['d41d8cd98f00b204e9800998ecf8427e', 'md5'],
    ['DA39A3EE5E6B4B0D3255BFEF95601890AFD80709', 'sha1'],
    [sum, 'sha256'],
    ['b'.repeat(128), 'sha512'],
  ])('the length of %s says %s', (hex, type) => {
    expect(parseSource(`https://h.example/a?checksum=${hex}`).checksum).toEqual({ type, hex: hex.toLowerCase() });
  });

  test('two that differ are refused, the same one twice is not', () => {
    const twice = `https://h.example/a?checksum=${sum}&checksum=${sum}`;
    expect(parseSource(twice).checksum).toEqual({ type: 'sha256', hex: sum });
    expect(() => parseSource(`${twice.slice(0, -1)}b`)).toThrow('has 2 checksums');
  });

  test.each([
    'git::https://h.example/a',
    's3::https://h.example/a',
    'ftp://h.example/a',
    'file://other.example/a',
    'a/relative/path',
    '',
    'https://',
    `https://h.example/a?archive=rar`,
  ])('%j is refused', (text) => {
    expect(() => parseSource(text)).toThrow(expect.objectContaining({ code: 'ADDRESS_INVALID' }) as Error);
  });
});
