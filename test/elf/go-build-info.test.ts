// Build information against `go version -m` and `go list`, in both of its forms, from one Go of each time.
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { fromBuffer, openByteSource } from '../../src/elf/bytes.js';
import { readElf } from '../../src/elf/elf-file.js';
import { readGoBuildInfo, type GoBuildInfo } from '../../src/elf/go-build-info.js';
import type { Module } from '../../src/elf/go-module-info.js';
import { compileC } from '../support/compile-c.js';
import { buildGo, runGo, writeFiles } from '../support/go-program.js';
import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';

const folder = scratchFolder();

/** A module with a dependency from the proxy and one that a folder replaces. */
function writeModule(name: string): string {
  const module = join(folder, name);
  writeFiles(module, {
    'go.mod':
      'module example.org/fixture\n\ngo 1.16\n\nrequire (\n\trsc.io/quote v1.5.2\n\texample.org/replaced v1.2.3\n)\n\n' +
      'replace example.org/replaced => ./replaced\n',
    'main.go':
      'package main\n\nimport (\n\t"example.org/replaced"\n\t"rsc.io/quote"\n)\n\n' +
      'func main() { println(quote.Hello(), replaced.Name) }\n',
    'replaced/go.mod': 'module example.org/replaced\n\ngo 1.16\n',
    'replaced/replaced.go': 'package replaced\n\n// Name is a marker.\nvar Name = "needle-outside-of-the-blob"\n',
  });
  return module;
}

function read(path: string): GoBuildInfo | undefined {
  const source = openByteSource(path);
  try {
    return readGoBuildInfo(readElf(source));
  } finally {
    source.close();
  }
}

/** What we read, written as `go version -m` does. */
function asGoPrints(path: string, { goVersion, path: main, main: module, deps, settings }: GoBuildInfo): string {
  const line = (kind: string, { path: name, version, sum, replace }: Module): string[] => [
    [`\t${kind}`, name, version, ...(replace === undefined ? [sum] : [])].join('\t'),
    ...(replace === undefined ? [] : line('=>', replace)),
  ];
  return [
    `${path}: ${goVersion}`,
    ...(main === '' ? [] : [`\tpath\t${main}`]),
    ...(module === undefined ? [] : line('mod', module)),
    ...deps.flatMap((each) => line('dep', each)),
    ...Object.entries(settings).map(
      ([key, value]) => `\tbuild\t${key}=${/[ \t"`]/.test(value) ? JSON.stringify(value) : value}`,
    ),
    '',
  ].join('\n');
}

/** Trailing tabs, and an empty line behind a replacement, are a matter of taste. */
function trimmed(text: string): string {
  return text.replace(/\t+$/gm, '').replace(/\n{2,}/g, '\n');
}

describe.each(['go1.16.15', 'go1.19.2', 'go1.22.0', 'local'])('%s', (toolchain) => {
  needs({ go: true, network: true, slow: true })(
    'is read as `go version -m` reads it, with every text in the ranges',
    () => {
      const module = writeModule(toolchain);
      for (const flags of [[], ['-ldflags=-s -w'], ['-trimpath', '-tags=one,two', '-gcflags=-N -l']]) {
        const path = buildGo(module, 'program', { toolchain, flags });
        const info = read(path)!;
        const printed = runGo(module, ['version', '-m', path], { toolchain: 'local' });
        expect(trimmed(asGoPrints(path, info))).toBe(trimmed(printed));
        expect(info.deps.map((each) => [each.path, each.replace?.path])).toContainEqual([
          'example.org/replaced',
          './replaced',
        ]);

        const image = readFileSync(path);
        for (const { offset, length } of info.range) image.fill(0, offset, offset + length);
        expect(image.includes('dep\trsc.io/quote\tv1.5.2')).toBe(false);
        expect(image.includes('needle-outside-of-the-blob')).toBe(true);
      }
    },
    300_000,
  );
});

needs({ go: true })('programs of other machines are read too, in either byte order and width', () => {
  const module = join(folder, 'machines');
  writeFiles(module, { 'go.mod': 'module example.org/m\n\ngo 1.16\n', 'main.go': 'package main\n\nfunc main() {}\n' });
  for (const GOARCH of ['386', 'arm64', 'mips', 's390x']) {
    const path = buildGo(module, GOARCH, { toolchain: 'local', environment: { GOARCH, CGO_ENABLED: '0' } });
    const info = read(path)!;
    expect(trimmed(asGoPrints(path, info))).toBe(
      trimmed(runGo(module, ['version', '-m', path], { toolchain: 'local' })),
    );
    expect(info.settings.GOARCH).toBe(GOARCH);
  }
});

needs({ go: true })('a setting with blanks and quotes is read as it was given', () => {
  const module = join(folder, 'quotes');
  writeFiles(module, {
    'go.mod': 'module example.org/q\n\ngo 1.16\n',
    'main.go': 'package main\n\nvar X string\n\nfunc main() { println(X) }\n',
  });
  const value = `-X "main.X=a 'b' \\ \u00fc \u{1f600}"`;
  const path = buildGo(module, 'program', { toolchain: 'local', flags: [`-ldflags=${value}`] });
  expect(read(path)?.settings['-ldflags']).toBe(value);
});

test('a program of C is no Go program: an answer, not an error', () => {
  expect(read(compileC(folder, 'c-program', 'int main(void) { return 0; }'))).toBeUndefined();
});

describe('damaged is another answer than not Go', () => {
  const inline = (bytes: readonly number[], text = '') => blob(8, 2, [...Array<number>(16).fill(0), ...bytes], text);

  test.each([
    ['a version that is longer than the file', inline([0xff, 0xff, 0xff, 0x7f])],
    ['a length without an end', inline(Array<number>(12).fill(0xff))],
    ['no version', inline([0, 0])],
    ['a pointer size of 3', blob(3, 0, Array<number>(16).fill(0))],
    ['a pointer to nowhere', blob(8, 0, Array<number>(16).fill(0x7f))],
    ['a module line with one column', inline([4], `go1x${framed('mod\tonly\n')}`)],
    ['a module line with four columns', inline([4], `go1x${framed('mod\ta\tb\tc\td\n')}`)],
    ['a replacement of nothing', inline([4], `go1x${framed('=>\ta\tb\tc\n')}`)],
    ['a setting without a key', inline([4], `go1x${framed('build\t=x\n')}`)],
    ['a setting with an open quote', inline([4], `go1x${framed('build\tx="y\n')}`)],
    ['a section that holds something else', Buffer.alloc(64)],
  ])('%s', (_, content) => {
    const path = withSection(content);
    expect(() => read(path)).toThrow(expect.objectContaining({ code: 'ELF_INVALID' }));
  });

  test('the same, whole, is read', () => {
    const info = read(
      withSection(inline([4], `go1x${framed('path\tp\nmod\tm\tv1\th1:x=\nlater\tkind\nbuild\t__proto__=y\n')}`)),
    )!;
    expect(info).toMatchObject({ goVersion: 'go1x', path: 'p', main: { path: 'm', version: 'v1', sum: 'h1:x=' } });
    expect(Object.entries(info.settings)).toEqual([['__proto__', 'y']]);
  });
});

function blob(pointerSize: number, flags: number, rest: readonly number[], text = ''): Buffer {
  const start = Buffer.from('\xff Go buildinf:', 'latin1');
  return Buffer.concat([start, Buffer.from([pointerSize, flags, ...rest]), Buffer.from(text, 'latin1')]);
}

/** A varint length, and the module information between two marks of 16 bytes. */
function framed(text: string): string {
  const length = text.length + 32;
  if (length > 127) throw new Error('too long for a varint of one byte');
  return `${String.fromCharCode(length)}${'<'.repeat(16)}${text}${'>'.repeat(16)}`;
}

/** An ELF file whose section .go.buildinfo holds these bytes. */
function withSection(content: Buffer): string {
  const source =
    '__attribute__((section(".go.buildinfo"), aligned(16))) unsigned char blob[256] = {1};\nint main(void) { return blob[0]; }\n';
  const path = compileC(folder, 'with-section', source);
  const section = readElf(fromBuffer(path, readFileSync(path))).sections.find(({ name }) => name === '.go.buildinfo')!;
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.concat([content, Buffer.alloc(256)]), 0, 256, section.offset);
  closeSync(file);
  return path;
}
