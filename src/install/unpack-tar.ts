// A tar of unknown origin. Package tar's parser is not used here: it looks for a compression inside, passes over what it does not
// know, keeps all that stands behind the end in memory, and does not tell an archive that has no end from one that has.
import { quoted } from '../values/printable.js';
import type { ArchiveBounds } from './archive-bounds.js';
import type { ArchiveNames } from './archive-names.js';
import type { ByteReader } from './byte-reader.js';
import type { FreshFolder } from './fresh-folder.js';
import { refusedArchive } from './refused-archive.js';
import { blockSize, readLongName, readPaxRecords, readTarHeader, type TarHeader } from './tar-header.js';

export interface UnpackTarget {
  readonly bounds: ArchiveBounds;
  readonly names: ArchiveNames;
  readonly folder: FreshFolder;
}

const refusedTypes: Readonly<Record<string, string>> = {
  1: 'a hard link',
  3: 'a device',
  4: 'a device',
  6: 'a FIFO',
  S: 'a sparse file',
};
/** In bytes, of a header that describes the next entry. */
const longestMeta = 1 << 20;

/** Writes the files and folders; the links are left to the caller. */
export async function unpackTar(bytes: ByteReader, target: UnpackTarget): Promise<void> {
  try {
    for (;;) {
      const entry = await nextEntry(bytes, target.bounds);
      if (entry === undefined) return await checkEnd(bytes);
      await unpackEntry(entry, bytes, target);
    }
  } finally {
    await bytes.close();
  }
}

async function unpackEntry(entry: TarHeader, bytes: ByteReader, target: UnpackTarget): Promise<void> {
  const { bounds, names, folder } = target;
  const { name, type, mode, size } = entry;
  const isFolder = type === '5' || (type === '0' && name.endsWith('/')); // before ustar there was no other way to say it
  bounds.addEntries(1);
  if (isFolder || type === '2') {
    if (size !== 0) throw refusedArchive(`${quoted(name)} is no file and has content`);
    if (!isFolder) return names.addLink(name, entry.linkTarget);
    const path = names.addFolder(name);
    return path === '' ? undefined : folder.addFolder(path);
  }
  if (type !== '0' && type !== '7')
    throw refusedArchive(`${quoted(name)} is ${refusedTypes[type] ?? `of the unknown type ${quoted(type)}`}`);
  if ((mode & 0o7000) !== 0) throw refusedArchive(`${quoted(name)} has a set-uid, set-gid or sticky bit`);
  bounds.addContent(size);
  const path = names.addFile(name);
  if (path === undefined) await bytes.passOver(size);
  else await folder.addFile(path, (mode & 0o111) !== 0, bytes.parts(size));
  await bytes.passOver(padding(size));
}

/** @returns undefined at the first block of zeros */
async function nextEntry(bytes: ByteReader, bounds: ArchiveBounds): Promise<TarHeader | undefined> {
  const before: { pax?: Map<string, string>; name?: string; linkTarget?: string } = {};
  for (;;) {
    if (await bytes.isAtEnd()) throw refusedArchive('it is cut off: a tar ends with a block of zeros');
    const block = await bytes.exactly(blockSize);
    if (isZero(block)) {
      if (Object.keys(before).length > 0) throw refusedArchive('it ends where an entry is announced');
      return undefined;
    }
    const header = readTarHeader(block);
    if (!'xgLK'.includes(header.type)) return withBefore(header, before);
    if (header.size > longestMeta) throw refusedArchive(`a header before an entry has ${header.size} bytes`);
    const content = await bytes.exactly(header.size);
    await bytes.passOver(padding(header.size));
    if (header.type === 'g') checkGlobal(readPaxRecords(content), bounds);
    else if (header.type === 'x') before.pax = once(before.pax, readPaxRecords(content));
    else if (header.type === 'L') before.name = once(before.name, readLongName(content));
    else before.linkTarget = once(before.linkTarget, readLongName(content));
  }
}

function withBefore(
  header: TarHeader,
  before: { pax?: Map<string, string>; name?: string; linkTarget?: string },
): TarHeader {
  const pax = before.pax ?? new Map<string, string>();
  const said = pax.get('size');
  const size = said === undefined ? header.size : /^\d{1,15}$/.test(said) ? Number(said) : NaN;
  const name = pax.get('path') ?? before.name ?? header.name;
  if (Number.isNaN(size)) throw refusedArchive(`${quoted(name)} has a damaged size`);
  for (const key of pax.keys()) {
    if (/^GNU\.sparse\.|^SCHILY\.realsize$/.test(key)) throw refusedArchive(`${quoted(name)} is a sparse file`);
  }
  return { ...header, name, size, linkTarget: pax.get('linkpath') ?? before.linkTarget ?? header.linkTarget };
}

/** Of all entries behind it; a comment (git archive writes one) says nothing of them. */
function checkGlobal(records: Map<string, string>, bounds: ArchiveBounds): void {
  bounds.addEntries(1);
  for (const key of ['path', 'linkpath', 'size'])
    if (records.has(key)) throw refusedArchive(`a global header gives every entry the same ${key}`);
}

function once<Value>(there: Value | undefined, value: Value): Value {
  if (there !== undefined) throw refusedArchive('an entry is announced twice');
  return value;
}

/** Zeros fill up a tape's record; more than that is hidden there. */
async function checkEnd(bytes: ByteReader): Promise<void> {
  for (let part = await bytes.some(Infinity); part !== undefined; part = await bytes.some(Infinity))
    if (!isZero(part)) throw refusedArchive('there is something behind its end');
}

function padding(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

function isZero(bytes: Buffer): boolean {
  return bytes.equals(Buffer.alloc(bytes.length));
}
