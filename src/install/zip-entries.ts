// What a zip says of its entries (APPNOTE.TXT 4.3), held against where their bytes are: they fill the file from its first byte to the
// central directory, one behind the other, and the directory fills it to its end. So nothing is hidden, and nothing is there twice.
import { getFileNameLowLevel, type Entry, type ZipFile } from 'yauzl';

import { quoted } from '../values/printable.js';
import type { ArchiveBounds } from './archive-bounds.js';
import type { FilePart } from './inflate.js';
import { openZip } from './open-zip.js';
import { refusedArchive, refusedUnlessKnown } from './refused-archive.js';

export interface ZipEntry {
  readonly name: string;
  /** st_mode of stat(2); 0 where the archive has none. */
  readonly mode: number;
  readonly isDeflated: boolean;
  /** In bytes, decompressed; to be held against what comes. */
  readonly size: number;
  readonly crc: number;
  readonly data: FilePart;
}

interface Placed extends ZipEntry {
  /** Of its local header. */
  readonly start: number;
  /** Its sizes stand behind its data too. */
  readonly hasDescriptor: boolean;
}

/** The flag by which yauzl would read the name itself as we do. */
const isUtf8 = 0x800;
const endRecordSize = 22;
const zip64EndSize = 56 + 20; // the record and its locator
const descriptorSizes = [12, 16, 20, 24]; // with or without a signature, of 4 or 8 bytes a size

/** @throws ARCHIVE_INVALID */
export async function zipEntries(whole: FilePart, bounds: ArchiveBounds): Promise<readonly ZipEntry[]> {
  let zip: ZipFile | undefined;
  try {
    zip = await openZip(whole.file, { decodeStrings: false });
    const directory = cursor(zip);
    bounds.addEntries(zip.entryCount);
    const entries: Placed[] = [];
    for await (const entry of zip.eachEntry()) entries.push(await placed(zip, entry, whole.file));
    const behind = whole.end - endRecordSize - zip.comment.length - cursor(zip);
    if (behind !== 0 && behind !== zip64EndSize) throw refusedArchive('there is something behind its directory');
    checkPlaces(entries, directory);
    return entries;
  } catch (error) {
    throw refusedUnlessKnown(error, 'it is no zip, or a damaged one');
  } finally {
    zip?.close();
  }
}

async function placed(zip: ZipFile, entry: Entry, file: string): Promise<Placed> {
  const name = entry.fileNameRaw.toString('utf8'); // as Go has it; zip leaves the flag out in the C locale
  const { compressionMethod: method, relativeOffsetOfLocalHeader: start } = entry;
  if (entry.isEncrypted()) throw refusedArchive(`${quoted(name)} is encrypted`);
  if (!entry.canDecodeFileData()) throw refusedArchive(`${quoted(name)} is compressed by the unknown method ${method}`);
  const local = await zip.readLocalFileHeaderPromise(entry);
  if (getFileNameLowLevel(isUtf8, entry.fileNameRaw, entry.extraFields, true) !== name)
    throw refusedArchive(`${quoted(name)} has another name too`);
  if (!local.fileName.equals(entry.fileNameRaw) || local.compressionMethod !== method)
    throw refusedArchive(`${quoted(name)} is another entry in the directory than where its content is`);
  return {
    name,
    mode: entry.externalFileAttributes >>> 16,
    isDeflated: method !== 0,
    size: entry.uncompressedSize,
    crc: entry.crc32,
    data: { file, start: local.fileDataStart, end: local.fileDataStart + entry.compressedSize },
    start,
    hasDescriptor: (entry.generalPurposeBitFlag & 8) !== 0,
  };
}

function checkPlaces(entries: readonly Placed[], directory: number): void {
  let end = 0;
  let before: Placed | undefined;
  for (const entry of entries.toSorted((a, b) => a.start - b.start)) {
    checkGap(before, entry.start - end);
    end = entry.data.end;
    before = entry;
  }
  checkGap(before, directory - end);
}

/** @param gap in bytes, between the data of `before` and what comes next */
function checkGap(before: Placed | undefined, gap: number): void {
  if (gap === 0 || (before?.hasDescriptor === true && descriptorSizes.includes(gap))) return;
  const where = before === undefined ? 'before its first entry' : `behind ${quoted(before.name)}`;
  throw refusedArchive(
    gap < 0 ? `something lies over ${quoted(before?.name ?? '')}` : `${gap} bytes ${where} are no entry's`,
  );
}

/** Where the next entry of the directory is: yauzl's own types have it as a boolean. */
function cursor(zip: ZipFile): number {
  return Number(zip.readEntryCursor);
}
