// Which files the loader maps when a program is started, found by reading alone: nothing is run, neither the program nor ldd.
// The order is the loader's: the program, what is preloaded, then breadth first what each of them needs. That order is the
// global scope too, in which bind.ts looks symbols up.
import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';

import { openByteSource } from '../elf/bytes.js';
import { readElf } from '../elf/elf-file.js';
import { hasCode, messageOf } from '../errors/cvtool-error.js';
import { glibcSearch } from './glibc-search.js';
import { hiddenFolders } from './hidden-folders.js';
import type { LibraryFile } from './library-file.js';
import type { LibrarySearch, LoadedObject, MissingLibrary, Need, Rule } from './loaded-object.js';
import { muslSearch } from './musl-search.js';
import { readProgramLoader, type ProgramLoader } from './program-loader.js';
import { readTextOr, type SearchContext } from './search-context.js';

export interface SearchOptions {
  /** Only LD_LIBRARY_PATH and LD_PRELOAD matter. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Folders that count as absent, also where a link leads into them. */
  readonly hidden?: readonly string[] | undefined;
  /** What stays of them. */
  readonly visible?: readonly string[] | undefined;
  /** The real path that a copy of the program will have: its $ORIGIN is taken from there. Default: where it lies. */
  readonly copyTo?: string | undefined;
  /** Where relative paths start. */
  readonly workingFolder?: string | undefined;
  /** Default: what PT_INTERP says. A library has none, and is then searched for as if it were a program of this one. */
  readonly interpreter?: string | undefined;
  readonly loaderCache?: string | undefined;
  readonly preloadFile?: string | undefined;
  readonly cpuinfo?: string | undefined;
}

export interface Resolution {
  readonly program: LoadedObject;
  /** The program's PT_INTERP, or the one given; undefined for a static program. */
  readonly interpreter: string | undefined;
  /** Undefined for a static program, and where the interpreter cannot be read. */
  readonly loader: ProgramLoader | undefined;
  /** In the order of loading; the interpreter stands where it was first needed. */
  readonly objects: readonly LoadedObject[];
  readonly missing: readonly MissingLibrary[];
  /** Preloads that the loader passes over with a message. */
  readonly ignoredPreloads: readonly string[];
  /** What was not judged and why: a damaged cache, an interpreter that is not there. */
  readonly notes: readonly string[];
}

type Growing = LoadedObject & { readonly needs: Need[] };

/**
 * @param program a file; its symbolic links are followed before $ORIGIN is taken, as the kernel does
 * @throws ELF_INVALID where the program is no usable ELF file; the system's error where it cannot be read
 */
export function resolveLibraries(program: string, options: SearchOptions = {}): Resolution {
  const root = readProgram(program, options.copyTo);
  const interpreter = options.interpreter ?? root.elf.interpreter;
  if (interpreter === undefined || root.elf.dynamic === undefined) {
    return alone(root, undefined, []);
  }
  const loader = tryLoader(interpreter);
  if (typeof loader === 'string') {
    return alone(root, interpreter, [loader]);
  }
  return new Load(root, interpreter, loader, options).run();
}

/** Everything that one start of a program brings into memory, as it grows. */
class Load {
  readonly #program: Growing;
  readonly #interpreter: Growing;
  readonly #loader: ProgramLoader;
  readonly #search: LibrarySearch;
  readonly #context: SearchContext;
  /** What names are compared with; the interpreter is there from the start. */
  readonly #known: Growing[];
  readonly #order: Growing[];
  readonly #missing: MissingLibrary[] = [];
  readonly #ignoredPreloads: string[] = [];

  constructor(program: Growing, interpreter: string, loader: ProgramLoader, options: SearchOptions) {
    this.#program = program;
    this.#loader = loader;
    const realPath = realpathSync.native(interpreter);
    const file = { path: interpreter, realPath, identity: '', elf: loader.elf };
    this.#interpreter = grow(file, { name: interpreter, rule: 'interpreter', place: interpreter, wantedBy: undefined });
    this.#known = [program, this.#interpreter];
    this.#order = [program];
    this.#context = {
      program,
      environment: options.environment ?? {},
      isHidden: hiddenFolders(options.hidden ?? [], options.visible),
      workingFolder: resolve(options.workingFolder ?? '.'),
      loaderCache: options.loaderCache ?? '/etc/ld.so.cache',
      cpuinfo: options.cpuinfo ?? readTextOr('/proc/cpuinfo', ''),
      preloadFile: options.preloadFile ?? '/etc/ld.so.preload',
    };
    this.#search = loader.kind === 'musl' ? muslSearch(this.#context, loader) : glibcSearch(this.#context, loader);
  }

  run(): Resolution {
    this.#preload();
    for (const object of this.#order) {
      for (const name of object.elf.dynamic?.needed ?? []) object.needs.push({ name, found: this.#need(name, object) });
    }
    return {
      program: this.#program,
      interpreter: this.#interpreter.path,
      loader: this.#loader,
      objects: this.#order,
      missing: this.#missing,
      ignoredPreloads: this.#ignoredPreloads,
      notes: this.#search.notes,
    };
  }

  /** A preload that cannot be had is only a message of the loader's. */
  #preload(): void {
    const { environment, preloadFile } = this.#context;
    const lists: [string, string][] = [['LD_PRELOAD', environment['LD_PRELOAD'] ?? '']];
    if (this.#loader.kind === 'glibc') {
      lists.push([
        preloadFile,
        readTextOr(preloadFile, '')
          .replace(/#.*$/gm, '')
          .replace(/[\t\n]/g, ' '),
      ]);
    }
    for (const [from, list] of lists) {
      for (const name of this.#search.preloads(list)) {
        const found = this.#object(name, this.#program, { rule: 'preload', place: from });
        if ('kind' in found)
          this.#ignoredPreloads.push(`${name} from ${from} is not loaded: ${found.refused ?? 'it is not there'}`);
      }
    }
  }

  #need(needed: string, wantedBy: Growing): LoadedObject | MissingLibrary {
    const found = this.#object(this.#search.spelled(needed, wantedBy), wantedBy);
    if ('kind' in found) this.#missing.push(found);
    return found;
  }

  #object(name: string, wantedBy: Growing, as?: { rule: Rule; place: string }): LoadedObject | MissingLibrary {
    const loaded = this.#search.loadedAs(name, this.#known);
    if (loaded !== undefined) return this.#inOrder(loaded);
    const searched = this.#search.search(name, wantedBy, as !== undefined);
    if (searched.kind === 'not found') {
      return { kind: 'missing', name, wantedBy, tried: searched.tried, refused: searched.refused };
    }
    const same = this.#known.find(({ identity }) => identity === searched.file.identity);
    if (same !== undefined) {
      this.#search.remember(same, name);
      return this.#inOrder(same);
    }
    const object = grow(searched.file, { name, rule: searched.rule, place: searched.place, wantedBy, ...as });
    this.#search.remember(object, name);
    this.#known.push(object);
    this.#order.push(object);
    return object;
  }

  #inOrder(object: LoadedObject): LoadedObject {
    if (object === this.#interpreter && !this.#order.includes(this.#interpreter)) this.#order.push(this.#interpreter);
    return object;
  }
}

function alone(program: Growing, interpreter: string | undefined, notes: readonly string[]): Resolution {
  return { program, interpreter, loader: undefined, objects: [program], missing: [], ignoredPreloads: [], notes };
}

function readProgram(path: string, copyTo = realpathSync.native(path)): Growing {
  const realPath = realpathSync.native(path);
  const source = openByteSource(realPath);
  try {
    const file = { path: realPath, realPath, identity: '', elf: readElf(source) };
    const program = grow(file, { name: path, rule: 'program', place: dirname(realPath), wantedBy: undefined });
    return { ...program, origin: dirname(copyTo) };
  } finally {
    source.close();
  }
}

function tryLoader(path: string): ProgramLoader | string {
  if (!isAbsolute(path)) return `the interpreter ${path} is no absolute path`;
  try {
    return readProgramLoader(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return `the interpreter ${path} is not on this host`;
    if (hasCode(error, 'ELF_INVALID', 'EACCES', 'ELOOP')) return `the interpreter is of no use: ${messageOf(error)}`;
    throw error;
  }
}

function grow(file: LibraryFile, how: Pick<LoadedObject, 'name' | 'rule' | 'place' | 'wantedBy'>): Growing {
  return { ...file, ...how, origin: dirname(file.path), needs: [] };
}
