// Two programs of the machine's own compiler: what is added, longer or other is found in the section where it is.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { fromBuffer, type ByteSource } from '../../src/elf/bytes.js';
import { readElf, type ElfFile } from '../../src/elf/elf-file.js';
import { differingBytes, sectionDifferences } from '../../src/elf/section-differences.js';
import type { Section } from '../../src/elf/segments.js';
import { comments, textDifferences } from '../../src/elf/texts.js';
import { compileC } from '../support/compile-c.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const source = '#include <stdio.h>\nint main(void) { puts("one text of it"); return 0; }\n';
let count = 0;

function program(text: string, flags: readonly string[] = []): string {
  return compileC(scratch, `p${(count += 1)}`, text, ['-O1', '-Wl,--build-id=none', ...flags]);
}

function elfOf(image: Buffer): ElfFile {
  return readElf(fromBuffer('a file', image));
}

function read(path: string): ElfFile {
  return elfOf(readFileSync(path));
}

/** A copy with objcopy's changes. */
function changed(path: string, ...args: readonly string[]): string {
  const copy = join(scratch, `c${(count += 1)}`);
  runTool('objcopy', [...args, path, copy]);
  return copy;
}

const plain = program(source);

describe('sections', () => {
  test('a file and itself: none', () => {
    expect(sectionDifferences(read(plain), read(plain))).toEqual([]);
  });

  test('one byte of one section, and where', () => {
    const image = readFileSync(plain);
    const { offset, size } = sectionNamed(elfOf(image), '.rodata');
    image[offset + 5] = (image[offset + 5] ?? 0) ^ 1;
    expect(sectionDifferences(read(plain), elfOf(image))).toEqual([
      { kind: 'content', section: '.rodata', size, count: 1, first: 5 },
    ]);
  });

  test('a section that only one has stands first, whichever it is', () => {
    const more = changed(plain, '--add-section', `.more=${plain}.c`, '--set-section-flags', '.more=noload,readonly');
    const size = readFileSync(`${plain}.c`).length;
    expect(sectionDifferences(read(plain), read(more))[0]).toEqual({
      kind: 'only',
      in: 'other',
      section: '.more',
      size,
    });
    expect(sectionDifferences(read(more), read(plain))[0]).toEqual({ kind: 'only', in: 'one', section: '.more', size });
  });

  test('another size is not compared byte by byte, and stands before other contents', () => {
    const longer = program(source.replace('one text', 'another text'));
    const differences = sectionDifferences(read(plain), read(longer));
    expect(differences[0]).toEqual({ kind: 'size', section: '.rodata', one: 19, other: 23 });
    const kinds = differences.map(({ kind }) => kind);
    expect(kinds).toEqual([...kinds].sort().reverse()); // size, then content
  });

  test('sections of one name are told apart by their order', () => {
    const twice = (name: string): string =>
      `__asm__(".section ${name},\\"\\",@progbits,unique,1\\n.byte 1\\n.previous");\n`;
    const object = (text: string): string => compileC(scratch, `o${(count += 1)}`, text, ['-c']);
    const [one, two] = [
      object(twice('.twin')),
      object(twice('.twin') + twice('.twin').replace('unique,1', 'unique,2')),
    ];
    expect(sectionDifferences(read(one), read(two))).toContainEqual({
      ...{ kind: 'only', in: 'other', section: '.twin', size: 1 },
    });
  });

  test('what takes no room in the file is not looked for there', () => {
    const image = readFileSync(program(`char room[1 << 20];\n${source.replace('0;', 'room[9];')}`));
    expect(sectionNamed(elfOf(image), '.bss').size).toBeGreaterThan(image.length);
    expect(sectionDifferences(elfOf(image), elfOf(image))).toEqual([]);
  });
});

function sectionNamed(elf: ElfFile, wanted: string): Section {
  const found = elf.sections.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`no section ${wanted}`);
  return found;
}

test('bytes that differ are counted beyond the first piece that is read', () => {
  const one = Buffer.from(Uint8Array.from({ length: (2 << 20) + 7 }, (_, at) => at >> 13)); // the second piece is unlike the first
  const other = Buffer.from(one);
  for (const at of [0, 1 << 20, (2 << 20) + 6]) other[at] = (other[at] ?? 0) ^ 1;
  const at = (source: Buffer, offset: number) => ({ source: fromBuffer('x', source), offset });
  expect(differingBytes(at(one, 0), at(other, 0), one.length)).toEqual({ count: 3, first: 0 });
  expect(differingBytes(at(one, 1), at(other, 1), one.length - 1)).toEqual({ count: 2, first: (1 << 20) - 1 });
  expect(differingBytes(at(one, 1), at(other, 1), 1 << 18)).toBeUndefined();
});

describe('texts', () => {
  test('those of one file only, from sections that hold data', () => {
    const other = program(source.replace('one text of it', 'two texts of it'));
    expect(textDifferences(read(plain), read(other))).toMatchObject({
      one: expect.arrayContaining(['one text of it']) as string[],
      other: expect.arrayContaining(['two texts of it']) as string[],
    });
  });

  test('a long one is shown around the place where it differs', () => {
    const long = (middle: string): string =>
      source.replace('one text of it', `${'a b '.repeat(500)}${middle}${' c d'.repeat(500)}`);
    const { one, other } = textDifferences(read(program(long('HERE'))), read(program(long('THERE'))));
    expect(one[0]).toMatch(/^….*a b HERE c d.*…$/);
    expect(other[0]).toMatch(/^….*a b THERE c d.*…$/);
    expect(one[0]?.length).toBe(82);
  });

  test('of code, of symbols for debuggers and of .comment nothing is told', () => {
    const stamped = changed(plain, '--add-section', `.debug_x=${plain}.c`);
    runTool('objcopy', ['--update-section', `.comment=${plain}.c`, stamped]);
    const { one, other } = textDifferences(read(plain), read(stamped));
    expect([...one, ...other].join(' ')).not.toMatch(/puts\("one|GCC: /);
  });

  test('however many sections lie over each other, no more is read than the file has', () => {
    const elf = read(plain);
    let count = 0;
    const source: ByteSource = {
      ...elf.source,
      read: (offset, length) => {
        count += length;
        return elf.source.read(offset, length);
      },
    };
    const whole = { ...sectionNamed(elf, '.rodata'), offset: 0, size: source.size };
    const sections = Array.from({ length: 10_000 }, (_, n) => ({ ...whole, name: `.x${n}` }));
    expect(textDifferences({ ...elf, source, sections }, elf).other).toEqual([]);
    expect(count).toBe(source.size);
  });

  test("a compiler's own words, each once; none where they were stripped", () => {
    const [first = ''] = comments(read(plain));
    expect(runTool('readelf', ['-p', '.comment', plain])).toContain(first);
    expect(first).toMatch(/GCC|clang/);
    const stamp = join(scratch, 'stamp');
    runTool('sh', ['-c', `printf 'cc two\\0cc one\\0cc two\\0' > ${stamp}`]);
    expect(comments(read(changed(plain, '--update-section', `.comment=${stamp}`)))).toEqual(['cc one', 'cc two']);
    expect(comments(read(changed(plain, '--remove-section', '.comment')))).toEqual([]);
  });
});
