// Turns a small 64-bit little-endian library into a big-endian one, for want of a compiler for such a machine. The widths stand
// here a second time on purpose: readelf says whether the result is right.
import { fromBuffer } from '../../src/elf/bytes.js';
import { readElf } from '../../src/elf/elf-file.js';

const fileHeader = [2, 2, 4, 8, 8, 8, 4, 2, 2, 2, 2, 2, 2];
const programHeader = [4, 4, 8, 8, 8, 8, 8, 8];
const sectionHeader = [4, 4, 8, 8, 8, 8, 4, 4, 8, 8];
const machineS390 = 22;

/** Entries of the section of this name, as often as they fit. */
const tables: Readonly<Record<string, readonly number[]>> = {
  '.dynamic': [8, 8],
  '.dynsym': [4, 1, 1, 2, 8, 8],
  '.gnu.version': [2],
};

export function toBigEndian(little: Buffer): Buffer {
  const { sections } = readElf(fromBuffer('little', little));
  const image = Buffer.from(little);
  const swap = (start: number, widths: readonly number[], count = 1): number => {
    let at = start;
    for (let index = 0; index < count; index += 1) {
      for (const width of widths) {
        image.subarray(at, at + width).reverse();
        at += width;
      }
    }
    return at;
  };
  for (const { name, offset, size } of sections) {
    const widths = tables[name];
    if (widths !== undefined) swap(offset, widths, size / widths.reduce((sum, width) => sum + width, 0));
    if (name === '.gnu.version_r') {
      for (let at = offset; at < offset + size;) {
        const count = little.readUInt16LE(at + 2);
        at = swap(swap(at, [2, 2, 4, 4, 4]), [4, 2, 2, 4, 4], count); // one need, then its versions
      }
    }
    if (name === '.gnu.hash') {
      const bloom = little.readUInt32LE(offset + 8);
      const buckets = swap(swap(offset, [4], 4), [8], bloom);
      swap(buckets, [4], (offset + size - buckets) / 4);
    }
  }
  image.writeUInt16LE(machineS390, 18);
  image[5] = 2; // ELFDATA2MSB
  swap(Number(little.readBigUInt64LE(32)), programHeader, little.readUInt16LE(56));
  swap(Number(little.readBigUInt64LE(40)), sectionHeader, little.readUInt16LE(60));
  swap(16, fileHeader);
  return image;
}
