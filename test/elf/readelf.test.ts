// Our reading against readelf's, on every program of this machine.
import { readFileSync, readdirSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { openByteSource } from '../../src/elf/bytes.js';
import { isElf, readElf, type ElfFile } from '../../src/elf/elf-file.js';
import { rewriteRunpath } from '../../src/elf/runpath.js';
import { readDynamicSymbols, type DynamicSymbol } from '../../src/elf/symbols.js';
import { readVersionDefinitions, readVersionNeeds } from '../../src/elf/versions.js';
import { toBigEndian } from '../support/big-endian.js';
import { compileC } from '../support/compile-c.js';
import { readelf, type ReadelfSays } from '../support/readelf.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';

const folder = scratchFolder();

const bindings = { local: 'LOCAL', global: 'GLOBAL', weak: 'WEAK', unique: 'UNIQUE', other: '?' };
const types = {
  none: 'NOTYPE',
  object: 'OBJECT',
  function: 'FUNC',
  section: 'SECTION',
  file: 'FILE',
  common: 'COMMON',
  tls: 'TLS',
  indirect: 'IFUNC',
  other: '?',
};

/** What we read, in the shape of readelf's answer. */
function weSay(elf: ElfFile): ReadelfSays {
  const { dynamic } = elf;
  const definitions = readVersionDefinitions(elf);
  return {
    class: elf.class,
    byteOrder: elf.byteOrder,
    segments: elf.segments.map((each) => [each.offset, each.address, each.fileSize, each.memorySize].join(' ')),
    sections: elf.sections.map((each) => [each.name, each.address, each.offset, each.size].join(' ')),
    interpreter: elf.interpreter,
    needed: dynamic?.needed ?? [],
    soname: dynamic?.soname,
    rpath: dynamic?.rpath,
    runpath: dynamic?.runpath,
    dynamicEntries: dynamic?.entries.length ?? 0,
    symbols: readDynamicSymbols(elf).map((symbol) =>
      [nameOf(symbol, definitions), bindings[symbol.binding], types[symbol.type], symbol.defined].join(' '),
    ),
    needs: readVersionNeeds(elf).flatMap(({ file, versions }) =>
      versions.map(({ name, weak }) => [file, name, weak].join(' ')),
    ),
    definitions,
  };
}

/** A defined symbol with a version that is only needed is a copy of another file's variable. */
function nameOf({ name, version, defined }: DynamicSymbol, definitions: readonly string[]): string {
  if (version === undefined || version.name === name) return name; // readelf does not say GLIBC_2.4@@GLIBC_2.4
  return `${name}${defined && !version.hidden && definitions.includes(version.name) ? '@@' : '@'}${version.name}`;
}

function bothOpinions(path: string): { ours: ReadelfSays; readelfs: ReadelfSays } | undefined {
  const source = openByteSource(path);
  try {
    return isElf(source) ? { ours: weSay(readElf(source)), readelfs: readelf(path) } : undefined;
  } finally {
    source.close();
  }
}

test('every ELF file of /usr/bin is read as readelf reads it', { timeout: 300_000 }, () => {
  const files = readdirSync('/usr/bin')
    .map((name) => join('/usr/bin', name))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true)
    .map((path) => realpathSync(path));
  let count = 0;
  for (const path of new Set(files)) {
    const opinions = bothOpinions(path);
    if (opinions === undefined) continue;
    count += 1;
    expect(opinions.ours, path).toEqual(opinions.readelfs);
  }
  expect(count).toBeGreaterThan(100);
});

test.each(['libc.so.6', 'libm.so.6', 'libstdc++.so.6', 'ld-linux-x86-64.so.2', 'libgcc_s.so.1'])(
  '%s, which defines versions, is read as readelf reads it',
  (name) => {
    const path = realpathSync(runTool('gcc', [`-print-file-name=${name}`]).trim());
    const opinions = bothOpinions(path);
    expect(opinions?.ours).toEqual(opinions?.readelfs);
    expect(opinions?.ours.definitions.length).toBeGreaterThan(2);
  },
);

test('a 32-bit library is read as readelf reads it', () => {
  const source = 'int mine(int a) { return a; } int theirs(void); int both(void) { return theirs(); }';
  const path = compileC(folder, 'lib32.so', source, [
    '-m32',
    '-nostdlib',
    '-shared',
    '-fPIC',
    '-Wl,-soname,lib32.so.1,-rpath,/some/where',
  ]);
  const opinions = bothOpinions(path);
  expect(opinions?.ours).toEqual(opinions?.readelfs);
  expect(opinions?.ours).toMatchObject({ class: 32, soname: 'lib32.so.1', runpath: '/some/where' });
});

test('a big-endian library is read as readelf reads it, and its runpath rewritten', () => {
  const source = '#include <stdio.h>\nint mine(void) { return puts("x"); }\n';
  const little = compileC(folder, 'little.so', source, [
    '-shared',
    '-fPIC',
    '-Wl,-soname,libx.so,-rpath,/some/long/path',
  ]);
  const path = join(folder, 'big.so');
  const image = toBigEndian(readFileSync(little));
  writeFileSync(path, image);
  const opinions = bothOpinions(path)!;
  expect(opinions.ours).toEqual(opinions.readelfs);
  expect(opinions.ours).toMatchObject({ class: 64, byteOrder: 'big', soname: 'libx.so', runpath: '/some/long/path' });
  expect(opinions.ours.symbols).toEqual(bothOpinions(little)!.ours.symbols);
  expect(opinions.ours.needs.length).toBeGreaterThan(0);
  rewriteRunpath(image, '$ORIGIN');
  writeFileSync(path, image);
  expect(readelf(path).runpath).toBe('$ORIGIN');
});
