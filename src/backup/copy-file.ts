// One file copied byte by byte through our own memory, so that nothing is shared with the original (copy_file_range may clone),
// holes stay holes, and a long one leaves the event loop its turns.
import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
  type Stats,
} from 'node:fs';

import { keepAttributes } from './attributes.js';
import { forSystem, type BytePath } from './bytes.js';
import { changed, reading, writing } from './failure.js';
import type { Pace } from './pace.js';

const bufferBytes = 1 << 20;
/** The unit in which a hole is looked for: a page, and the block of most file systems. */
const blockBytes = 4096;
/** Files that are open until they are synced together: half the time of one by one, since they share commits of the journal. */
const openAtMost = 256;

export interface Copier {
  /** @param onBytes is told what was read, piece by piece */
  copy(from: BytePath, to: BytePath, stat: Stats, onBytes: (count: number) => void): Promise<void>;
  /** Gives a file that is there already (a clone) the owner and times of `stat`, and syncs it with the others. */
  adopt(path: BytePath, stat: Stats): void;
  /** All that was copied is durable when it returns, but for the names in their folders. */
  sync(): void;
  /** Gives up. */
  close(): void;
}

export function startCopier(pace: Pace): Copier {
  const buffer = Buffer.allocUnsafeSlow(bufferBytes);
  const open: { readonly fd: number; readonly path: BytePath }[] = [];
  const syncAfter = paceOfSyncs();

  const finish = (fd: number, path: BytePath, stat: Stats) => {
    writing(path, () => keepAttributes(fd, stat));
    if (open.length >= openAtMost) sync();
  };
  const sync = () => {
    for (let file = open.at(-1); file !== undefined; file = open.at(-1)) {
      const { fd, path } = file;
      writing(path, () => fsyncSync(fd));
      open.pop();
      closeSync(fd);
    }
  };
  return {
    async copy(from, to, stat, onBytes) {
      const source = openSource(from, stat);
      try {
        const fd = writing(to, () => openSync(forSystem(to), 'wx', 0o600));
        open.push({ fd, path: to });
        let position = 0;
        for (let count = 0; ; position += count) {
          count = reading(from, () => readSync(source, buffer, 0, bufferBytes, position));
          if (count === 0) break;
          writing(to, () => writePieces(fd, buffer.subarray(0, count), position, isSparse(stat)));
          onBytes(count);
          writing(to, () => syncAfter(fd, count));
          if (pace.isDue()) await pace.turn();
        }
        if (isSparse(stat)) writing(to, () => ftruncateSync(fd, position)); // a hole at the end
        const now = reading(from, () => fstatSync(source));
        if (!isUnchanged(now, stat, position)) throw changed(from);
        finish(fd, to, stat);
      } finally {
        closeSync(source);
      }
    },
    adopt(path, stat) {
      const fd = writing(path, () => openSync(forSystem(path), constants.O_RDONLY | constants.O_NOFOLLOW));
      open.push({ fd, path });
      finish(fd, path, stat);
    },
    sync,
    close() {
      for (const { fd } of open.splice(0)) closeSync(fd);
    },
  };
}

/** What a copy of the file takes on a disk, in bytes. */
export function spaceOf(stat: Stats): number {
  const size = stat.size;
  const whole = Math.ceil(size / blockBytes) * blockBytes;
  return isSparse(stat) ? Math.min(whole, stat.blocks * 512) : whole; // stat(2): blocks of 512
}

/** O_NONBLOCK: a FIFO that took the file's place would keep us waiting for ever. */
function openSource(path: BytePath, stat: Stats): number {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const fd = reading(path, () => openSync(forSystem(path), flags));
  try {
    if (
      !isUnchanged(
        reading(path, () => fstatSync(fd)),
        stat,
        stat.size,
      )
    )
      throw changed(path);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function isUnchanged(now: Stats, before: Stats, copied: number): boolean {
  const isSame = now.ino === before.ino && now.size === before.size && now.mtimeMs === before.mtimeMs;
  return isSame && now.size === copied;
}

function isSparse({ size, blocks }: Stats): boolean {
  return size > blockBytes && blocks * 512 < size;
}

function writePieces(fd: number, bytes: Buffer, position: number, sparse: boolean): void {
  if (!sparse) return writeAll(fd, bytes, position);
  for (let at = 0; at < bytes.length; at += blockBytes) {
    const block = bytes.subarray(at, at + blockBytes);
    if (!isZero(block)) writeAll(fd, block, position + at);
  }
}

function writeAll(fd: number, bytes: Buffer, position: number): void {
  for (let at = 0; at < bytes.length; at += writeSync(fd, bytes, at, bytes.length - at, position + at));
}

const zeros = Buffer.alloc(blockBytes);
function isZero(block: Buffer): boolean {
  return zeros.compare(block, 0, block.length, 0, block.length) === 0;
}

/**
 * An fsync of gigabytes would stand still for many seconds. So a long file is synced in steps which take about 40 ms each:
 * the progress is what is on the disk, and somebody who wants to stop is heard.
 */
function paceOfSyncs(): (fd: number, count: number) => void {
  let step = 8 << 20;
  let unsynced = 0;
  let lastFd = -1;
  return (fd, count) => {
    unsynced = (fd === lastFd ? unsynced : 0) + count;
    lastFd = fd;
    if (unsynced < step) return;
    const start = performance.now();
    fdatasyncSync(fd);
    const took = performance.now() - start;
    if (took < 20) step = Math.min(step * 2, 64 << 20);
    if (took > 60) step = Math.max(step / 2, 1 << 20);
    unsynced = 0;
  };
}
