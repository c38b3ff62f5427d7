// What is told of two files with other bytes, in the order in which a cause is looked for; whatever they are, it is something.
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { fromBuffer } from '../../src/elf/bytes.js';
import { readElf } from '../../src/elf/elf-file.js';
import { fileDifferences } from '../../src/verify/file-differences.js';
import { compileC } from '../support/compile-c.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const source = '#include <stdio.h>\nint main(void) { puts("one text of it"); return 0; }\n';
const plain = compileC(scratch, 'plain', source);
let count = 0;

function tellOf(staged: string, built: string): string[] {
  return fileDifferences('bin/x', staged, built).map(({ kind, text }) => `${kind}: ${text}`);
}

function copyOf(path: string): string {
  const copy = join(scratch, `copy${(count += 1)}`);
  copyFileSync(path, copy);
  return copy;
}

test('another .comment, then sections, then strings', () => {
  const other = compileC(scratch, 'other', source.replace('one text', 'two texts'));
  const stamp = join(scratch, 'stamp');
  writeFileSync(stamp, 'another compiler\0');
  runTool('objcopy', ['--update-section', `.comment=${stamp}`, other]);
  const told = fileDifferences('bin/x', plain, other);
  expect(told[0]).toMatchObject({ kind: 'compiler', file: 'bin/x' });
  expect(told[0]?.text).toMatch(/^\.comment: .+ staged, another compiler built$/);
  expect([...new Set(told.map(({ kind }) => kind))]).toEqual(['compiler', 'sections', 'strings']);
  expect(tellOf(plain, other)).toContain('strings: staged only: "one text of it"');
  expect(tellOf(plain, other)).toContain('strings: built only: "two texts of it"');
});

test('build ids follow from all else: they are told of only where nothing else differs', () => {
  const image = readFileSync(compileC(scratch, 'with-id', source, ['-Wl,--build-id=sha1']));
  const change = (bytes: Buffer, section: string): Buffer => {
    const found = readElf(fromBuffer('x', bytes)).sections.find(({ name }) => name === section);
    const last = (found?.offset ?? 0) + (found?.size ?? 0) - 1;
    return Buffer.from(bytes.map((byte, at) => (at === last ? byte ^ 1 : byte)));
  };
  const write = (bytes: Buffer): string => {
    const path = join(scratch, `id${(count += 1)}`);
    writeFileSync(path, bytes);
    return path;
  };
  const [sound, id] = [write(image), change(image, '.note.gnu.build-id')];
  expect(tellOf(sound, write(id))).toEqual([
    expect.stringMatching(/^sections: \.note\.gnu\.build-id: 1 of 36 bytes differs, the first at 0x23$/),
  ]);
  expect(tellOf(sound, write(change(id, '.data'))).join('\n')).toMatch(
    /^sections: \.data: 1 of \d+ bytes differs, .*$/,
  );
});

test('bytes that belong to no section', () => {
  const longer = copyOf(plain);
  writeFileSync(longer, Buffer.concat([readFileSync(plain), Buffer.from('tail')]));
  const size = readFileSync(plain).length;
  expect(tellOf(plain, longer)).toEqual([`sections: its size: ${size} bytes staged, ${size + 4} bytes built`]);
  const header = copyOf(plain);
  const image = readFileSync(plain);
  image[9] = 1; // EI_PAD
  writeFileSync(header, image);
  expect(tellOf(plain, header)).toEqual([
    `sections: in no section: 1 of ${size} bytes differs, the first at 0x9 of the file`,
  ]);
});

test('no ELF file on one side, on both, a damaged one, an empty one', () => {
  const text = join(scratch, 'text');
  writeFileSync(text, 'a text');
  expect(tellOf(text, plain)[0]).toBe('sections: it is no ELF file staged, an ELF file built');
  const texts = copyOf(text);
  writeFileSync(texts, 'a tent');
  expect(tellOf(text, texts)).toEqual(['sections: in no section: 1 of 6 bytes differs, the first at 0x4 of the file']);
  const cut = copyOf(plain);
  writeFileSync(cut, readFileSync(plain).subarray(0, 200));
  expect(tellOf(cut, plain)[0]).toMatch(/^sections: it is damaged \(.*\) staged, an ELF file built$/);
  const empty = copyOf(plain);
  writeFileSync(empty, '');
  expect(tellOf(plain, empty)).toHaveLength(2);
});

test('a list is cut to what a person reads', () => {
  const sections = Array.from({ length: 30 }, (_, n) => ['--add-section', `.more${n}=${plain}.c`]).flat();
  const many = copyOf(plain);
  runTool('objcopy', [...sections, many]);
  const told = tellOf(plain, many).filter((line) => line.startsWith('sections: '));
  expect(told).toHaveLength(13);
  expect(told.at(-1)).toMatch(/^sections: and \d+ more$/);

  const stamp = join(scratch, 'long-stamp');
  writeFileSync(stamp, 'long '.repeat(1000));
  runTool('objcopy', ['--update-section', `.comment=${stamp}`, many]);
  expect(tellOf(plain, many)[0]).toHaveLength('compiler: '.length + 301);
});
