// Homes with a small database, and what a folder holds, seen with other means than the backup's own.
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import { makeBackup, type BackupRequest, type BackupResult } from '../../src/backup/make.js';
import { parsePlanName } from '../../src/values/plan-name.js';

export const plan = { name: parsePlanName('v2.2.0'), height: 9_000_000 };
export const day = new Date(2026, 6, 1, 12);
export const recordFile = '.cvtool-backup.json';

/** A home whose `data` is that of a node: a database with two tables, a log, empty LOCK files and folders, links. */
export function makeHome(home: string): string {
  const database = join(home, 'data/application.db');
  mkdirSync(database, { recursive: true });
  for (const [name, content] of Object.entries(databaseFiles)) writeFileSync(join(database, name), content);
  writeFileSync(join(home, 'data/upgrade-info.json'), '{"name":"v2.2.0","height":9000000}');
  writeFileSync(join(home, 'data/priv_validator_state.json'), '{}', { mode: 0o600 });
  mkdirSync(join(home, 'data/snapshots/empty'), { recursive: true });
  symlinkSync('application.db', join(home, 'data/db'));
  symlinkSync('nowhere', join(home, 'data/dangling'));
  return home;
}

const databaseFiles = {
  ...{ CURRENT: 'MANIFEST-000002\n', 'MANIFEST-000002': 'manifest', LOCK: '', LOG: 'log' },
  ...{ '000001.ldb': 'table one', '000003.sst': 'table three', '000004.log': 'journal' },
};

/** What `makeBackup` is asked for in most tests. */
export function requestFor(home: string, other: Partial<BackupRequest> = {}): BackupRequest {
  return {
    ...{ home, dataFolder: join(home, 'data'), wasmFolder: join(home, 'wasm'), backupDir: home },
    ...{ plan, current: 'genesis', mode: 'auto', now: day },
    ...other,
  };
}

export function backUp(home: string, other: Partial<BackupRequest> = {}): Promise<BackupResult> {
  return makeBackup(requestFor(home, other));
}

export interface Seen {
  readonly kind: 'folder' | 'file' | 'link' | 'special';
  readonly mode: number;
  readonly mtimeMs: number;
  /** A file's bytes, a link's text: a character a byte. */
  readonly content: string;
}

/** Path (a character a byte) to what is there; the folder itself is ''. The backup's own file is left out. */
export function seenIn(folder: string): Map<string, Seen> {
  const seen = new Map<string, Seen>();
  const look = (path: string) => {
    const place = Buffer.concat([Buffer.from(folder), Buffer.from(`/${path}`, 'latin1')]);
    const stat = lstatSync(place);
    const kind = stat.isDirectory() ? 'folder' : stat.isFile() ? 'file' : stat.isSymbolicLink() ? 'link' : 'special';
    const bytes = kind === 'file' ? readFileSync(place) : kind === 'link' ? readlinkSync(place, 'buffer') : Buffer.of();
    seen.set(path, { kind, mode: stat.mode & 0o7777, mtimeMs: stat.mtimeMs, content: bytes.toString('latin1') });
    if (kind !== 'folder') return;
    for (const name of readdirSync(place, 'latin1')) {
      if (path === '' && name === recordFile) continue;
      look(path === '' ? name : `${path}/${name}`);
    }
  };
  look('');
  return seen;
}

/** Same names, kinds, bytes, links and modes, and times to a hundredth of a millisecond; sockets and their like apart. */
export function expectSame(backup: ReadonlyMap<string, Seen>, data: ReadonlyMap<string, Seen>, why = ''): void {
  const held = new Map([...data].filter(([, { kind }]) => kind !== 'special'));
  expect(untimed(backup), why).toEqual(untimed(held));
  const moved = [...held].filter(([path, { mtimeMs }]) => Math.abs((backup.get(path)?.mtimeMs ?? 0) - mtimeMs) > 0.01);
  expect(
    moved.map(([path]) => path),
    why,
  ).toEqual([]);
}

function untimed(seen: ReadonlyMap<string, Seen>): Record<string, unknown> {
  const entries = [...seen].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([path, { kind, mode, content }]) => [path, { kind, mode, content }]));
}

/** What of backups lies in a folder, whole or not. */
export function backupsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /^(?:data|wasm)-backup/.test(name))
    .sort();
}
