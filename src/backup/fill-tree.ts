// Fills a partial backup with what a folder holds, in two steps: the first makes what takes no space (folders, links, hard links,
// clones) and counts the rest, the second copies that and closes the folders. What changes meanwhile is found out.
import {
  closeSync,
  fsyncSync,
  lchownSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readlinkSync,
  symlinkSync,
  type Stats,
} from 'node:fs';
import { posix } from 'node:path';

import { below, encodePath, forSystem, type BytePath } from './bytes.js';
import { keepAttributes, keepOwner, timesOf, type Attributes } from './attributes.js';
import { spaceOf, type Copier } from './copy-file.js';
import { changed, reading, writing } from './failure.js';
import type { Pace } from './pace.js';
import { recordName, type RecordCounts, type RecordWriter, type Tally } from './record.js';
import type { Sharing } from './share.js';
import { walk } from './walk.js';

export interface Tree {
  /** A folder, no link. */
  readonly folder: BytePath;
  /** The partial backup of it. */
  readonly partial: BytePath;
}

/** What the first step found. */
export interface Surveyed {
  readonly copyBytes: number;
  /** What the copies take on a disk. */
  readonly neededBytes: number;
  /** Those above before those below. */
  readonly folders: readonly OpenFolder[];
  readonly counts: RecordCounts;
}

/** Neither its files nor its mode and times are whole. */
interface OpenFolder {
  readonly path: BytePath;
  readonly attributes: Attributes;
  /** Names of files that are to be copied. */
  readonly toCopy: BytePath[];
}

/** The first step. */
export async function shareTree(
  { folder, partial }: Tree,
  { sharing, copier, pace, record }: { sharing: Sharing; copier: Copier; pace: Pace; record: RecordWriter },
): Promise<Surveyed> {
  let copyBytes = 0;
  let neededBytes = 0;
  const folders: OpenFolder[] = [];
  const counts = { folders: 0, links: 0, linked: none(), cloned: none(), copied: none() };
  const special: string[] = [];
  const leadingOut: string[] = [];
  for (const { kind, path, stat } of walk(folder, recordName)) {
    if (pace.isDue()) await pace.turn();
    const from = below(folder, path);
    const to = below(partial, path);
    if (kind === 'folder') {
      if (path !== '') writing(to, () => mkdirSync(forSystem(to), 0o700));
      folders.push({ path, attributes: attributesOf(stat), toCopy: [] });
      counts.folders += 1;
    } else if (kind === 'link') {
      if (leadsOut(folder, from, copyLink(from, to, stat))) leadingOut.push(encodePath(path));
      counts.links += 1;
    } else if (kind === 'special') {
      special.push(encodePath(path));
    } else if (kind === 'table' && sharing.link(from, to, stat)) {
      record.add({ path, size: stat.size, mtimeMs: stat.mtimeMs });
      count(counts.linked, stat);
    } else if (sharing.clone(from, to, stat)) {
      copier.adopt(to, stat);
      count(counts.cloned, stat);
    } else {
      folders.at(-1)?.toCopy.push(posix.basename(path) as BytePath); // walk: a folder's files follow it
      copyBytes += stat.size;
      neededBytes += spaceOf(stat);
      count(counts.copied, stat);
    }
  }
  return { copyBytes, neededBytes, folders, counts: { ...counts, special, leadingOut } };
}

/** The second step. All but the top folder itself has then its mode and times, and is synced. */
export async function copyTree(
  { folder, partial, folders }: Tree & Surveyed,
  { copier, pace, onBytes }: { copier: Copier; pace: Pace; onBytes: (count: number) => void },
): Promise<void> {
  for (const { path, attributes, toCopy } of [...folders].reverse()) {
    const from = below(folder, path);
    const to = below(partial, path);
    for (const name of toCopy) {
      if (pace.isDue()) await pace.turn();
      const file = below(from, name);
      const stat = reading(file, () => lstatSync(forSystem(file)));
      if (!stat.isFile()) throw changed(file);
      await copier.copy(file, below(to, name), stat, onBytes);
    }
    if (path === '') continue; // an operator may add a plan there meanwhile; databases are folders
    if (reading(from, () => lstatSync(forSystem(from))).mtimeMs !== attributes.mtimeMs) throw changed(from);
    finishFolder(to, attributes);
  }
  copier.sync();
}

/** Gives a folder that is complete the owner, mode and times of its original, and makes that and the names in it durable. */
export function finishFolder(path: BytePath, attributes: Attributes): void {
  writing(path, () => {
    const fd = openSync(forSystem(path), 'r');
    try {
      keepAttributes(fd, attributes);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  });
}

/** @returns the link's text */
function copyLink(from: BytePath, to: BytePath, stat: Stats): string {
  const text = reading(from, () => readlinkSync(forSystem(from), 'buffer'));
  writing(to, () => {
    symlinkSync(text, forSystem(to));
    keepOwner(stat, (uid, gid) => lchownSync(forSystem(to), uid, gid));
    lutimesSync(forSystem(to), ...timesOf(stat));
  });
  return text.toString('latin1');
}

/** Does the link lead to something that is not in the backup? */
function leadsOut(root: BytePath, link: BytePath, text: string): boolean {
  const place = posix.resolve(posix.dirname(link), text);
  return place !== root && !place.startsWith(`${root}/`);
}

/** Not the whole stat: there may be very many folders. */
function attributesOf({ mode, uid, gid, atimeMs, mtimeMs }: Stats): Attributes {
  return { mode, uid, gid, atimeMs, mtimeMs };
}

function none(): { files: number; bytes: number } {
  return { files: 0, bytes: 0 };
}

function count(tally: { -readonly [Key in keyof Tally]: Tally[Key] }, { size }: Stats): void {
  tally.files += 1;
  tally.bytes += size;
}
