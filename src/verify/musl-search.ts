// Where musl's loader looks for a library (ldso/dynlink.c: load_library, path_open, fixup_rpath; as of 1.2.3). It differs from
// glibc's: libc's own parts are the loader itself, LD_LIBRARY_PATH comes first, a runpath serves also those who were
// brought in by its owner, there is no cache, and the first file of the name is taken or the start fails.
import { isAbsolute } from 'node:path';

import { tryLibrary, type Fit } from './library-file.js';
import type { LibrarySearch, LoadedObject, Rule, Searched, TriedPlace } from './loaded-object.js';
import type { MuslLoader } from './program-loader.js';
import { readTextOr, type SearchContext } from './search-context.js';

const builtIn = /^lib(?:c|pthread|rt|m|dl|util|xnet)\./;
const defaultFolders = '/lib:/usr/local/lib:/usr/lib';
const longestName = 255;

export function muslSearch(context: SearchContext, loader: MuslLoader): LibrarySearch {
  const fit: Fit = {
    class: context.program.elf.class,
    machine: context.program.elf.machine,
    isHidden: context.isHidden,
    skipsMisfits: false,
  };
  const absolute = (path: string) => (isAbsolute(path) ? path : `${context.workingFolder}/${path}`);
  const systemPath = readTextOr(loader.pathFile, defaultFolders);
  /** Only what was searched for has a short name, and only by that it is found again. */
  const shortNames = new Map<string, LoadedObject>();

  /** What was preloaded was brought in by nobody: load_preload passes no needed_by. */
  const bringerOf = (object: LoadedObject) => (object.rule === 'preload' ? undefined : object.wantedBy);

  function* lists(wantedBy: LoadedObject | undefined): Generator<readonly [Rule, string]> {
    yield ['LD_LIBRARY_PATH', context.environment['LD_LIBRARY_PATH'] ?? ''];
    for (let each = wantedBy; each !== undefined; each = bringerOf(each)) {
      yield [each.elf.dynamic?.runpath === undefined ? 'rpath' : 'runpath', runpathOf(each)];
    }
    yield ['default', systemPath];
  }

  function tryFile(path: string, rule: Rule, place: string, tried: TriedPlace[]): Searched | undefined {
    const attempt = tryLibrary(absolute(path), fit);
    if (attempt.kind === 'usable') return { kind: 'found', file: attempt.file, rule, place };
    tried.push({ rule, place, why: 'why' in attempt ? attempt.why : undefined });
    if (attempt.kind === 'absent') return undefined;
    return { kind: 'not found', tried, refused: attempt.why };
  }

  return {
    notes: [],
    spelled: (needed) => needed,
    preloads: (list) => list.split(/[\s:]+/).filter((name) => name !== ''),
    loadedAs(name, objects) {
      for (const object of objects) {
        if (object.rule === 'interpreter' && (builtIn.test(name) || name === object.path)) return object;
      }
      return name.includes('/') ? undefined : shortNames.get(name);
    },
    remember(object, name) {
      if (!name.includes('/')) shortNames.set(name, object);
    },
    search(name, wantedBy, isPreload) {
      const tried: TriedPlace[] = [];
      if (name.includes('/')) return tryFile(name, 'path', name, tried) ?? { kind: 'not found', tried };
      if (name.length > longestName) return { kind: 'not found', tried };
      for (const [rule, list] of lists(isPreload ? undefined : wantedBy)) {
        for (const folder of list.split(/[:\n]/).filter((element) => element !== '')) {
          const searched = tryFile(`${folder}/${name}`, rule, folder, tried);
          if (searched !== undefined) return searched;
        }
      }
      return { kind: 'not found', tried };
    },
  };
}

/** $ORIGIN is all that musl knows; a list with another token counts as absent as a whole. */
function runpathOf({ elf, origin }: LoadedObject): string {
  const list = elf.dynamic?.runpath ?? elf.dynamic?.rpath ?? '';
  if (!list.includes('$')) return list;
  const expanded = list.replace(/\$(?:ORIGIN|\{ORIGIN\})/g, () => origin);
  return list.replace(/\$(?:ORIGIN|\{ORIGIN\})/g, '').includes('$') ? '' : expanded;
}
