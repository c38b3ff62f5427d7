import { copyFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect, test } from 'vitest';

import { fromBuffer } from '../../src/elf/bytes.js';
import { DT } from '../../src/elf/constants.js';
import { readElf } from '../../src/elf/elf-file.js';
import { rewriteRunpath } from '../../src/elf/runpath.js';
import { readDynamicSymbols } from '../../src/elf/symbols.js';
import { readVersionNeeds } from '../../src/elf/versions.js';
import { compileC } from '../support/compile-c.js';
import { readelf } from '../support/readelf.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';

const folder = scratchFolder();
const buildHost = join(folder, 'build-host/lib');

beforeAll(() => {
  mkdirSync(buildHost, { recursive: true });
  compileC(buildHost, 'libgreet.so', 'const char *greet(void) { return "hello"; }', ['-shared', '-fPIC']);
});

const program =
  '#include <stdio.h>\nconst char *greet(void); void symbolname(void) {}\nint main(void) { puts(greet()); return 0; }\n';

function link(output: string, runpath: string, flags: readonly string[] = []): string {
  const libraries = [`-L${buildHost}`, `-Wl,-rpath,${runpath}`, '-rdynamic', '-lgreet'];
  return compileC(folder, output, program, [...flags, ...libraries]);
}

/** What must not change, whatever the runpath is. */
function allElse(image: Buffer): unknown {
  const elf = readElf(fromBuffer('image', image));
  return [elf.dynamic?.needed, elf.dynamic?.soname, readDynamicSymbols(elf), readVersionNeeds(elf)];
}

function refusal(image: Buffer, runpath: string): unknown {
  try {
    return rewriteRunpath(image, runpath);
  } catch (error) {
    return error;
  }
}

test('moved to another host, the program finds its library by $ORIGIN/../lib', () => {
  const path = link('moves', buildHost);
  const image = readFileSync(path);
  const before = allElse(image);
  expect(rewriteRunpath(image, '$ORIGIN/../lib')).toEqual({ before: [buildHost], changed: true });
  expect(allElse(image)).toEqual(before);
  expect(image.length).toBe(readFileSync(path).length);
  expect(image.includes(buildHost)).toBe(false);

  const host = join(folder, 'validator');
  mkdirSync(join(host, 'bin'), { recursive: true });
  mkdirSync(join(host, 'lib'));
  writeFileSync(join(host, 'bin/moves'), image, { mode: 0o755 });
  copyFileSync(join(buildHost, 'libgreet.so'), join(host, 'lib/libgreet.so'));
  renameSync(buildHost, `${buildHost}-hidden`);
  try {
    expect(readelf(join(host, 'bin/moves')).runpath).toBe('$ORIGIN/../lib');
    expect(runTool(join(host, 'bin/moves'), [])).toBe('hello\n');
    expect(() => runTool(path, [])).toThrow('cannot open shared object file');
  } finally {
    renameSync(`${buildHost}-hidden`, buildHost);
  }
});

test('done again it changes nothing', () => {
  const image = readFileSync(link('again', '/some/long/path/of/the/build/host'));
  rewriteRunpath(image, '$ORIGIN/../lib');
  expect(rewriteRunpath(image, '$ORIGIN/../lib')).toEqual({ before: ['$ORIGIN/../lib'], changed: false });
});

test('a tail that the linker shared with a symbol stays, and the rest goes', () => {
  const path = link('shared', '/some/long/path/ending_in_symbolname');
  const image = readFileSync(path);
  const { stringTable } = readElf(fromBuffer(path, image)).dynamic!;
  const table = image.subarray(stringTable.offset, stringTable.offset + stringTable.size).toString('latin1');
  expect(table.split('symbolname').length).toBe(2); // once: the linker did merge them
  const before = allElse(image);

  rewriteRunpath(image, '$ORIGIN/../lib');
  const after = join(folder, 'shared-after');
  writeFileSync(after, image, { mode: 0o755 });
  expect(allElse(image)).toEqual(before);
  expect(readelf(after).runpath).toBe('$ORIGIN/../lib');
  expect(readelf(after).symbols).toEqual(readelf(path).symbols);
  expect(readelf(after).symbols).toContain('symbolname GLOBAL FUNC true');
  expect(image.includes('/some/long')).toBe(false);
  expect(image.includes('ending_in_symbolname')).toBe(false);
});

test.each([
  ['no longer string than the old one', '/short', '$ORIGIN/../lib', '/short'],
  ['where the new one would reach into a shared tail', '/0123456_symbolname', '$ORIGIN/../lib', 'only 8 are free'],
  ['where all of the old one is shared', 'symbolname', '$ORIGIN', 'only 0 are free'],
])('there is room for %s: refused, and nothing is written', (_, old, wanted, said) => {
  const image = readFileSync(link('tight', old));
  const original = Buffer.from(image);
  const error = refusal(image, wanted);
  expect(error).toMatchObject({ code: 'RUNPATH_FIXED', hint: expect.stringContaining('-rpath') });
  expect(String(error)).toContain(said);
  expect(image.equals(original)).toBe(true);
});

test('exactly as long as the old one fits, and one character more does not', () => {
  const image = readFileSync(link('exact', '/2345678901234'));
  expect(refusal(Buffer.from(image), '$ORIGIN/../lib2')).toMatchObject({ code: 'RUNPATH_FIXED' });
  expect(rewriteRunpath(image, '$ORIGIN/../lib')).toMatchObject({ changed: true });
});

test.each([
  ['a needed name', 'needs', '/where/it/was/libgreet.so', []],
  ['its own name', 'soname', '/where/it/was/libmine.so.1', ['-shared', '-fPIC', '-Wl,-soname,libmine.so.1']],
  ['a version', 'version', '/where/it/was/GLIBC_2.34', []],
  ['an auditor', 'audit', '/where/it/was/auditor.so', ['-Wl,--audit,auditor.so']],
  ['a filter', 'filter', '/where/it/was/filtered.so', ['-shared', '-fPIC', '-Wl,-F,filtered.so']],
])('%s may be the tail: it stays', (_, output, runpath, flags) => {
  const image = readFileSync(link(output, runpath, flags));
  const tail = runpath.split('/').at(-1)!;
  const { stringTable } = readElf(fromBuffer(output, image)).dynamic!;
  const names = () => image.subarray(stringTable.offset, stringTable.offset + stringTable.size).toString('latin1');
  expect(names().split(tail).length).toBe(2);
  const before = allElse(image);
  rewriteRunpath(image, '$ORIGIN');
  expect(allElse(image)).toEqual(before);
  expect(names()).toContain(`\0${tail}\0`);
  expect(names()).not.toContain('/where');
});

test('an old RPATH becomes a RUNPATH', () => {
  const path = link('rpath', '/some/long/path/of/the/build/host', ['-Wl,--disable-new-dtags']);
  expect(readelf(path).rpath).toBe('/some/long/path/of/the/build/host');
  const image = readFileSync(path);
  rewriteRunpath(image, '$ORIGIN');
  const after = join(folder, 'rpath-after');
  writeFileSync(after, image);
  expect(readelf(after)).toMatchObject({ rpath: undefined, runpath: '$ORIGIN' });
});

test('of two entries, one within the other, both become the same', () => {
  const image = readFileSync(link('two', '/some/long/path/of/the/build/host'));
  const { dynamic } = readElf(fromBuffer('two', image));
  const [runpath, spare] = [DT.RUNPATH, 21 /* DT_DEBUG */].map((tag) =>
    dynamic!.entries.find((each) => each.tag === tag)!,
  );
  image.writeBigUInt64LE(BigInt(DT.RPATH), spare!.fileOffset);
  image.writeBigUInt64LE(BigInt(runpath!.value + 10), spare!.fileOffset + 8);
  expect(rewriteRunpath(image, '$ORIGIN/../lib').before).toEqual([
    '/some/long/path/of/the/build/host',
    '/path/of/the/build/host',
  ]);
  const after = readElf(fromBuffer('two', image)).dynamic!;
  expect(after).toMatchObject({ rpath: undefined, runpath: '$ORIGIN/../lib' });
  expect(after.entries.filter(({ tag }) => tag === DT.RUNPATH)).toHaveLength(2);
  expect(image.includes('/build/host')).toBe(false);
});

test('a 32-bit file too', () => {
  const flags = ['-m32', '-nostdlib', '-shared', '-fPIC', '-Wl,-rpath,/some/long/path'];
  const image = readFileSync(compileC(folder, 'lib32.so', 'int mine(void) { return 1; }', flags));
  rewriteRunpath(image, '$ORIGIN');
  expect(readElf(fromBuffer('lib32.so', image)).dynamic?.runpath).toBe('$ORIGIN');
});

test('a binary without any such entry is refused', () => {
  const image = readFileSync(compileC(folder, 'none', 'int main(void) { return 0; }'));
  expect(refusal(image, '$ORIGIN')).toMatchObject({ code: 'RUNPATH_FIXED' });
  const unlinked = readFileSync(compileC(folder, 'static', 'int main(void) { return 0; }', ['-static']));
  expect(refusal(unlinked, '$ORIGIN')).toMatchObject({ code: 'RUNPATH_FIXED' });
});

test('a section .dynstr that is not the table of the loader is refused', () => {
  const path = link('odd', '/some/long/path/of/the/build/host');
  const image = readFileSync(path);
  const index = readElf(fromBuffer(path, image)).sections.findIndex(({ name }) => name === '.dynstr');
  const sizeAt = Number(image.readBigUInt64LE(0x28)) + index * 64 + 32; // e_shoff; sh_size
  image.writeBigUInt64LE(image.readBigUInt64LE(sizeAt) - 1n, sizeAt);
  expect(refusal(image, '$ORIGIN')).toMatchObject({ code: 'RUNPATH_FIXED' });
});

test.each(['', 'a b', 'a\0b', '$ORIGIN\n', 'ü'])('%j is no runpath: a mistake of the caller', (runpath) => {
  const image = readFileSync(link('mistake', '/some/long/path/of/the/build/host'));
  expect(() => rewriteRunpath(image, runpath)).toThrow('no runpath');
});
