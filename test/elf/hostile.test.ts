// Whatever the bytes are, the answer comes, and it is a value or the one documented error.
import { readFileSync } from 'node:fs';

import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';

import { makeBuildIdsCanonical } from '../../src/elf/build-ids.js';
import { fromBuffer, type ByteSource } from '../../src/elf/bytes.js';
import { DT } from '../../src/elf/constants.js';
import { readElf } from '../../src/elf/elf-file.js';
import { readGoBuildInfo } from '../../src/elf/go-build-info.js';
import { rewriteRunpath } from '../../src/elf/runpath.js';
import { readDynamicSymbols } from '../../src/elf/symbols.js';
import { glibcFloor, readVersionDefinitions } from '../../src/elf/versions.js';
import { CvtoolError } from '../../src/errors/cvtool-error.js';
import { compileC } from '../support/compile-c.js';
import { scratchFolder } from '../support/scratch-folder.js';

const folder = scratchFolder();
const images: Buffer[] = [];

beforeAll(() => {
  const source = 'int theirs(void); int mine(void) { return theirs(); }';
  const library = ['-nostdlib', '-shared', '-fPIC', '-Wl,-soname,libmine.so,-rpath,/some/long/path/of/a/host'];
  const blob = `
    __attribute__((section(".go.buildinfo"), aligned(16))) struct { char magic[14]; char size, flags; char pad[16]; char text[80]; }
    info = { "\\xff Go buildinf:", 8, 2, "", "\\x04go1x\\x38<<<<<<<<<<<<<<<<path\\tp\\nmod\\tm\\tv1\\nbuild\\tx=y\\n>>>>>>>>>>>>>>>>" };`;
  const program = `#include <stdio.h>\n${blob}\nint main(void) { puts(info.text); return 0; }\n`;
  images.push(
    readFileSync(compileC(folder, 'lib64.so', source, [...library, '-Wl,--hash-style=both'])),
    readFileSync(compileC(folder, 'lib32.so', source, [...library, '-m32'])),
    readFileSync(
      compileC(folder, 'program', program, ['-s', '-Wl,-rpath,/some/long/path/of/a/host,-z,noseparate-code']),
    ),
    readFileSync(compileC(folder, 'static.o', source, ['-c'])),
  );
});

const parts: Record<string, (image: Buffer) => unknown> = {
  symbols: (image) => readDynamicSymbols(readElf(source(image))),
  'glibc floor': (image) => glibcFloor(readElf(source(image))),
  'version definitions': (image) => readVersionDefinitions(readElf(source(image))),
  'Go build information': (image) => readGoBuildInfo(readElf(source(image))),
  'the runpath rewritten': (image) => rewriteRunpath(image, '$ORIGIN'),
  'canonical build ids': (image) => makeBuildIdsCanonical(image),
};
const reached = new Map<string, number>();

function source(image: Buffer): ByteSource {
  return fromBuffer('hostile', image);
}

/** Runs every part on its own copy; anything but CvtoolError is a fault of ours. */
function readAll(image: Buffer): void {
  for (const [name, read] of Object.entries(parts)) {
    const copy = Buffer.from(image);
    try {
      read(copy);
      reached.set(name, (reached.get(name) ?? 0) + 1);
    } catch (error) {
      if (!(error instanceof CvtoolError)) throw error;
      expect(['ELF_INVALID', 'RUNPATH_FIXED']).toContain(error.code);
    }
    expect(copy.length).toBe(image.length);
  }
}

/** Bytes that a format's fields turn on: ends of ranges, high bits, small counts. */
const byte = fc.oneof(fc.constantFrom(0, 1, 2, 0x7f, 0x80, 0xfe, 0xff), fc.integer({ min: 0, max: 255 }));
const which = fc.nat({ max: 3 });
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

function at(image: Buffer, where: number): number {
  return Math.floor(image.length * where);
}

describe('never another error, never a hang', () => {
  test('of random bytes, with and without a good start', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.boolean(), which, (bytes, headed, index) => {
        const head = headed ? images[index]!.subarray(0, 64) : Buffer.alloc(0);
        readAll(Buffer.concat([head, bytes]));
      }),
      { numRuns: 1500 },
    );
  });

  test(
    'of real files with some bytes changed, among their headers and tables or anywhere',
    { timeout: 240_000 },
    () => {
      reached.clear();
      const early = fc.double({ min: 0, max: 0.15, noNaN: true });
      const change = fc.record({ where: fc.oneof(early, place), value: byte });
      fc.assert(
        fc.property(which, fc.array(change, { minLength: 1, maxLength: 6 }), (index, changes) => {
          const image = Buffer.from(images[index]!);
          for (const { where, value } of changes) image[at(image, where)] = value;
          readAll(image);
        }),
        { numRuns: 4000 },
      );
      // Else nothing but the headers would have been tried.
      expect([...reached.keys()].sort()).toEqual(Object.keys(parts).sort());
    },
  );

  test('of real files where a whole word of a table is changed', { timeout: 240_000 }, () => {
    const word = fc.oneof(fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff), fc.nat({ max: 0x3000 }));
    fc.assert(
      fc.property(
        which,
        fc.array(fc.tuple(fc.nat({ max: 1000 }), word), { minLength: 1, maxLength: 4 }),
        (index, words) => {
          const image = Buffer.from(images[index]!);
          const { dynamic, segments } = readElf(source(image));
          for (const [slot, value] of words) {
            // Header, then the dynamic section, or the first loaded bytes: symbols, hashes, versions.
            const table = slot % 2 === 0 ? (dynamic?.entries[0]?.fileOffset ?? 64) : (segments[0]?.offset ?? 0) + 0x200;
            image.writeUInt32LE(value, Math.min(table + 4 * (slot >> 1), image.length - 4));
          }
          readAll(image);
        },
      ),
      { numRuns: 3000 },
    );
  });

  test('of cut files, and of the halves of two', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(which, which, place, place, (one, other, cut, join) => {
        const [head, tail] = [images[one]!, images[other]!];
        readAll(head.subarray(0, at(head, cut)));
        readAll(Buffer.concat([head.subarray(0, at(head, cut)), tail.subarray(at(tail, join))]));
      }),
      { numRuns: 1500 },
    );
  });
});

describe('large files that are made to cost much cost about their size', () => {
  const size = 8 << 20;

  /** A library with `size` more bytes in its one loaded segment; its entries of these tags point into them. */
  function inflated(fill: (extra: Buffer) => void, change: (image: Buffer, address: number) => void): Buffer {
    const small = images[0]!;
    const extra = Buffer.alloc(size);
    fill(extra);
    const image = Buffer.concat([small, extra]);
    const address = 0x100_0000;
    // PT_NOTE, of which there is one, becomes a PT_LOAD of the new bytes.
    const table = Number(small.readBigUInt64LE(0x20));
    const note = readElf(source(small)).segments.findIndex(({ type }) => type === 4);
    const header = table + note * 56;
    image.writeUInt32LE(1, header);
    image.writeBigUInt64LE(BigInt(small.length), header + 8);
    image.writeBigUInt64LE(BigInt(address), header + 16);
    image.writeBigUInt64LE(BigInt(size), header + 32);
    image.writeBigUInt64LE(BigInt(size), header + 40);
    change(image, address);
    return image;
  }

  function setEntry(image: Buffer, tag: number, value: number, asTag = tag): void {
    const entry = readElf(source(images[0]!)).dynamic!.entries.find((each) => each.tag === tag)!;
    image.writeBigUInt64LE(BigInt(asTag), entry.fileOffset);
    image.writeBigUInt64LE(BigInt(value), entry.fileOffset + 8);
  }

  /** Heap and buffers that reading takes, in bytes. */
  function cost(image: Buffer): number {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    const kept = Object.values(parts)
      .slice(0, 4)
      .map((read) => {
        try {
          return read(image);
        } catch (error) {
          if (!(error instanceof CvtoolError)) throw error;
          return error;
        }
      });
    const after = process.memoryUsage();
    expect(kept).toHaveLength(4);
    return after.heapUsed - heapUsed + after.arrayBuffers - arrayBuffers;
  }

  test('a name of 8 MB, whose tails are the names of all symbols', { timeout: 60_000 }, () => {
    const image = inflated(
      (extra) => {
        extra.fill('a', 0, size / 2);
        for (let index = 0; index < size / 2 / 24; index += 1) {
          extra.writeUInt32LE((index * 7) % (size / 2), size / 2 + index * 24);
        }
      },
      (copy, address) => {
        setEntry(copy, DT.STRTAB, address);
        setEntry(copy, DT.STRSZ, size / 2 + 1);
        setEntry(copy, DT.SYMTAB, address + size / 2);
        setEntry(copy, DT.GNU_HASH, Math.floor(size / 2 / 24), DT.MIPS_SYMTABNO);
        setEntry(copy, DT.HASH, 0, 21);
        setEntry(copy, DT.SONAME, 0);
        setEntry(copy, DT.RUNPATH, 0);
      },
    );
    const symbols = readDynamicSymbols(readElf(source(image)));
    expect(symbols.length).toBe(Math.floor(size / 2 / 24) - 1);
    expect(symbols[0]?.name.length).toBe(size / 2 - 7);
    expect(cost(image)).toBeLessThan(20 * size);
  });

  test('version lists in which every entry leads into the same chain', { timeout: 60_000 }, () => {
    const image = inflated(
      (extra) => {
        for (let at = 0; at + 16 <= size; at += 16) {
          extra.writeUInt16LE(1, at); // vn_version
          extra.writeUInt16LE(0xffff, at + 2); // vn_cnt
          extra.writeUInt32LE(16, at + 8); // vn_aux
          extra.writeUInt32LE(16, at + 12); // vn_next, vna_next
        }
      },
      (copy, address) => {
        setEntry(copy, DT.GNU_HASH, address, DT.VERNEED);
        setEntry(copy, DT.HASH, 1000, DT.VERNEEDNUM);
      },
    );
    expect(() => glibcFloor(readElf(source(image)))).toThrow('more than 20000 structures');
    expect(cost(image)).toBeLessThan(2 * size);
  });

  test('a dynamic section of half a million entries', () => {
    const image = inflated(
      (extra) => {
        for (let at = 0; at + 16 <= size; at += 16) extra.writeUInt32LE(1, at); // DT_NEEDED
      },
      (copy, address) => {
        const segment = readElf(source(images[0]!)).segments.findIndex(({ type }) => type === 2);
        const header = Number(copy.readBigUInt64LE(0x20)) + segment * 56;
        copy.writeBigUInt64LE(BigInt(copy.length - size), header + 8);
        copy.writeBigUInt64LE(BigInt(address), header + 16);
        copy.writeBigUInt64LE(BigInt(size), header + 32);
      },
    );
    expect(() => readElf(source(image))).toThrow('more than 10000 entries');
  });

  test('a hash chain without an end', () => {
    const image = inflated(
      (extra) => {
        extra.writeUInt32LE(1, 0); // nbuckets
        extra.writeUInt32LE(1, 16); // the bucket: the chain begins with symbol 1, and no word of it is odd
      },
      (copy, address) => setEntry(copy, DT.GNU_HASH, address),
    );
    expect(() => readDynamicSymbols(readElf(source(image)))).toThrow('DT_GNU_HASH');
  });

  test('Go marks all over, and module information of megabytes', { timeout: 60_000 }, () => {
    const blob = Buffer.from('\xff Go buildinf:\x08\x02', 'latin1');
    const program = images[2]!;
    const section = readElf(source(program)).sections.find(({ name }) => name === '.go.buildinfo')!;
    const text = (length: number) => {
      const image = Buffer.concat([program, Buffer.alloc(size, '<')]);
      blob.copy(image, section.offset);
      image[section.offset + 32] = 1;
      image[section.offset + 33] = 0x78;
      for (let place = 0, rest = length; place < 4; place += 1, rest = Math.floor(rest / 128)) {
        image[section.offset + 34 + place] = (rest % 128) | (place < 3 ? 0x80 : 0);
      }
      image.fill('<', section.offset + 38, section.offset + 54);
      image[section.offset + 38 + length - 17] = 10;
      return () => readGoBuildInfo(readElf(source(image)));
    };
    expect(text(size / 2 + 1)).toThrow('Go module information');
    expect(text(size / 4)()?.goVersion).toBe('x');
  });
});
