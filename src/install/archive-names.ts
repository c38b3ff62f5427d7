// All names of one archive: each is one thing, none is another one's twin, nothing lies below a link, and each link leads to a
// regular file of the same archive. What is left out for another reason is still a name.
import { posix } from 'node:path';

import { quoted } from '../values/printable.js';
import { checkText, entryName, isAbsolute } from './entry-name.js';
import { refusedArchive } from './refused-archive.js';

type Kind = 'file' | 'folder' | 'link' | 'left out';

/** The supervisor writes a file of this name beside `bin/`: an archive's own is left out. */
const supervisorsOwn = 'upgrade-info.json';

export interface Link {
  readonly name: string;
  readonly target: string;
}

export class ArchiveNames {
  readonly #kinds = new Map<string, Kind>();
  /** By the name as a file system that knows no case, or only one form of Unicode, sees it. */
  readonly #spellings = new Map([[supervisorsOwn, supervisorsOwn]]);
  readonly #links: Link[] = [];

  /** @returns the path in the folder; '' for the folder itself */
  addFolder(given: string): string {
    const name = entryName(given, 'folder');
    if (name !== '') this.#add(name, 'folder', given);
    return name;
  }

  /** @returns undefined where the file is left out */
  addFile(given: string): string | undefined {
    const name = entryName(given, 'file');
    const isLeftOut = name === supervisorsOwn;
    this.#add(name, isLeftOut ? 'left out' : 'file', given);
    return isLeftOut ? undefined : name;
  }

  addLink(given: string, target: string): void {
    const name = entryName(given, 'link');
    this.#add(name, 'link', given);
    checkText(target, given);
    if (isAbsolute(target)) throw refusedArchive(`${quoted(given)} is a link to the absolute ${quoted(target)}`);
    this.#links.push({ name, target });
  }

  /** @returns sorted paths of the regular files */
  files(): string[] {
    const files = [...this.#kinds].filter(([, kind]) => kind === 'file').map(([name]) => name);
    if (files.length === 0) throw refusedArchive('it holds no file');
    return files.sort();
  }

  /** To be called when all names are there. */
  links(): readonly Link[] {
    for (const link of this.#links) this.#checkLink(link);
    return this.#links;
  }

  #add(name: string, kind: Kind, given: string): void {
    for (let above = posix.dirname(name); above !== '.'; above = posix.dirname(above)) {
      const there = this.#kinds.get(above);
      if (there === 'link') throw refusedArchive(`${quoted(given)} is below the link ${quoted(above)}`);
      this.#put(above, 'folder', given);
    }
    this.#put(name, kind, given);
  }

  #put(name: string, kind: Kind, given: string): void {
    const there = this.#kinds.get(name);
    if (there === 'folder' && kind === 'folder') return;
    if (there === kind) throw refusedArchive(`${quoted(name)} is there twice`);
    if (there !== undefined) throw refusedArchive(`${quoted(name)} is two things, as ${quoted(given)} shows`);
    if (name === supervisorsOwn && kind !== 'left out')
      throw refusedArchive(`${quoted(given)} is no regular file, and the supervisor writes one there`);
    const folded = name.normalize('NFC').toLowerCase();
    const twin = this.#spellings.get(folded);
    if (twin !== undefined && twin !== name)
      throw refusedArchive(`${quoted(name)} and ${quoted(twin)} are one name where case or accents do not count`);
    this.#spellings.set(folded, name);
    this.#kinds.set(name, kind);
  }

  /** Walks as path_resolution(7) would; no part of the way can be a link, since those lead to files only. */
  #checkLink({ name, target }: Link): void {
    const shown = `${quoted(name)} is a link to ${quoted(target)}`;
    let at = posix.dirname(name);
    for (const part of target.split('/')) {
      if (at !== '.' && this.#kinds.get(at) !== 'folder') throw refusedArchive(`${shown}, which leads nowhere`);
      if (part === '..' && at === '.') throw refusedArchive(`${shown}, which leads out of it`);
      if (part === '..') at = posix.dirname(at);
      else if (part !== '.') at = posix.join(at, part);
    }
    if (this.#kinds.get(at) !== 'file') throw refusedArchive(`${shown}, which is no regular file of it`);
  }
}
