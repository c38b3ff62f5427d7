// May the user who runs the node do what a node and its supervisor must? By owners and modes; for ourselves the system is asked.
import { lstatSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { hasCode } from '../../errors/cvtool-error.js';
import type { HomePaths } from '../../home/paths.js';
import { isFolder, namesIn, whyNotWritable } from '../../host/folders.js';
import { closedFolder, mayAccess, userName, type User } from '../../host/users.js';
import { row, shellWord, type Row } from './row.js';

export interface AccessFacts {
  readonly home: HomePaths;
  readonly backups: string;
  readonly user: User;
  /** We are that user: then accessibility is asked, and not computed. */
  readonly isUs: boolean;
}

const writeAndSearch = 3;
/** Folders whose entries are looked at one by one: the databases of a node hold thousands. */
const mostEntries = 20_000;

export function judgeAccess(facts: AccessFacts): Row[] {
  const { home, backups, user, isUs } = facts;
  const places = [...new Set([home.root, home.cosmovisor, home.upgrades, home.data, backups])].filter(isFolder);
  const rows: Row[] = [];
  const closed: string[] = [];
  for (const path of places) {
    if (closed.some((above) => path.startsWith(`${above}/`))) continue; // told once, for the folder above
    const why = isUs ? whyNotWritable(path) : whyClosed(path, user);
    if (why === undefined) continue;
    closed.push(path);
    const isNodes = home.data === path || home.data.startsWith(`${path}/`);
    const needs = isNodes ? 'the node stops at its next block, and an upgrade is lost' : 'an upgrade fails there';
    rows.push(row('access', 'fail', `${why}: ${needs}`, chown(user, path)));
  }
  const strange = rows.length === 0 && isFolder(home.data) ? firstForeign(home.data, user) : undefined;
  if (strange !== undefined) {
    const text = `${strange.path} belongs to ${userName(strange.uid)}, and ${user.name} may not write it: was the node started by somebody else once?`;
    rows.push(row('access', 'fail', text, chown(user, home.data)));
  }
  if (rows.length > 0) return rows;
  const how = isUs ? '' : ' (by owners and modes)';
  return places.length === 0
    ? []
    : [row('access', 'pass', `${user.name} may write home, data and where backups go${how}`)];
}

function chown(user: User, path: string): string {
  return `chown -R ${user.name}: ${shellWord(path)}`;
}

function whyClosed(path: string, user: User): string | undefined {
  try {
    const closed = closedFolder(path, user);
    if (closed !== undefined) return `${path} is out of reach of ${user.name}: ${closed} lets nobody else in`;
    return mayAccess(statSync(path), user, writeAndSearch) ? undefined : `${path} cannot be written by ${user.name}`;
  } catch (error) {
    if (hasCode(error, 'EACCES', 'EPERM')) return undefined; // we may not look ourselves
    throw error;
  }
}

/** The first thing in data/, or in a folder of it, that the user may not write. */
function firstForeign(data: string, user: User): { readonly path: string; readonly uid: number } | undefined {
  let looked = 0;
  const look = (folder: string, deep: boolean): { path: string; uid: number } | undefined => {
    for (const name of namesIn(folder)) {
      if ((looked += 1) > mostEntries) return undefined;
      const path = join(folder, name);
      const stat = lstatSync(path, { throwIfNoEntry: false }); // a node at work removes files
      if (stat === undefined || stat.isSymbolicLink()) continue;
      if (!mayAccess(stat, user, stat.isDirectory() ? writeAndSearch : 2)) return { path, uid: stat.uid };
      const inside = stat.isDirectory() && deep ? look(path, false) : undefined;
      if (inside !== undefined) return inside;
    }
    return undefined;
  };
  return user.uid === 0 ? undefined : look(data, true);
}
