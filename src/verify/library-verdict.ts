// L1: every library that is needed, and every one that those need, comes from the staged folder or the system, by the loader's
// own rules, and nothing points to where only the build host has something.
import { existsSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';

import type { Finding } from './finding.js';
import { isWithin, realPathOr } from './hidden-folders.js';
import { resolveLibraries, type Resolution, type SearchOptions } from './library-search.js';
import type { LoadedObject, MissingLibrary } from './loaded-object.js';
import { isSystemPlace, localPlace } from './portable-places.js';
import { haveSameBytes } from './same-bytes.js';

export interface LibraryOptions extends Omit<SearchOptions, 'visible'> {
  /** The folder that goes to the other host: bin/ and lib/ lie in it. */
  readonly stagedFolder: string;
}

export interface LibraryVerdict {
  readonly findings: readonly Finding[];
  /** For the levels that come after. */
  readonly resolution: Resolution;
  /** `stagedFolder`, its links followed. */
  readonly stagedFolder: string;
}

/**
 * @throws ELF_INVALID where the program is no usable ELF file (that is L0's to say); the system's error where it cannot be read
 */
export function judgeLibraries(program: string, options: LibraryOptions): LibraryVerdict {
  const stagedFolder = realPathOr(resolve(options.stagedFolder));
  const search: SearchOptions = { ...options, visible: [options.stagedFolder] };
  const resolution = resolveLibraries(program, search);
  const { objects, interpreter, loader, missing, ignoredPreloads, notes } = resolution;
  if (interpreter === undefined) {
    return { findings: [row('pass', 'a static program: it needs no library')], resolution, stagedFolder };
  }
  if (loader === undefined) {
    const hint = 'Install the C library that the binary was built for, or build it for this one.';
    return { findings: [row('fail', notes.join('; '), hint)], resolution, stagedFolder };
  }
  const isStaged = (object: LoadedObject) => isWithin(object.realPath, stagedFolder);
  const intrusion = judgeIntruders(resolution, program, search, isStaged);
  const isToldThere = ({ realPath }: LoadedObject) => intrusion.intruders.has(realPath);
  const findings = [
    ...missing.map((each) => missingRow(each, program, search)),
    ...objects.filter((each) => each.rule !== 'program' && !isStaged(each) && !isToldThere(each)).flatMap(placeRows),
    ...objects
      .filter((each) => each.rule === 'program' || isStaged(each))
      .flatMap((each) => runpathRows(each, stagedFolder)),
    ...intrusion.findings,
    ...ignoredPreloads.map((each) => row('warn', each)),
    ...notes.map((note) => row('unknown', note)),
  ];
  if (!findings.some(({ status }) => status === 'fail')) findings.unshift(passRow(objects, isStaged));
  return { findings, resolution, stagedFolder };
}

function passRow(objects: readonly LoadedObject[], isStaged: (object: LoadedObject) => boolean): Finding {
  const libraries = objects.filter(({ rule }) => rule !== 'program' && rule !== 'interpreter');
  const staged = libraries.filter(isStaged).map(({ name }) => name);
  const system = libraries.length - staged.length;
  return row(
    'pass',
    `${staged.length > 0 ? `${staged.join(', ')} from the staged folder, ` : ''}${system} from the system`,
  );
}

function missingRow(missing: MissingLibrary, program: string, search: SearchOptions): Finding {
  const { name, wantedBy, tried, refused } = missing;
  if (refused !== undefined) return row('fail', `${name}, which ${wantedBy.name} needs, cannot be loaded: ${refused}`);
  const elsewhere = (search.hidden ?? []).length === 0 ? undefined : foundWithoutHiding(name, program, search);
  const places = [
    ...new Set(tried.map(({ place, why }) => (why === undefined ? place || '(here)' : `${place} (${why})`))),
  ];
  const hint = places.length === 0 ? 'It is looked for nowhere.' : `Looked for in ${places.join(', ')}.`;
  const only =
    elsewhere === undefined ? 'is not found' : `is found in ${elsewhere} only, which another host does not have`;
  return row('fail', `${name}, which ${wantedBy.name} needs, ${only}`, hint);
}

function foundWithoutHiding(name: string, program: string, search: SearchOptions): string | undefined {
  const { objects } = resolveLibraries(program, { ...search, hidden: [], visible: [] });
  return objects.find((object) => object.name === name)?.realPath;
}

function placeRows({ name, path, realPath, rule }: LoadedObject): Finding[] {
  const place = localPlace(resolve(path)) ?? localPlace(realPath);
  if (place === undefined) return [];
  const hint = 'Stage it beside the binary, with a RUNPATH of $ORIGIN/../lib.';
  return [row('fail', `${name} comes from ${realPath}, which is in ${place} (found by ${rule})`, hint)];
}

/** What a RUNPATH may hold so that it means the same on every host: folders within the staged one, by $ORIGIN. */
function runpathRows(object: LoadedObject, stagedFolder: string): Finding[] {
  const { rpath, runpath } = object.elf.dynamic ?? {};
  const list = runpath ?? rpath;
  if (list === undefined || list === '') return [];
  const what = `the ${runpath === undefined ? 'RPATH' : 'RUNPATH'} of ${object.name}`;
  const hint = 'It should be $ORIGIN/../lib and nothing else.';
  return list.split(':').flatMap((element): Finding[] => {
    if (element === '')
      return [row('fail', `${what} has an empty element: the folder that the program is started in`, hint)];
    const path = element.replace(/\$(?:ORIGIN|\{ORIGIN\})(?![A-Za-z0-9_])/g, () => object.origin);
    if (!isAbsolute(path))
      return [row('fail', `${what} has the relative folder ${element}: anyone can put a file there`, hint)];
    const folder = resolve(path);
    const staged = isWithin(folder, stagedFolder) || isWithin(realPathOr(folder), stagedFolder);
    if (staged)
      return path === element ? [row('warn', `${what} names ${element}: the folder must stay where it is`, hint)] : [];
    const place = path === element ? localPlace(folder) : undefined;
    if (place !== undefined) return [row('fail', `${what} leads to ${element}, which is in ${place}`, hint)];
    // What libwasmvm.so of v0.14.0 and v1.0.0-beta7 were linked with: nobody can change it, and where it leads there is nothing.
    if (object.rule !== 'program' && !existsSync(folder)) return [];
    return isSystemPlace(folder) ? [] : [row('warn', `${what} leads out of the staged folder, to ${element}`, hint)];
  });
}

/** LD_LIBRARY_PATH and LD_PRELOAD that put something in the place of what is staged. */
function judgeIntruders(
  resolution: Resolution,
  program: string,
  search: SearchOptions,
  isStaged: (object: LoadedObject) => boolean,
): { readonly findings: readonly Finding[]; readonly intruders: ReadonlySet<string> } {
  const { LD_LIBRARY_PATH: path = '', LD_PRELOAD: preload = '' } = search.environment ?? {};
  const intruders = new Set<string>();
  if (path === '' && preload === '') return { findings: [], intruders };
  const variable = path === '' ? 'LD_PRELOAD' : preload === '' ? 'LD_LIBRARY_PATH' : 'LD_LIBRARY_PATH or LD_PRELOAD';
  const clean = resolveLibraries(program, { ...search, environment: {} });
  const rows = clean.objects.filter(isStaged).flatMap((staged): Finding[] => {
    const got = resolution.objects.find(({ name }) => name === staged.name) ?? loadedFor(staged, resolution);
    if (staged.rule === 'program' || got === undefined || got.realPath === staged.realPath) return [];
    intruders.add(got.realPath);
    if (haveSameBytes(got.realPath, staged.realPath)) {
      return [
        row(
          'warn',
          `${variable} puts ${got.realPath} in the place of the staged ${staged.name}: the same bytes, for now`,
        ),
      ];
    }
    const text = `${variable} puts ${got.realPath} in the place of the staged ${staged.name}: other bytes`;
    return [row('fail', text, `Take ${variable} out of the environment that the daemon is started with.`)];
  });
  const preloads = resolution.objects
    .filter(({ rule }) => rule === 'preload')
    .map(({ realPath, place }) => row('warn', `${place} brings ${realPath} into the program`));
  return { findings: [...rows, ...preloads], intruders };
}

/** A library that answers to the name through its soname. */
function loadedFor({ name }: LoadedObject, { objects }: Resolution): LoadedObject | undefined {
  for (const { needs } of objects) {
    const found = needs.find((need) => need.name === name)?.found;
    if (found !== undefined && !('kind' in found)) return found;
  }
  return undefined;
}

function row(status: Finding['status'], text: string, hint?: string): Finding {
  return { level: 'L1', status, text, hint };
}
