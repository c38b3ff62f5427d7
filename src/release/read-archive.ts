// What an archive that `pack` made says of itself: its manifest, and the names of its members. Nothing of it is written anywhere.
import { createReadStream, openSync, readSync, closeSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';

import { Parser, type ReadEntry } from 'tar';
import type { Entry } from 'yauzl';

import { CvtoolError, messageOf } from '../errors/cvtool-error.js';
import { manifestName, parseManifest, type Manifest } from '../evidence/manifest.js';
import { openZip } from '../install/open-zip.js';

export interface ArchiveContent {
  /** Undefined where it has none. */
  readonly manifest: Manifest | undefined;
  /** Of the regular files, without `./` before them. */
  readonly names: readonly string[];
}

/** What a manifest may have, in bytes; and an archive, in members. */
const longestManifest = 1 << 22;
const mostMembers = 10_000;

/** @throws ARCHIVE_INVALID, MANIFEST_INVALID */
export async function readArchive(path: string): Promise<ArchiveContent> {
  const { names, text } = await (isZip(path) ? zipMembers(path) : tarMembers(path)).catch((error: unknown) => {
    throw new CvtoolError('ARCHIVE_INVALID', `${path} is no archive that can be read: ${messageOf(error)}`, {
      hint: '`cvtool pack` makes one: tar.gz, zip or tar.zst.',
      cause: error,
    });
  });
  return { names, manifest: text === undefined ? undefined : parseManifest(text, `${path}: ${manifestName}`) };
}

interface Members {
  readonly names: readonly string[];
  readonly text: string | undefined;
}

function isZip(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    const start = Buffer.alloc(4);
    readSync(fd, start);
    return start.toString('latin1') === 'PK\x03\x04';
  } finally {
    closeSync(fd);
  }
}

async function tarMembers(path: string): Promise<Members> {
  const names: string[] = [];
  let text: string | undefined;
  const parser = new Parser({
    strict: true,
    onReadEntry: (entry: ReadEntry) => {
      const name = plainName(entry.path);
      if (entry.type === 'File') names.push(name);
      if (names.length > mostMembers) {
        parser.abort(new Error(`more than ${mostMembers} members`));
        return;
      }
      if (name !== manifestName || entry.size > longestManifest) {
        entry.resume();
        return;
      }
      entry.concat().then(
        (content) => (text = content.toString('utf8')),
        (error: unknown) => parser.abort(error instanceof Error ? error : new Error(String(error))),
      );
    },
  });
  await pipeline(createReadStream(path), parser as unknown as NodeJS.WritableStream);
  return { names, text };
}

async function zipMembers(path: string): Promise<Members> {
  const zip = await openZip(path);
  try {
    const names: string[] = [];
    let text: string | undefined;
    for await (const entry of zip.eachEntry() as AsyncIterable<Entry>) {
      const name = plainName(entry.fileName);
      if (!name.endsWith('/')) names.push(name);
      if (names.length > mostMembers) throw new Error(`more than ${mostMembers} members`);
      if (name === manifestName && entry.uncompressedSize <= longestManifest)
        text = (await buffer(await zip.openReadStreamPromise(entry))).toString('utf8');
    }
    return { names, text };
  } finally {
    zip.close();
  }
}

function plainName(name: string): string {
  return name.replace(/^(?:\.\/)+/, '');
}
