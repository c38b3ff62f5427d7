// Users of this host, by /etc/passwd and /etc/group (passwd(5), group(5)), and what a file's owner and mode let one do.
import { readFileSync, statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';

import { hasCode } from '../errors/cvtool-error.js';

export interface User {
  readonly name: string;
  readonly uid: number;
  readonly home: string;
  /** Its own group and those that have it as a member. */
  readonly gids: readonly number[];
}

/** @param who a name or a number @returns undefined where the files do not have it: it may come from elsewhere (LDAP) */
export function findUser(who: string, { passwd, group } = readDatabases()): User | undefined {
  const row = rowsOf(passwd).find(([name, , uid]) => name === who || uid === who);
  if (row === undefined) return undefined;
  const [name = '', , uid = '', gid = '', , home = '/'] = row;
  const member = rowsOf(group).filter(([, , , members = '']) => members.split(',').includes(name));
  return { name, uid: Number(uid), home, gids: [Number(gid), ...member.map(([, , id = '']) => Number(id))] };
}

/** Whoever runs this process. */
export function ourselves(): User {
  const uid = process.getuid?.() ?? 0;
  const gids = [process.getgid?.() ?? 0, ...(process.getgroups?.() ?? [])];
  return { ...(findUser(String(uid)) ?? { name: String(uid), home: '/' }), uid, gids };
}

/** `name` of a uid, or its digits. */
export function userName(uid: number): string {
  return findUser(String(uid))?.name ?? String(uid);
}

/** Bits of a mode: 4 read, 2 write, 1 execute or search. ACLs are not asked. */
export function mayAccess({ mode, uid, gid }: Pick<Stats, 'mode' | 'uid' | 'gid'>, user: User, bits: number): boolean {
  if (user.uid === 0) return true;
  const shift = uid === user.uid ? 6 : user.gids.includes(gid) ? 3 : 0; // the first class that fits alone counts
  return ((mode >> shift) & bits) === bits;
}

/** The folder on the way to `path` that `user` may not search; undefined where the way is open. @throws the system's error */
export function closedFolder(path: string, user: User): string | undefined {
  const above = dirname(path);
  if (above === path) return undefined;
  return closedFolder(above, user) ?? (mayAccess(statSync(above), user, 1) ? undefined : above);
}

function readDatabases(): { readonly passwd: string; readonly group: string } {
  return { passwd: readOr('/etc/passwd'), group: readOr('/etc/group') };
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES')) return '';
    throw error;
  }
}

function rowsOf(text: string): string[][] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [line.split(':')]));
}
