// Where glibc's loader looks for a library: ld.so(8), and _dl_map_object in elf/dl-load.c, whose order this keeps:
// DT_RPATH of the one who needs it and of those who brought that one in (not where it has a DT_RUNPATH), LD_LIBRARY_PATH,
// its own DT_RUNPATH, the cache, the folders that are compiled in. A name with a slash is a path.
// Not followed: secure mode (setuid and setcap files), GLIBC_TUNABLES, DT_FILTER, DT_AUXILIARY, LD_AUDIT.
import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';

import { hasCode } from '../errors/cvtool-error.js';
import { readHardware, searchedSubfolders, type Hardware } from './hardware-capabilities.js';
import { tryLibrary, type Fit } from './library-file.js';
import { cacheIsKnownFor, lookUp, readLoaderCache, type LoaderCache } from './loader-cache.js';
import type { LibrarySearch, LoadedObject, Rule, Searched, TriedPlace } from './loaded-object.js';
import type { GlibcLoader } from './program-loader.js';
import type { SearchContext } from './search-context.js';
import { expandTokens, splitSearchPath, type Tokens } from './search-path.js';

/** elf.h, DF_1_NODEFLIB: linked with -z nodefaultlib */
const nodeflib = 0x800;

export function glibcSearch(context: SearchContext, loader: GlibcLoader): LibrarySearch {
  return new GlibcSearch(context, loader);
}

type Tries = TriedPlace[];

class GlibcSearch implements LibrarySearch {
  readonly #context: SearchContext;
  readonly #loader: GlibcLoader;
  readonly #fit: Fit;
  readonly #hardware: Hardware;
  readonly #subfolders: readonly string[];
  readonly #names = new Map<LoadedObject, Set<string>>();
  readonly #folders = new Map<string, boolean>();
  readonly #notes = new Set<string>();
  #cache: LoaderCache | undefined;

  constructor(context: SearchContext, loader: GlibcLoader) {
    const { elf } = context.program;
    this.#context = context;
    this.#loader = loader;
    this.#fit = { class: elf.class, machine: elf.machine, isHidden: context.isHidden, skipsMisfits: true };
    this.#hardware = readHardware(context.cpuinfo, elf.machine);
    this.#subfolders = searchedSubfolders(this.#hardware, loader);
    if (loader.guess !== undefined) this.#notes.add(loader.guess);
  }

  get notes(): string[] {
    return [...this.#notes];
  }

  /** elf/dl-deps.c, expand_dst. A token that stands for nothing is left: no file has that name. */
  spelled(needed: string, by: LoadedObject): string {
    return expandTokens(needed, this.#tokensOf(by)) ?? needed;
  }

  /** By a name it was asked for, by its path, or by its soname (_dl_name_match_p). */
  loadedAs(name: string, objects: Iterable<LoadedObject>): LoadedObject | undefined {
    for (const object of objects) {
      const isProgram = object === this.#context.program; // whose name is empty in the loader
      if (!isProgram && (name === object.path || this.#names.get(object)?.has(name) === true)) return object;
      if (object.elf.dynamic?.soname === name) return object;
    }
    return undefined;
  }

  remember(object: LoadedObject, name: string): void {
    const names = this.#names.get(object);
    if (names === undefined) this.#names.set(object, new Set([name]));
    else names.add(name);
  }

  /** elf/rtld.c, handle_preload_list */
  preloads(list: string): string[] {
    return list.split(/[ :]/).filter((name) => name !== '');
  }

  search(name: string, wantedBy: LoadedObject): Searched {
    if (name.includes('/')) return this.#searchPath(name, wantedBy);
    const tried: Tries = [];
    for (const [rule, folders] of this.#lists(wantedBy)) {
      const searched =
        rule === 'cache' ? this.#searchCache(name, wantedBy, tried) : this.#searchList(name, rule, folders, tried);
      if (searched !== undefined) return searched;
    }
    return { kind: 'not found', tried };
  }

  *#lists(wantedBy: LoadedObject): Generator<readonly [Rule, readonly string[]]> {
    if (wantedBy.elf.dynamic?.runpath === undefined) {
      const bringers = new Set<LoadedObject>();
      for (let each: LoadedObject | undefined = wantedBy; each !== undefined; each = each.wantedBy) bringers.add(each);
      for (const each of bringers.add(this.#context.program)) yield ['rpath', this.#rpathOf(each)];
    }
    const ofProgram = this.#tokensOf(this.#context.program);
    yield ['LD_LIBRARY_PATH', splitSearchPath(this.#context.environment['LD_LIBRARY_PATH'], ':;', ofProgram)];
    yield ['runpath', splitSearchPath(wantedBy.elf.dynamic?.runpath, ':', this.#tokensOf(wantedBy))];
    yield ['cache', []];
    if (!hasNodeflib(wantedBy)) yield ['default', this.#loader.systemFolders];
  }

  /** A DT_RUNPATH beside it makes the loader forget a DT_RPATH (elf_get_dynamic_info). */
  #rpathOf(object: LoadedObject): string[] {
    const { rpath, runpath } = object.elf.dynamic ?? {};
    return runpath === undefined ? splitSearchPath(rpath, ':', this.#tokensOf(object)) : [];
  }

  #tokensOf({ origin }: LoadedObject): Tokens {
    return { origin, lib: this.#loader.libFolder, platform: this.#hardware.platform };
  }

  #searchPath(name: string, wantedBy: LoadedObject): Searched {
    const path = expandTokens(name, this.#tokensOf(wantedBy));
    if (path === undefined) return { kind: 'not found', tried: [{ rule: 'path', place: name, why: undefined }] };
    const attempt = tryLibrary(this.#absolute(path), this.#fit);
    if (attempt.kind === 'usable') return { kind: 'found', file: attempt.file, rule: 'path', place: path };
    const why = 'why' in attempt ? attempt.why : undefined;
    const refused = attempt.kind === 'refused' ? { refused: attempt.why } : {};
    return { kind: 'not found', tried: [{ rule: 'path', place: path, why }], ...refused };
  }

  /** open_path */
  #searchList(name: string, rule: Rule, folders: readonly string[], tried: Tries): Searched | undefined {
    for (const folder of folders) {
      let why: string | undefined;
      for (const subfolder of this.#subfolders) {
        if (!this.#isFolder(folder + subfolder)) continue;
        const attempt = tryLibrary(this.#absolute(folder + subfolder + name), this.#fit);
        if (attempt.kind === 'usable') return { kind: 'found', file: attempt.file, rule, place: folder };
        if (attempt.kind === 'absent') continue;
        why = attempt.why;
        if (attempt.kind === 'refused') {
          tried.push({ rule, place: folder, why });
          return { kind: 'not found', tried, refused: why };
        }
        if (attempt.kind === 'list ends' && subfolder === '') {
          tried.push({ rule, place: folder, why });
          return undefined;
        }
      }
      tried.push({ rule, place: folder, why });
    }
    return undefined;
  }

  #searchCache(name: string, wantedBy: LoadedObject, tried: Tries): Searched | undefined {
    const place = this.#context.loaderCache;
    this.#cache ??= readLoaderCache(place);
    if (this.#cache.kind === 'damaged') this.#notes.add(`not judged by the loader's cache: ${this.#cache.why}`);
    if (this.#cache.kind !== 'table') return undefined;
    const { machine } = this.#fit;
    const asked = { machine, hardware: this.#hardware, legacy: this.#loader.legacy };
    if (!cacheIsKnownFor(machine)) {
      this.#notes.add("not judged by the loader's cache: which entries this machine accepts is not known");
      return undefined;
    }
    const entries = this.#cache.find(name);
    if (typeof entries === 'string') {
      this.#notes.add(`not judged by the loader's cache: ${entries}`);
      return undefined;
    }
    const path = lookUp(entries, asked);
    const barred = hasNodeflib(wantedBy) && this.#loader.systemFolders.some((folder) => path?.startsWith(folder));
    if (path === undefined || barred) {
      tried.push({ rule: 'cache', place, why: undefined });
      return undefined;
    }
    const attempt = tryLibrary(this.#absolute(path), this.#fit);
    if (attempt.kind === 'usable') return { kind: 'found', file: attempt.file, rule: 'cache', place: path };
    const why = 'why' in attempt ? attempt.why : `${path}, which it names, is not there`;
    tried.push({ rule: 'cache', place, why });
    return attempt.kind === 'refused' ? { kind: 'not found', tried, refused: attempt.why } : undefined;
  }

  #absolute(path: string): string {
    return isAbsolute(path) ? path : `${this.#context.workingFolder}/${path}`; // not normalised: ".." behind a link
  }

  /** Asked once a folder, as the loader does: most subfolders are not there. */
  #isFolder(folder: string): boolean {
    let is = this.#folders.get(folder);
    if (is === undefined) this.#folders.set(folder, (is = isFolder(this.#absolute(folder))));
    return is;
  }
}

function hasNodeflib({ elf }: LoadedObject): boolean {
  return ((elf.dynamic?.flags1 ?? 0) & nodeflib) !== 0;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch (error) {
    if (hasCode(error, 'ENOTDIR', 'EACCES', 'ELOOP', 'ENAMETOOLONG')) return false;
    throw error;
  }
}
