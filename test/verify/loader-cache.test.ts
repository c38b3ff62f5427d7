import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { EM } from '../../src/elf/constants.js';
import type { Hardware } from '../../src/verify/hardware-capabilities.js';
import {
  compareNames,
  lookUp,
  parseLoaderCache,
  readLoaderCache,
  type CacheEntry,
} from '../../src/verify/loader-cache.js';
import { tinyElf } from './tiny-elf.js';

const hostCache = '/etc/ld.so.cache';
const ldconfig = ['/sbin/ldconfig', '/usr/sbin/ldconfig'].find((path) => existsSync(path)) ?? 'ldconfig';
const x86: Hardware = { levels: ['x86-64-v3', 'x86-64-v2'], platform: 'x86_64', legacyNames: ['x86_64'] };
const asked = { machine: EM.X86_64, hardware: x86, legacy: true };

function find(bytes: Buffer, name: string): readonly CacheEntry[] {
  const cache = parseLoaderCache(bytes);
  if (cache.kind !== 'table') throw new Error(`no table: ${JSON.stringify(cache)}`);
  const entries = cache.find(name);
  if (typeof entries === 'string') throw new Error(entries);
  return entries;
}

test("names and paths of the host's cache are those that ldconfig prints", () => {
  const printed = execFileSync(ldconfig, ['-p'], { encoding: 'utf8' });
  const theirs = new Map<string, string[]>();
  for (const [, name = '', path = ''] of printed.matchAll(/^\t(\S+) \(.*\) => (.*)$/gm))
    theirs.set(name, [...(theirs.get(name) ?? []), path]);
  const bytes = readFileSync(hostCache);
  for (const [name, paths] of theirs) {
    expect(find(bytes, name).map(({ path }) => path)).toEqual(paths);
    expect(find(bytes, `${name}.none`)).toEqual([]);
  }
  expect(theirs.size).toBeGreaterThan(10);
});

test.each([
  ['libfoo.so.10', 'libfoo.so.9'],
  ['libfoo.so.1', 'libfoo.so'],
  ['libfoo1.so', 'libfoo.so'],
  ['libfoox.so', 'libfoo.so'],
  ['libfoo2.so', 'libfoo01.so'],
])('%s stands before %s', (before, after) => {
  expect(compareNames(before, after)).toBeGreaterThan(0);
  expect(compareNames(after, before)).toBeLessThan(0);
  expect(compareNames(before, before)).toBe(0);
});

describe('a cache that ldconfig makes of a folder with subfolders for processors', () => {
  let folder: string;
  let cache: Buffer;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cvtool-cache-'));
    for (const subfolder of ['', 'glibc-hwcaps/x86-64-v2', 'glibc-hwcaps/x86-64-v3', 'glibc-hwcaps/x86-64-v4']) {
      mkdirSync(join(folder, 'lib', subfolder), { recursive: true });
      writeFileSync(join(folder, 'lib', subfolder, 'libva.so'), tinyElf({ soname: 'libva.so', machine: EM.X86_64 }));
    }
    writeFileSync(join(folder, 'conf'), `${folder}/lib\n`);
    execFileSync(ldconfig, ['-X', '-f', join(folder, 'conf'), '-C', join(folder, 'cache'), join(folder, 'lib')]);
    cache = readFileSync(join(folder, 'cache'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    [['x86-64-v4', 'x86-64-v3', 'x86-64-v2'], 'glibc-hwcaps/x86-64-v4/libva.so'],
    [['x86-64-v3', 'x86-64-v2'], 'glibc-hwcaps/x86-64-v3/libva.so'],
    [['x86-64-v2'], 'glibc-hwcaps/x86-64-v2/libva.so'],
    [[], 'libva.so'],
  ])('a processor of %j gets %s', (levels, path) => {
    const entries = find(cache, 'libva.so');
    expect(entries).toHaveLength(4);
    expect(lookUp(entries, { ...asked, hardware: { ...x86, levels } })).toBe(join(folder, 'lib', path));
  });

  test('the same table is read behind the old one', () => {
    const old = Buffer.alloc(16 + 3 * 12 + 4); // 3 entries, and what aligns the rest to 8 bytes
    old.write('ld.so-1.7.0\0', 'latin1');
    old.writeUInt32LE(3, 12);
    expect(find(Buffer.concat([old, cache]), 'libva.so')).toEqual(find(cache, 'libva.so'));
  });
});

test('entries for another machine are passed over, and so are the old marks for processors that are not here', () => {
  const entry = { path: '/lib/a', flags: 0x303, level: undefined, isaLevel: 0, legacyHwcap: 0n };
  const tls = { ...entry, path: '/lib/tls/a', legacyHwcap: 1n << 63n };
  expect(lookUp([{ ...entry, flags: 3, path: '/lib32/a' }, entry], asked)).toBe('/lib/a');
  expect(lookUp([tls, entry], asked)).toBe('/lib/tls/a');
  expect(lookUp([tls, entry], { ...asked, legacy: false })).toBe('/lib/a');
  expect(lookUp([{ ...entry, path: '/lib/haswell/a', legacyHwcap: 1n << 50n }, entry], asked)).toBe('/lib/a');
  expect(lookUp([{ ...entry, flags: 3 }], asked)).toBeUndefined();
});

test.each([
  ['nothing', Buffer.alloc(0)],
  ['text', Buffer.from('hello '.repeat(100))],
  ['the old format alone', Buffer.concat([Buffer.from('ld.so-1.7.0\0'), Buffer.alloc(100)])],
])('%s is damaged, not absent', (_, bytes) => {
  expect(parseLoaderCache(bytes)).toMatchObject({ kind: 'damaged' });
});

test('a small file whose entries share one long text is refused before it becomes gigabytes', () => {
  const count = 10_000;
  const bytes = Buffer.alloc(48 + count * 24 + 4096, 'a');
  bytes.write('glibc-ld.so.cache1.1', 'latin1');
  bytes.fill(0, 20, 48 + count * 24);
  bytes.writeUInt32LE(count, 20);
  for (let index = 0; index < count; index += 1) {
    bytes.writeUInt32LE(48 + count * 24, 48 + index * 24 + 4);
    bytes.writeUInt32LE(48 + count * 24, 48 + index * 24 + 8);
  }
  bytes[bytes.length - 1] = 0;
  const cache = parseLoaderCache(bytes);
  expect(cache.kind === 'table' && cache.find('a'.repeat(4095))).toMatch(/more than 1000 entries/);
});

test('no file is absent, a folder is damaged', () => {
  expect(readLoaderCache('/nowhere/cache')).toEqual({ kind: 'absent' });
  expect(readLoaderCache('/etc')).toMatchObject({ kind: 'damaged' });
});

test('whatever the bytes are, a lookup ends, with entries or "damaged"', () => {
  const real = readFileSync(hostCache);
  const interesting = fc.constantFrom(0, 1, 0x7fff_ffff, 0xffff_ffff, real.length, real.length - 1, 48);
  const mutation = fc.record({
    cut: fc.option(fc.nat(real.length), { nil: real.length }),
    words: fc.array(fc.tuple(fc.oneof(fc.nat(100), fc.nat(real.length)), fc.oneof(interesting, fc.nat())), {
      maxLength: 8,
    }),
  });
  const seen = { table: 0, damaged: 0 };
  fc.assert(
    fc.property(mutation, ({ cut, words }) => {
      const bytes = Buffer.from(real);
      for (const [at, value] of words) {
        if (at + 4 <= bytes.length) bytes.writeUInt32LE(value >>> 0, at);
      }
      const cache = parseLoaderCache(bytes.subarray(0, cut));
      if (cache.kind === 'absent') throw new Error('bytes are never absent');
      const found = cache.kind === 'table' ? cache.find('libc.so.6') : cache.why;
      seen[typeof found === 'string' ? 'damaged' : 'table'] += 1;
      if (typeof found === 'string') return;
      expect(found.length).toBeLessThanOrEqual(1000);
      for (const { path } of found) expect(path.length).toBeLessThan(4096);
    }),
    { numRuns: 3000 },
  );
  expect(Math.min(seen.table, seen.damaged)).toBeGreaterThan(100);
});
