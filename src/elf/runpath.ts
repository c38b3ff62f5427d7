// The runpath, rewritten where it stands: the file keeps its length and every other string. All checks come before the first
// write: an image for which this throws is unchanged. Done again with the same runpath it changes nothing.
import { CvtoolError } from '../errors/cvtool-error.js';
import { fromBuffer } from './bytes.js';
import { DT, SHT } from './constants.js';
import type { Dynamic, DynamicEntry } from './dynamic.js';
import { readElf, type ElfFile } from './elf-file.js';
import { dynamicEntry, writeStructure } from './layout.js';
import { usedStrings } from './string-uses.js';

export interface RewriteResult {
  /** What stood in DT_RPATH and DT_RUNPATH before, in the file's order. */
  readonly before: readonly string[];
  /** Did any byte change? */
  readonly changed: boolean;
}

/** Bytes of the string table that only library paths use: from an old path's start to the first byte that is shared. */
interface Room {
  readonly start: number;
  readonly end: number;
  /** Does a NUL follow at `end`, so that the room may be filled to its last byte? */
  readonly terminated: boolean;
}

const hint =
  'Link with a longer runpath, which only makes room: put -Wl,-rpath,/a/path/of/a/hundred/characters/or/so ' +
  "into CGO_LDFLAGS in the recipe's environment (keep Go's default, -O2 -g, before it).";

/**
 * Makes every DT_RPATH and DT_RUNPATH a DT_RUNPATH of exactly `runpath`. What else stood in the old paths becomes zero bytes,
 * so that no path of the build host is left there.
 * @param image the whole file; it is changed in place
 * @param runpath printable ASCII, such as $ORIGIN/../lib
 * @throws RUNPATH_FIXED where there is no such entry or no room; ELF_INVALID where the file is damaged
 */
export function rewriteRunpath(image: Buffer, runpath: string): RewriteResult {
  if (!/^[\x21-\x7e]+$/.test(runpath)) throw new Error(`no runpath: ${JSON.stringify(runpath)}`);
  const elf = readElf(fromBuffer('the binary', image));
  const { dynamic } = elf;
  const entries = dynamic?.entries.filter(({ tag }) => tag === DT.RPATH || tag === DT.RUNPATH) ?? [];
  if (dynamic === undefined || entries.length === 0) {
    throw new CvtoolError('RUNPATH_FIXED', 'the binary has neither RPATH nor RUNPATH', { hint });
  }
  checkOneTable(elf, dynamic);
  const before = entries.map(({ value }) => dynamic.stringTable.at(value, 'DT_RUNPATH'));
  const rooms = findRooms(elf, dynamic, entries);
  const widest = rooms.reduce((a, b) => (b.end - b.start > a.end - a.start ? b : a));
  const space = widest.end - widest.start - (widest.terminated ? 0 : 1);
  if (runpath.length > space) {
    const message = `${runpath} takes ${runpath.length} bytes; in place of ${before.join(' and ')} only ${Math.max(space, 0)} are free`;
    throw new CvtoolError('RUNPATH_FIXED', message, { hint });
  }
  const original = Buffer.from(image);
  const { offset } = dynamic.stringTable;
  for (const { start, end } of rooms) image.fill(0, offset + start, offset + end);
  image.write(runpath, offset + widest.start, 'latin1');
  for (const { fileOffset } of entries) {
    writeStructure(image, elf, dynamicEntry, fileOffset, { d_tag: DT.RUNPATH, d_val: widest.start });
  }
  return { before, changed: !original.equals(image) };
}

/** Tools read .dynstr, the loader DT_STRTAB. Where they differ the file was edited by something that we do not know. */
function checkOneTable(elf: ElfFile, { stringTable }: Dynamic): void {
  const symbols = elf.sections.filter(({ type }) => type === SHT.DYNSYM);
  const tables = elf.sections.filter(
    (section, index) => section.name === '.dynstr' || symbols.some(({ link }) => link === index),
  );
  for (const { name, offset, size } of tables) {
    if (offset === stringTable.offset && size === stringTable.size) continue;
    const message = `the binary's section ${name} is not the table of names that its loader uses (DT_STRTAB)`;
    throw new CvtoolError('RUNPATH_FIXED', message, { hint: 'Stage a binary as the linker wrote it.' });
  }
}

function findRooms(elf: ElfFile, dynamic: Dynamic, entries: readonly DynamicEntry[]): Room[] {
  const { stringTable } = dynamic;
  const rooms = new Map(
    entries.map(({ value }) => {
      const end = stringTable.endOf(value, 'DT_RUNPATH');
      return [value, { start: value, end, nul: end }];
    }),
  );
  for (const use of usedStrings(elf, dynamic)) {
    const end = stringTable.endOf(use, 'the offset of a name');
    for (const room of rooms.values()) {
      // Strings that end at the same NUL share their tails: all of the shorter one.
      if (end === room.nul) room.end = Math.min(room.end, Math.max(use, room.start));
    }
  }
  return Array.from(rooms.values(), ({ start, end, nul }) => ({ start, end, terminated: end === nul }));
}
