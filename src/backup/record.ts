// What a backup says of itself: one file at its top, `.cvtool-backup.json`. While the backup is made, a link of that name says
// whose it is; so a partial one is known by its home at every moment after it was made. `schema` counts up when a reader of the
// old form would misread the new one.
import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  writeSync,
} from 'node:fs';

import { hasCode } from '../errors/cvtool-error.js';
import { below, bytePath, decodePath, encodePath, forSystem, type BytePath } from './bytes.js';
import { reading, writing } from './failure.js';

export const recordName = bytePath('.cvtool-backup.json');
const newName = bytePath('.cvtool-backup.json.new');

/** A file that the backup shares with `data`. Where its size or time is another one day, something wrote to it. */
export interface LinkedFile {
  readonly path: BytePath;
  readonly size: number;
  readonly mtimeMs: number;
}

export interface Tally {
  readonly files: number;
  readonly bytes: number;
}

export interface RecordHead {
  readonly schema: 1;
  /** DAEMON_HOME that it was made of. */
  readonly home: string;
  /** The folder that was copied, after all links. */
  readonly source: string;
  /** ISO 8601, UTC. */
  readonly time: string;
  /** null: made by hand, for no plan. */
  readonly plan: { readonly name: string; readonly height: number } | null;
  /** What `current` pointed to: `genesis` or `upgrades/<name>`; null: there was no link. */
  readonly current: string | null;
  readonly mode: 'auto' | 'link' | 'copy';
  /** data/upgrade-info.json as it was: a backup of this very halt is known by it. */
  readonly planFile: { readonly size: number; readonly mtimeMs: number } | null;
  /** In the backup of `data`: the name of the folder beside it that holds `wasm/`. */
  readonly wasm: string | null;
  /** The backups that were in the folder before, by name: a clock that jumped back does not change their order. */
  readonly after: readonly string[];
}

export interface RecordCounts {
  readonly folders: number;
  readonly links: number;
  readonly linked: Tally;
  readonly cloned: Tally;
  readonly copied: Tally;
  /** Sockets, FIFOs and devices, which a backup does not hold, and links that lead out of `data`: paths as `encodePath` has them. */
  readonly special: readonly string[];
  readonly leadingOut: readonly string[];
}

export interface BackupRecord extends RecordHead, RecordCounts {
  readonly linkedFiles: readonly LinkedFile[];
}

export interface RecordWriter {
  add(file: LinkedFile): void;
  /** Puts the record in the place of the mark; durable when the folder is synced. */
  finish(counts: RecordCounts): void;
  /** Gives up. */
  close(): void;
}

/** Marks a new folder as a partial backup of `home`, in one call. @throws the system's error */
export function markPartial(folder: BytePath, home: string): void {
  symlinkSync(home, forSystem(below(folder, recordName)));
}

/** @returns the home whose partial or whole backup `folder` is; undefined where nothing says so */
export function homeOf(folder: BytePath): string | undefined {
  try {
    return readlinkSync(forSystem(below(folder, recordName)), 'utf8');
  } catch (error) {
    if (hasCode(error, 'EINVAL')) return readRecord(folder)?.home; // readlink(2): it is no link
    return undefined; // whatever it is, it is not known to be ours
  }
}

/** A list of many thousand files does not grow in memory: it is written as it comes. */
export function writeRecord(folder: BytePath, head: RecordHead): RecordWriter {
  const path = below(folder, newName);
  const fd = writing(path, () => openSync(forSystem(path), 'wx', 0o644));
  let text = `${JSON.stringify(head).slice(0, -1)},"linkedFiles":[`;
  let separator = '\n';
  let isOpen = true;
  let position = 0;
  const flush = () => {
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length;) {
      const written = writing(path, () => writeSync(fd, bytes, at, bytes.length - at, position));
      at += written;
      position += written;
    }
    text = '';
  };
  const close = () => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  return {
    add(file) {
      text += `${separator}${JSON.stringify([encodePath(file.path), file.size, file.mtimeMs])}`;
      separator = ',\n';
      if (text.length > 65_536) flush();
    },
    finish(counts) {
      text += `],${JSON.stringify(counts).slice(1)}\n`;
      flush();
      writing(path, () => fsyncSync(fd));
      close();
      writing(path, () => renameSync(forSystem(path), forSystem(below(folder, recordName))));
    },
    close,
  };
}

/** @returns undefined where there is none, or one that is not of this form; what cannot be read at all is an error */
export function readRecord(folder: BytePath): BackupRecord | undefined {
  const path = below(folder, recordName);
  let text: string;
  try {
    text = readFileSync(forSystem(path), 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP')) return undefined;
    return reading(path, () => {
      throw error;
    });
  }
  return parseRecord(text);
}

function parseRecord(text: string): BackupRecord | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof parsed !== 'object' || parsed === null || !('schema' in parsed) || parsed.schema !== 1) return undefined;
  const { linkedFiles, ...rest } = parsed as RecordHead & RecordCounts & { linkedFiles: [string, number, number][] };
  return {
    ...rest,
    linkedFiles: linkedFiles.map(([path, size, mtimeMs]) => ({
      path: decodePath(path),
      size,
      mtimeMs,
    })),
  };
}
