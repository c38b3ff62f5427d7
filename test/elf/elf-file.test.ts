import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { fromBuffer, openByteSource } from '../../src/elf/bytes.js';
import { DT, EM, ET, machineName } from '../../src/elf/constants.js';
import { isElf, readElf } from '../../src/elf/elf-file.js';
import { readDynamicSymbols } from '../../src/elf/symbols.js';
import { glibcFloor, readVersionNeeds } from '../../src/elf/versions.js';
import { compileC } from '../support/compile-c.js';
import { buildGo, writeFiles } from '../support/go-program.js';
import { needs } from '../support/needs.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';

const folder = scratchFolder();
const program = '#include <stdio.h>\nint main(void) { puts("x"); return 0; }\n';
const invalid = (part: object): unknown => expect.objectContaining({ code: 'ELF_INVALID', ...part });

function programImage(flags: readonly string[] = []): Buffer {
  return readFileSync(compileC(folder, 'program', program, flags));
}

/** An image with one field overwritten. */
function broken(at: number, bytes: readonly number[]): () => unknown {
  const image = programImage();
  Buffer.from(bytes).copy(image, at);
  return () => readElf(fromBuffer('broken', image));
}

test('a program as gcc links it', () => {
  const elf = readElf(fromBuffer('program', programImage()));
  expect(elf).toMatchObject({ class: 64, byteOrder: 'little', type: ET.DYN, osabi: 0 });
  expect(machineName(elf.machine)).toBe(runTool('uname', ['-m']).trim());
  expect(elf.dynamic?.needed).toEqual(['libc.so.6']);
  expect(elf.interpreter).toMatch(/^\/lib.*ld-linux/);
});

test('a machine without a name is told by its number', () => {
  expect(machineName(EM.AARCH64)).toBe('aarch64');
  expect(machineName(0xbeef)).toBe('machine 48879');
});

test.each([
  ['nothing', ''],
  ['three bytes of the magic', '\x7fEL'],
  ['a script', '#!/bin/sh\nexit 0\n'],
])('another kind of file (%s) is told apart from a damaged one', (_, text) => {
  const source = fromBuffer('other', Buffer.from(text, 'latin1'));
  expect(isElf(source)).toBe(false);
  expect(() => readElf(source)).toThrow(invalid({ at: 0, field: 'e_ident' }));
});

test('a damaged file is named with byte, field and what was found', () => {
  expect(broken(4, [3])).toThrow(invalid({ at: 4, field: 'EI_CLASS', found: '3' }));
  expect(broken(5, [0])).toThrow(invalid({ at: 5, field: 'EI_DATA', found: '0' }));
  expect(broken(54, [57])).toThrow(invalid({ field: 'e_phentsize', found: '57 instead of 56' }));
  expect(broken(58, [1, 0])).toThrow(invalid({ field: 'e_shentsize' }));
  expect(broken(56, [0xf0, 0xff])).toThrow(invalid({ field: 'program headers' }));
  expect(broken(32, Array<number>(8).fill(0xff))).toThrow(invalid({ field: 'program headers' }));
  expect(broken(62, [1, 0])).toThrow(invalid({ field: 'e_shstrndx' }));
});

test('a file that was cut off is refused at whatever byte', () => {
  for (const flags of [[], ['-s']]) {
    const image = programImage(flags);
    for (let length = 0; length < image.length; length += 61) {
      const source = fromBuffer('cut', image.subarray(0, length));
      expect(() => readElf(source), `at ${length}`).toThrow(invalid({}));
    }
    readElf(fromBuffer('whole', image));
  }
});

needs({ go: true })('a Go program, whose section headers are at the front, may lack no byte of its end either', () => {
  const module = join(folder, 'go-program');
  writeFiles(module, { 'go.mod': 'module example.org/m\n\ngo 1.16\n', 'main.go': 'package main\n\nfunc main() {}\n' });
  const build = { toolchain: 'local', environment: { CGO_ENABLED: '0' } };
  const image = readFileSync(buildGo(module, 'program', build));
  const { source } = readElf(fromBuffer('whole', image));
  expect(image.readBigUInt64LE(0x28)).toBeLessThan(4096n); // e_shoff
  for (const length of [source.size - 1, source.size - 10_000, Math.floor(source.size / 2), 8192]) {
    expect(() => readElf(fromBuffer('cut', image.subarray(0, length))), `at ${length}`).toThrow('it was cut off');
  }
});

test('without section headers the loader finds all the same, and so do we', () => {
  const library = programImage(['-shared', '-fPIC']);
  for (const image of [programImage(), library, programImage(['-Wl,--hash-style=sysv']), programImage(['-rdynamic'])]) {
    const whole = readElf(fromBuffer('whole', image));
    const stripped = Buffer.from(image);
    stripped.fill(0, 0x28, 0x30); // e_shoff
    stripped.fill(0, 0x3c, 0x40); // e_shnum, e_shstrndx
    const elf = readElf(fromBuffer('stripped', stripped));
    expect(elf.sections).toEqual([]);
    expect(elf.dynamic).toEqual(whole.dynamic);
    expect(readVersionNeeds(elf)).toEqual(readVersionNeeds(whole));
    const relocated = readDynamicSymbols(elf);
    expect(relocated.map(({ name }) => name)).toContain('puts');
    expect(readDynamicSymbols(whole).slice(0, relocated.length)).toEqual(relocated);
  }
});

test('each way to count the symbols does when the others are missing', () => {
  const source = 'int theirs(void); int mine(void) { return theirs(); }';
  const flags = ['-shared', '-fPIC', '-nostdlib'];
  const names = (style: string, without: readonly number[]) => {
    const image = readFileSync(compileC(folder, 'libcount.so', source, [...flags, `-Wl,--hash-style=${style}`]));
    for (const { tag, fileOffset } of readElf(fromBuffer('whole', image)).dynamic!.entries) {
      if (without.includes(tag)) image.writeUInt32LE(DT.AUDIT + 0x1000_0000, fileOffset); // a tag that nobody knows
    }
    image.fill(0, 0x28, 0x30); // e_shoff
    return readDynamicSymbols(readElf(fromBuffer('stripped', image))).map(({ name }) => name);
  };
  const relocations = [DT.RELA, DT.REL, DT.JMPREL];
  expect(names('sysv', relocations)).toEqual(['theirs', 'mine']);
  expect(names('gnu', relocations)).toEqual(['theirs', 'mine']);
  expect(names('gnu', [DT.GNU_HASH])).toContain('theirs');
});

test('weak, defined and undefined symbols are told apart, with their versions', () => {
  const source =
    '__attribute__((weak)) int maybe(void); int offered(void) { return maybe ? maybe() : 0; }\n' +
    '__attribute__((weak)) int variable; __thread int own;\n';
  const path = compileC(folder, 'libsymbols.so', source, ['-shared', '-fPIC']);
  const symbols = readDynamicSymbols(readElf(fromBuffer(path, readFileSync(path))));
  const find = (name: string) => symbols.find((each) => each.name === name);
  expect(find('maybe')).toEqual({ name: 'maybe', defined: false, binding: 'weak', type: 'none', version: undefined });
  expect(find('offered')).toMatchObject({ defined: true, binding: 'global', type: 'function' });
  expect(find('variable')).toMatchObject({ defined: true, binding: 'weak', type: 'object' });
  expect(find('own')).toMatchObject({ defined: true, type: 'tls' });
  const [puts] = readDynamicSymbols(readElf(fromBuffer('program', programImage()))).filter(
    ({ name }) => name === 'puts',
  );
  expect(puts).toMatchObject({ defined: false, version: { name: expect.stringMatching(/^GLIBC_2\./) } });
});

test('the glibc floor is the greatest release by number, and neither GLIBC_PRIVATE nor an ABI mark counts', () => {
  const versions = ['GLIBC_2.9', 'GLIBC_2.10', 'GLIBC_2.2.5', 'GLIBC_PRIVATE', 'GLIBC_ABI_DT_RELR', 'OTHER_9.9'];
  const map = join(folder, 'map');
  writeFileSync(map, versions.map((name, index) => `${name} { global: f${index}; };`).join('\n'));
  const functions = versions.map((_, index) => `int f${index}(void)`);
  const library = functions.map((each) => `${each} { return 0; }`).join('\n');
  compileC(folder, 'libversions.so', library, ['-shared', '-fPIC', `-Wl,--version-script,${map}`]);
  const user = `${functions.map((each) => `${each};`).join('\n')} int all(void) { return f0()+f1()+f2()+f3()+f4()+f5(); }`;
  const path = compileC(folder, 'libuser.so', user, ['-shared', '-fPIC', '-nostdlib', `-L${folder}`, '-lversions']);
  const elf = readElf(fromBuffer(path, readFileSync(path)));
  expect(
    readVersionNeeds(elf)[0]
      ?.versions.map(({ name }) => name)
      .sort(),
  ).toEqual([...versions].sort());
  expect(glibcFloor(elf)).toBe('2.10');
  const alone = compileC(folder, 'libalone.so', 'int f(void) { return 0; }', ['-shared', '-fPIC', '-nostdlib']);
  expect(glibcFloor(readElf(fromBuffer(alone, readFileSync(alone))))).toBeUndefined();
});

test('only regular files are opened, and a FIFO does not hang', () => {
  execFileSync('mkfifo', [join(folder, 'fifo')]);
  mkdirSync(join(folder, 'directory'));
  expect(() => openByteSource(join(folder, 'fifo'))).toThrow(invalid({}));
  expect(() => openByteSource(join(folder, 'directory'))).toThrow(invalid({}));
  expect(() => openByteSource('/dev/zero')).toThrow(invalid({}));
  symlinkSync('missing', join(folder, 'dangling'));
  expect(() => openByteSource(join(folder, 'dangling'))).toThrow(expect.objectContaining({ code: 'ENOENT' }));
});

test('a read outside of the source is refused before anything is allocated', () => {
  const path = compileC(folder, 'source', program);
  const file = openByteSource(path);
  for (const source of [file, fromBuffer('memory', readFileSync(path))]) {
    for (const [offset, length] of [
      [0, source.size + 1],
      [source.size, 1],
      [-1, 1],
      [0, -1],
      [0, Infinity],
      [NaN, 1],
      [0.5, 1],
      [2 ** 53, 2 ** 53],
    ]) {
      expect(() => source.read(offset!, length!, 'field'), `${offset} ${length}`).toThrow(invalid({ field: 'field' }));
    }
    expect(source.read(source.size, 0)).toHaveLength(0);
  }
  file.close();
});
