// The zip of a Go module (golang.org/x/mod/zip: regular files below `module@version/`, nothing else), unpacked and hashed in one
// reading. The archive is not trusted: every name is checked before the first byte is written, and sizes are bounded. What was
// written must not be used before the hash has been compared.
import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import type { Entry, ZipFile } from 'yauzl';

import { CvtoolError, hasCode, isSystemError, messageOf } from '../errors/cvtool-error.js';
import { moduleHash, type ModuleHash } from '../values/module-hash.js';
import { quoted } from '../values/printable.js';
import { openZip } from './open-zip.js';

export interface UnpackOptions {
  readonly signal: AbortSignal;
  /** In bytes, of all files together. */
  readonly largest: number;
  readonly mostFiles: number;
  readonly onProgress: (files: number, of: number) => void;
}

export interface UnpackedModule {
  readonly hash: ModuleHash;
  /** Relative to the folder. */
  readonly names: readonly string[];
}

/**
 * @param prefix `golang.org/toolchain@v0.0.1-go1.19.2.linux-amd64`: every name starts with it and a slash
 * @param folder is made; must not be there yet
 * @throws ARCHIVE_INVALID, the signal's reason, and the system's error where `folder` cannot be written
 */
export async function unpackModule(
  file: string,
  prefix: string,
  folder: string,
  options: UnpackOptions,
): Promise<UnpackedModule> {
  const zip = await readZip(openZip(file, { strictFileNames: true }));
  try {
    const entries = await readZip(checkedEntries(zip, prefix, options));
    const digests = new Map<string, string>();
    const names: string[] = [];
    mkdirSync(folder);
    for (const [name, entry] of entries) {
      options.signal.throwIfAborted();
      digests.set(entry.fileName, await readZip(unpackFile(zip, entry, join(folder, name))));
      names.push(name);
      options.onProgress(names.length, entries.size);
    }
    return { hash: moduleHash(digests), names };
  } finally {
    zip.close();
  }
}

/** By the name below the module's folder. */
async function checkedEntries(zip: ZipFile, prefix: string, options: UnpackOptions): Promise<Map<string, Entry>> {
  if (zip.entryCount > options.mostFiles) throw invalid(`it has ${zip.entryCount} entries`);
  const entries = new Map<string, Entry>();
  let bytes = 0;
  for await (const entry of zip.eachEntry()) {
    const { fileName } = entry;
    if (!fileName.startsWith(`${prefix}/`)) throw invalid(`${quoted(fileName)} is not below ${prefix}/`);
    const name = innerName(fileName, fileName.slice(prefix.length + 1));
    const kind = (entry.externalFileAttributes >>> 16) & 0o170000; // stat(2)'s st_mode, where the archive has one
    if (kind !== 0 && kind !== 0o100000)
      throw invalid(`${quoted(fileName)} is a link or another thing that is no file`);
    if (!entry.canDecodeFileData()) throw invalid(`${quoted(fileName)} is encrypted, or compressed in an unknown way`);
    if (entries.has(name)) throw invalid(`${quoted(fileName)} is there twice`);
    bytes += entry.uncompressedSize;
    if (bytes > options.largest) throw invalid(`it holds more than ${options.largest} bytes`);
    entries.set(name, entry);
    if (entries.size > options.mostFiles) throw invalid(`it has more than ${options.mostFiles} entries`);
  }
  for (const name of entries.keys()) {
    for (let above = dirname(name); above !== '.'; above = dirname(above)) {
      if (entries.has(above)) throw invalid(`${quoted(above)} is a file and a folder`);
    }
  }
  return entries;
}

/** A relative path without any detour. A part that starts with `-` is fine here: Go's own sources have one. */
function innerName(whole: string, name: string): string {
  const parts = name.split('/');
  const isPlain = (part: string): boolean => !['', '.', '..'].includes(part) && Buffer.byteLength(part) <= 255;
  if (name.length > 1024 || !parts.every(isPlain)) throw invalid(`${quoted(whole)} leads elsewhere, or is too long`);
  if (/[\\\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(name))
    throw invalid(`${quoted(whole)} has a character in it that no name has`);
  return name;
}

/** @returns its SHA-256 */
async function unpackFile(zip: ZipFile, entry: Entry, path: string): Promise<string> {
  mkdirSync(dirname(path), { recursive: true });
  const sum = createHash('sha256');
  const source = await zip.openReadStreamPromise(entry);
  const file = await open(path, 'wx', 0o644);
  try {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      sum.update(chunk);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
  return sum.digest('hex');
}

/** What yauzl and zlib say of a damaged archive is a plain Error; a system's error (a full disk) stays what it is. */
async function readZip<Value>(reading: Promise<Value>): Promise<Value> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof CvtoolError) throw error;
    if (isSystemError(error) && !hasCode(error, 'EEXIST', 'ENOTDIR')) throw error;
    throw invalid(messageOf(error), error);
  }
}

function invalid(why: string, cause?: unknown): CvtoolError {
  return new CvtoolError('ARCHIVE_INVALID', `the module's archive is refused: ${why}`, {
    hint: 'Nothing of it was kept. Find out what stands between this host and the module proxy.',
    cause,
  });
}
