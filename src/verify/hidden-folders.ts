// Folders that count as absent although they are there: the build host's module cache, a build folder, a home. A file is
// hidden too where the way to it, symbolic links followed one by one, leads through such a folder.
import { lstatSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

import { hasCode } from '../errors/cvtool-error.js';

/** Linux gives up after 40: path_resolution(7). */
const mostLinks = 40;

/**
 * @param hidden folders; one that does not exist hides nothing
 * @param visible what stays although a hidden folder holds it: the staged folder in somebody's home
 * @returns tells of an absolute path whether it is hidden
 */
export function hiddenFolders(hidden: readonly string[], visible: readonly string[] = []): (path: string) => boolean {
  if (hidden.length === 0) return () => false;
  const away = withRealPaths(hidden);
  const stays = withRealPaths(visible);
  const isHidden = (path: string) =>
    away.some((folder) => isWithin(path, folder)) &&
    !stays.some((folder) => isWithin(path, folder) || isWithin(folder, path));
  return (path) => leadsThrough(path, isHidden);
}

/** Is `path` the folder itself or below it? Both are normal and absolute. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? folder : `${folder}/`);
}

/** The real path; where it does not exist, the path itself. */
export function realPathOr(path: string): string {
  try {
    return realpathSync.native(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP')) return path;
    throw error;
  }
}

function withRealPaths(folders: readonly string[]): string[] {
  return folders.map((folder) => resolve(folder)).flatMap((folder) => [folder, realPathOr(folder)]);
}

/** Walks as the kernel does: ".." after a link means the parent of what the link leads to. */
function leadsThrough(path: string, isHidden: (step: string) => boolean): boolean {
  const rest = path.split('/').reverse();
  let here = '/';
  for (let links = 0; rest.length > 0;) {
    const name = rest.pop() ?? '';
    if (name === '' || name === '.') continue;
    if (name === '..') {
      here = dirname(here);
      continue;
    }
    const next = join(here, name);
    if (isHidden(next)) return true;
    const target = linkTarget(next);
    if (target === undefined) {
      here = next;
      continue;
    }
    links += 1;
    if (links > mostLinks) return false; // opening it fails then
    if (target.startsWith('/')) here = '/';
    rest.push(...target.split('/').reverse());
  }
  return false;
}

function linkTarget(path: string): string | undefined {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true ? readlinkSync(path) : undefined;
}
