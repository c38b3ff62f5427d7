// An archive of unknown origin becomes regular files, folders, and links among them, below one new folder: nothing else, and
// nothing anywhere else. What an archive has of another kind makes all of it refused. What was written by then is left to the
// caller, as is making it durable.
import { stat } from 'node:fs/promises';

import { ArchiveBounds, type Bounds } from './archive-bounds.js';
import { ArchiveNames } from './archive-names.js';
import { ByteReader } from './byte-reader.js';
import { decompressed, type Compression } from './decompress.js';
import { FreshFolder } from './fresh-folder.js';
import { refusedArchive } from './refused-archive.js';
import { unpackTar } from './unpack-tar.js';
import { unpackZip } from './unpack-zip.js';

export type ArchiveFormat = 'tar' | 'tar.gz' | 'tar.bz2' | 'tar.xz' | 'tar.zst' | 'zip' | Compression;

export interface UnpackOptions {
  readonly signal: AbortSignal;
  readonly bounds: Bounds;
  /** The name in the folder of the one file of gz, bz2, xz, zst. */
  readonly single: string;
}

/**
 * @param folder is made; must not be there yet. It stays as it is where this fails.
 * @returns relative paths of the regular files, sorted
 * @throws ARCHIVE_INVALID, the signal's reason, and the system's error where `folder` cannot be written or `file` not read
 */
export async function unpackArchive(
  file: string,
  format: ArchiveFormat,
  folder: string,
  { signal, bounds, single }: UnpackOptions,
): Promise<readonly string[]> {
  signal.throwIfAborted();
  const { size } = await stat(file);
  if (size === 0) throw refusedArchive('it is empty');
  const target = {
    bounds: new ArchiveBounds(bounds, size, signal),
    names: new ArchiveNames(),
    folder: await FreshFolder.make(folder),
  };
  const whole = { file, start: 0, end: size };
  if (format === 'zip') await unpackZip(whole, target);
  else {
    const { compression, isTar } = partsOf(format);
    const bytes = target.bounds.ofOutput(decompressed(whole, compression));
    if (!isTar) {
      await target.folder.addFile(single, false, target.bounds.ofContent(bytes));
      return [single];
    }
    await unpackTar(new ByteReader(bytes), target);
  }
  const files = target.names.files();
  for (const { name, target: to } of target.names.links()) await target.folder.addLink(name, to);
  return files;
}

function partsOf(format: Exclude<ArchiveFormat, 'zip'>): { compression: Compression | undefined; isTar: boolean } {
  switch (format) {
    case 'tar':
      return { compression: undefined, isTar: true };
    case 'tar.gz':
      return { compression: 'gz', isTar: true };
    case 'tar.bz2':
      return { compression: 'bz2', isTar: true };
    case 'tar.xz':
      return { compression: 'xz', isTar: true };
    case 'tar.zst':
      return { compression: 'zst', isTar: true };
    case 'gz':
    case 'bz2':
    case 'xz':
    case 'zst':
      return { compression: format, isTar: false };
  }
}
