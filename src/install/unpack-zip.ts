// A zip of unknown origin. All names are known before the first byte is written; what an entry holds is held against the size and the
// sum that are said of it.
import { crc32 } from 'node:zlib';

import { quoted } from '../values/printable.js';
import type { ArchiveBounds } from './archive-bounds.js';
import { longestName } from './entry-name.js';
import { inflate, readPart, type FilePart } from './inflate.js';
import { refusedArchive } from './refused-archive.js';
import type { UnpackTarget } from './unpack-tar.js';
import { zipEntries, type ZipEntry } from './zip-entries.js';

const kindBits = 0o170000; // S_IFMT of inode(7)
const kinds: Readonly<Record<number, string>> = {
  0o010000: 'a FIFO',
  0o020000: 'a device',
  0o060000: 'a device',
  0o140000: 'a socket',
};

/** Writes the files and folders; the links are left to the caller. */
export async function unpackZip(whole: FilePart, { bounds, names, folder }: UnpackTarget): Promise<void> {
  const files: [path: string | undefined, entry: ZipEntry][] = [];
  const folders: string[] = [];
  for (const entry of await zipEntries(whole, bounds)) {
    const { name, mode } = entry;
    const kind = mode & kindBits;
    if (name.endsWith('/') && (kind === 0 || kind === 0o040000)) {
      if (entry.size !== 0) throw refusedArchive(`${quoted(name)} is no file and has content`);
      await textOf(contentOf(entry, bounds)); // nothing, deflated or not
      folders.push(names.addFolder(name));
    } else if (kind === 0o120000) {
      if (entry.size > longestName) throw refusedArchive(`${quoted(name)} is a link to more than a name`);
      names.addLink(name, await textOf(contentOf(entry, bounds)));
    } else {
      if (kind !== 0 && kind !== 0o100000)
        throw refusedArchive(`${quoted(name)} is ${kinds[kind] ?? 'neither a file nor a folder'}`);
      if ((mode & 0o7000) !== 0) throw refusedArchive(`${quoted(name)} has a set-uid, set-gid or sticky bit`);
      files.push([names.addFile(name), entry]);
    }
  }
  for (const path of folders) if (path !== '') await folder.addFolder(path);
  for (const [path, entry] of files) {
    const content = contentOf(entry, bounds);
    if (path !== undefined) await folder.addFile(path, (entry.mode & 0o111) !== 0, content);
    else while ((await content.next()).done !== true); // it has to be sound all the same
  }
}

/** @throws ARCHIVE_INVALID where it is not what the archive says of it */
async function* contentOf(entry: ZipEntry, bounds: ArchiveBounds): AsyncGenerator<Buffer> {
  const { name, data, size, crc } = entry;
  let [bytes, sum] = [0, 0];
  for await (const chunk of bounds.ofContent(bounds.ofOutput((entry.isDeflated ? inflate : readPart)(data)))) {
    bytes += chunk.length;
    if (bytes > size) break;
    sum = crc32(chunk, sum);
    yield chunk;
  }
  if (bytes !== size) throw refusedArchive(`${quoted(name)} has another size than the ${size} bytes that are said`);
  if (sum !== crc) throw refusedArchive(`${quoted(name)} is damaged: its sum is wrong`);
}

async function textOf(content: AsyncIterable<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}
