// Which table files a LevelDB may still write: a daemon that was killed can leave one that its manifest does not know, and the
// next one gives its number, hence its name, to another table and truncates it (goleveldb, file_storage.go, Create). All numbers
// below the manifest's next one are never given again.
import { closeSync, constants, lstatSync, openSync, readFileSync, readSync } from 'node:fs';

import { below, bytePath, forSystem, type BytePath } from './bytes.js';
import { reading } from './failure.js';

/** Block and fragment header of LevelDB's log format (google/leveldb, doc/log_format.md). */
const blockBytes = 32_768;
const headerBytes = 7;
const fragments = { full: 1, first: 2, last: 4 };

/**
 * @param folder of a database, with a file CURRENT
 * @returns the first number that may be given to a new file; undefined where the manifest says nothing of it in LevelDB's way
 */
export function nextFileNumber(folder: BytePath): number | undefined {
  const current = below(folder, bytePath('CURRENT'));
  if (!isFile(current)) return undefined;
  const text = reading(current, () => readFileSync(forSystem(current), 'latin1'));
  const [, name] = /^(MANIFEST-\d+)\n?$/.exec(text.slice(0, 64)) ?? [];
  const manifest = below(folder, (name ?? '') as BytePath);
  if (name === undefined || !isFile(manifest)) return undefined;
  const fd = reading(manifest, () => openSync(forSystem(manifest), constants.O_RDONLY | constants.O_NOFOLLOW));
  try {
    return reading(manifest, () => lastOf(fd));
  } finally {
    closeSync(fd);
  }
}

/** Records whose end was never written do not count for the database either. */
function lastOf(fd: number): number | undefined {
  const block = Buffer.allocUnsafe(blockBytes);
  let known: number | undefined;
  let begun: number | undefined;
  for (let position = 0; ; position += blockBytes) {
    const length = readSync(fd, block, 0, blockBytes, position);
    for (let at = 0; at + headerBytes <= length;) {
      const size = block.readUInt16LE(at + 4);
      const type = block.readUInt8(at + 6);
      const start = at + headerBytes;
      at = start + size;
      if (type === 0 || type > 4 || at > length) break; // a block's unused end, or no such log
      if (type === fragments.full || type === fragments.first) begun = nextIn(block.subarray(start, at));
      if (type === fragments.full || type === fragments.last) known = begun ?? known;
    }
    if (length < blockBytes) return known;
  }
}

/** The next file number stands near the start of an edit (db/version_edit.cc, EncodeTo; goleveldb, session_record.go, encode). */
function nextIn(edit: Buffer): number | undefined {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let scale = 1; at < edit.length; scale *= 128) {
      const byte = edit[at] ?? 0;
      at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < edit.length) {
    const tag = varint();
    if (tag === 3) return varint();
    if (tag === 1) {
      const comparator = varint(); // its name's length; `at += varint()` would read `at` first
      at += comparator;
    } else if (tag === 2 || tag === 9)
      varint(); // numbers of logs
    else return undefined;
  }
  return undefined;
}

function isFile(path: BytePath): boolean {
  return reading(path, () => lstatSync(forSystem(path), { throwIfNoEntry: false }))?.isFile() === true;
}
