// What the library search finds: the words that its parts, the judges and the tests share.
import type { ElfFile } from '../elf/elf-file.js';
import type { LibraryFile } from './library-file.js';

/** By which of the loader's rules a file was found. */
export type Rule =
  'program' | 'interpreter' | 'preload' | 'path' | 'rpath' | 'LD_LIBRARY_PATH' | 'runpath' | 'cache' | 'default';

export interface LoadedObject extends LibraryFile {
  /** The name by which it was asked for first. */
  readonly name: string;
  readonly rule: Rule;
  /** The folder, as the rule gave it after its tokens were replaced; for a preload where it was asked for. */
  readonly place: string;
  /** Who asked first; undefined for the program and its interpreter. */
  readonly wantedBy: LoadedObject | undefined;
  /** $ORIGIN of this object. */
  readonly origin: string;
  readonly elf: ElfFile;
  /** Its DT_NEEDED, in order. */
  readonly needs: readonly Need[];
}

export interface Need {
  readonly name: string;
  readonly found: LoadedObject | MissingLibrary;
}

export interface MissingLibrary {
  readonly kind: 'missing';
  readonly name: string;
  readonly wantedBy: LoadedObject;
  /** Where it was looked for, in order, and what was there. */
  readonly tried: readonly TriedPlace[];
  /** The loader ends the program at a file that it found, since it cannot use it. */
  readonly refused: string | undefined;
}

export interface TriedPlace {
  readonly rule: Rule;
  /** A folder, or a file. */
  readonly place: string;
  /** Undefined where nothing of that name is there. */
  readonly why: string | undefined;
}

export type Searched =
  | { readonly kind: 'found'; readonly file: LibraryFile; readonly rule: Rule; readonly place: string }
  | { readonly kind: 'not found'; readonly tried: readonly TriedPlace[]; readonly refused?: string };

/** How one kind of loader searches. */
export interface LibrarySearch {
  /** A DT_NEEDED as it is looked for: with its tokens replaced, where this loader does that. */
  spelled(needed: string, by: LoadedObject): string;
  /** Is it loaded under this name already? `objects` are in the order in which they were loaded. */
  loadedAs(name: string, objects: Iterable<LoadedObject>): LoadedObject | undefined;
  /** @param isPreload is it from LD_PRELOAD, `wantedBy` being the program? */
  search(name: string, wantedBy: LoadedObject, isPreload: boolean): Searched;
  /** The names in LD_PRELOAD. */
  preloads(list: string): string[];
  /** A file under another name: the loader remembers that name too. */
  remember(object: LoadedObject, name: string): void;
  readonly notes: readonly string[];
}

export function isMissing(found: LoadedObject | MissingLibrary): found is MissingLibrary {
  return 'kind' in found;
}
