// /etc/ld.so.cache, as the loader's own lookup reads it (glibc, elf/dl-cache.c and dl-cache.h). The bytes are not trusted:
// a cache that is damaged is an answer of its own ("not judged by the cache"), never a crash and never half a table.
//
//   [ "ld.so-1.7.0" NUL, count u32, count entries of 12 bytes, padding ]      an old table before it, on old systems
//   "glibc-ld.so.cache" "1.1", count u32, length of strings u32, flags u8, 3 bytes, offset of extensions u32, 12 bytes
//   count entries: flags i32, name u32, path u32, unused u32, hwcap u64       name, path: offsets from "glibc-ld.so.cache"
//   strings, each with a NUL
//   extensions: magic u32, count u32, then tag u32, flags u32, offset u32, size u32 each; tag 1: u32 offsets of hwcaps names
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';

import { EM } from '../elf/constants.js';
import { hasCode, messageOf } from '../errors/cvtool-error.js';
import type { Hardware } from './hardware-capabilities.js';

export interface CacheEntry {
  readonly path: string;
  /** ABI and word size: FLAG_* in sysdeps/generic/ldconfig.h. */
  readonly flags: number;
  /** A subfolder of glibc-hwcaps/ in which the library lies. */
  readonly level: string | undefined;
  /** x86 ISA level (0 to 3) that the library's property note asks for. */
  readonly isaLevel: number;
  /** The old way: bits of AT_HWCAP, bits 48 to 51 for the platform, 63 for tls. */
  readonly legacyHwcap: bigint;
}

export type LoaderCache =
  | { readonly kind: 'absent' }
  | { readonly kind: 'damaged'; readonly why: string }
  /** `find` gives the entries of a library's name, in their order; a text instead says why the table is damaged there. */
  | { readonly kind: 'table'; readonly find: (name: string) => readonly CacheEntry[] | string };

const oldMagic = 'ld.so-1.7.0';
const newMagic = 'glibc-ld.so.cache1.1';
const headerSize = 48;
const entrySize = 24;
const extensionMagic = 0xeaa4_2174;
const hwcapsTag = 1;
/** The largest caches of real systems have some hundred kB. */
const largestCache = 16 * 1024 * 1024;
/** PATH_MAX */
const longestString = 4096;
/** More levels than any machine has, and more files of one name than any system has. */
const mostLevels = 1000;
const mostEntries = 1000;

/** What the loader of a machine accepts: _DL_CACHE_DEFAULT_ID. Of other machines we do not know it. */
const defaultFlags: Readonly<Record<number, number>> = {
  [EM[386]]: 0x0003,
  [EM.X86_64]: 0x0303,
  [EM.AARCH64]: 0x0a03,
};
const extensionBit = 0x4000_0000n;
const isaLevelMask = 0x3ffn;
const tlsBit = 1n << 63n;
const platformBits = 0xfn << 48n;
const platforms: Readonly<Record<string, bigint>> = { haswell: 1n << 50n, xeon_phi: 1n << 51n };
const legacyBits: Readonly<Record<string, bigint>> = { x86_64: 1n << 1n, avx512_1: 1n << 2n };

/** @throws the system's error where the file is there but cannot be read for another reason than access */
export function readLoaderCache(path: string): LoaderCache {
  let file;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return { kind: 'absent' };
    if (hasCode(error, 'EACCES')) return { kind: 'damaged', why: `${path} cannot be read: ${messageOf(error)}` };
    throw error;
  }
  try {
    const status = fstatSync(file);
    if (!status.isFile()) return { kind: 'damaged', why: `${path} is not a regular file` };
    if (status.size > largestCache) return { kind: 'damaged', why: `${path} has ${status.size} bytes` };
    const bytes = Buffer.alloc(status.size);
    let size = 0;
    for (let count = -1; count !== 0 && size < bytes.length; size += count) {
      count = readSync(file, bytes, size, bytes.length - size, size);
    }
    return parseLoaderCache(bytes.subarray(0, size), path);
  } finally {
    closeSync(file);
  }
}

/** @param name for messages */
export function parseLoaderCache(file: Buffer, name = 'ld.so.cache'): LoaderCache {
  try {
    const reader = new CacheReader(newFormatWithin(file));
    return { kind: 'table', find: (library) => unlessDamaged(name, () => reader.find(library)) };
  } catch (error) {
    return { kind: 'damaged', why: damageIn(name, error) };
  }
}

function unlessDamaged<Value>(name: string, read: () => Value): Value | string {
  try {
    return read();
  } catch (error) {
    return damageIn(name, error);
  }
}

function damageIn(name: string, error: unknown): string {
  if (error instanceof Damage || error instanceof RangeError) return `${name}: ${error.message}`; // Buffer's reads throw those
  throw error;
}

/** Do we know which entries this machine's loader accepts? */
export function cacheIsKnownFor(machine: number): boolean {
  return machine in defaultFlags;
}

/**
 * The path that the loader takes from the cache.
 * @returns undefined where it has none
 * @see search_cache in elf/dl-cache.c: entries with a glibc-hwcaps level come first, the best of them wins
 */
export function lookUp(
  entries: readonly CacheEntry[],
  { machine, hardware, legacy }: { machine: number; hardware: Hardware; legacy: boolean },
): string | undefined {
  const wanted = defaultFlags[machine];
  let best: { path: string; rank: number } | undefined;
  for (const entry of entries) {
    if (entry.flags !== wanted) continue;
    if (entry.level !== undefined) {
      const rank = hardware.levels.indexOf(entry.level);
      if (rank === -1 || entry.isaLevel > hardware.levels.length) continue;
      if (best === undefined || rank < best.rank) best = { path: entry.path, rank };
    } else if (best !== undefined) {
      break;
    } else if (acceptsLegacy(entry.legacyHwcap, hardware, legacy)) {
      return entry.path;
    }
  }
  return best?.path;
}

function acceptsLegacy(hwcap: bigint, hardware: Hardware, legacy: boolean): boolean {
  if (hwcap === 0n) return true;
  if (!legacy) return false; // since glibc 2.37
  const usable = hardware.legacyNames.reduce((bits, name) => bits | (legacyBits[name] ?? 0n), tlsBit | platformBits);
  if ((hwcap & ~usable) !== 0n) return false;
  const platform = hwcap & platformBits;
  return platform === 0n || platform === platforms[hardware.platform ?? ''];
}

/** The part from "glibc-ld.so.cache" on: all offsets count from there. */
function newFormatWithin(file: Buffer): Buffer {
  if (startsWith(file, newMagic)) return file;
  if (!startsWith(file, oldMagic)) throw new Damage('neither of the known formats');
  const oldEntries = file.readUInt32LE(12);
  const start = Math.ceil((16 + oldEntries * 12) / 8) * 8; // ALIGN_CACHE: the new header is aligned to 8 bytes
  const rest = file.subarray(Math.min(start, file.length));
  if (!startsWith(rest, newMagic)) throw new Damage('only the table of glibc before 2.2');
  return rest;
}

/** Reads no more than a lookup asks for: a whole table is work enough to wake the optimising compiler, which costs megabytes. */
class CacheReader {
  readonly #cache: Buffer;
  readonly #count: number;
  readonly #levels: readonly string[];

  constructor(cache: Buffer) {
    this.#cache = cache;
    this.#count = cache.readUInt32LE(20);
    const byteOrder = cache.readUInt8(28) & 3; // 0: not said, 2: little endian
    if (byteOrder !== 0 && byteOrder !== 2) throw new Damage(`byte order ${byteOrder} in its header`);
    if (this.#count > (cache.length - headerSize) / entrySize)
      throw new Damage(`${this.#count} entries in ${cache.length} bytes`);
    this.#levels = this.#readLevels(cache.readUInt32LE(32));
  }

  /** The table is sorted, the greatest name first (search_cache in elf/dl-cache.c: halving, then back to the first of its name). */
  find(name: string): CacheEntry[] {
    let first = 0;
    let end = this.#count;
    while (first < end) {
      const middle = (first + end) >> 1;
      if (compareNames(name, this.#name(middle)) < 0) first = middle + 1;
      else end = middle;
    }
    const entries: CacheEntry[] = [];
    for (let index = first; index < this.#count && compareNames(name, this.#name(index)) === 0; index += 1) {
      if (entries.length === mostEntries) throw new Damage(`more than ${mostEntries} entries for ${name}`);
      entries.push(this.#entry(headerSize + index * entrySize));
    }
    return entries;
  }

  #name(index: number): string {
    return this.#string(this.#cache.readUInt32LE(headerSize + index * entrySize + 4));
  }

  #entry(at: number): CacheEntry {
    const hwcap = this.#cache.readBigUInt64LE(at + 16);
    const extended = ((hwcap >> 32n) & ~isaLevelMask) === extensionBit;
    return {
      flags: this.#cache.readInt32LE(at),
      path: this.#string(this.#cache.readUInt32LE(at + 8)),
      level: extended ? (this.#levels[Number(hwcap & 0xffff_ffffn)] ?? 'a level without a name') : undefined,
      isaLevel: extended ? Number((hwcap >> 32n) & isaLevelMask) : 0,
      legacyHwcap: extended ? 0n : hwcap,
    };
  }

  #readLevels(extensions: number): string[] {
    const cache = this.#cache;
    if (extensions === 0) return [];
    if (cache.readUInt32LE(extensions) !== extensionMagic) throw new Damage(`no extensions at byte ${extensions}`);
    const count = cache.readUInt32LE(extensions + 4);
    if (count > (cache.length - extensions - 8) / 16) throw new Damage(`${count} extensions`);
    for (let index = 0, at = extensions + 8; index < count; index += 1, at += 16) {
      if (cache.readUInt32LE(at) !== hwcapsTag) continue;
      const offset = cache.readUInt32LE(at + 8);
      const levels = cache.readUInt32LE(at + 12) / 4;
      if (levels > mostLevels) throw new Damage(`${levels} levels of processors`);
      return Array.from({ length: Math.floor(levels) }, (_, i) => this.#string(cache.readUInt32LE(offset + i * 4)));
    }
    return [];
  }

  #string(start: number): string {
    const window = this.#cache.subarray(Math.min(start, this.#cache.length), start + longestString);
    const end = window.indexOf(0);
    if (end === -1) throw new Damage(`no text of a sane length at byte ${start}`);
    return window.toString('utf8', 0, end);
  }
}

/**
 * The order of the table's names: byte by byte, but runs of digits as numbers (_dl_cache_libcmp in elf/dl-cache.c).
 * @returns less than 0 where `a` stands after `b`
 */
export function compareNames(a: string, b: string): number {
  const [left, right] = [a.match(/\d+|\D/g) ?? [], b.match(/\d+|\D/g) ?? []];
  for (const [index, mine] of left.entries()) {
    const theirs = right[index] ?? '';
    const [mineIsNumber, theirsIsNumber] = [/^\d/.test(mine), /^\d/.test(theirs)];
    if (mineIsNumber !== theirsIsNumber) return mineIsNumber ? 1 : -1;
    const difference = mineIsNumber
      ? Number(mine) - Number(theirs)
      : Buffer.compare(Buffer.from(mine), Buffer.from(theirs));
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

function startsWith(bytes: Buffer, text: string): boolean {
  return bytes.toString('latin1', 0, text.length) === text;
}

class Damage extends Error {}
