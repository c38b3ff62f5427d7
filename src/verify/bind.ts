// Which definition each undefined symbol is bound to when the program starts, as the loader looks it up: in the global scope,
// in the order of loading, with versions (glibc: elf/dl-lookup.c check_match, elf/dl-version.c; musl: ldso/dynlink.c find_sym,
// which knows names only). Weak symbols may stay unbound. What lazy binding would find only later is found here too.
import { openByteSource } from '../elf/bytes.js';
import type { ElfFile } from '../elf/elf-file.js';
import { readDynamicSymbols, type DynamicSymbol } from '../elf/symbols.js';
import { readVersionDefinitions, readVersionNeeds } from '../elf/versions.js';
import type { Resolution } from './library-search.js';
import { isMissing, type LoadedObject } from './loaded-object.js';

export interface UnboundSymbol {
  /** Who asks. */
  readonly object: LoadedObject;
  readonly name: string;
  readonly version: string | undefined;
  /** Libraries that define the name, but under other versions. */
  readonly otherVersions: readonly LoadedObject[];
}

/** The loader ends the program for this alone, whether a symbol asks for the version or not. */
export interface MissingVersion {
  readonly object: LoadedObject;
  readonly version: string;
  /** The library that does not define it. */
  readonly library: LoadedObject;
}

export interface Binding {
  readonly unbound: readonly UnboundSymbol[];
  readonly missingVersions: readonly MissingVersion[];
  /** Undefined symbols that were looked up. */
  readonly looked: number;
}

interface Definitions {
  readonly object: LoadedObject;
  readonly byName: ReadonlyMap<string, readonly DynamicSymbol[]>;
  /** Of version index 2: also who asks for no version is bound to it. */
  readonly firstVersion: string | undefined;
}

/**
 * @param isJudged whose undefined symbols are looked up; by default everybody's
 * @throws ELF_INVALID where a symbol table is damaged; the system's error where a file went away meanwhile
 */
export function bindSymbols(resolution: Resolution, isJudged: (object: LoadedObject) => boolean = () => true): Binding {
  const judged = resolution.objects.filter(isJudged);
  const symbolsOf = new Map(resolution.objects.map((each) => [each, withBytes(each, readDynamicSymbols)]));
  const wanted = judged.flatMap((object) =>
    (symbolsOf.get(object) ?? []).filter(isWanted).map((symbol) => ({ object, symbol })),
  );
  const names = new Set(wanted.map(({ symbol }) => symbol.name));
  const scope = resolution.objects.map((object) => definitionsOf(object, symbolsOf.get(object) ?? [], names));
  const matches = resolution.loader?.kind === 'musl' ? matchesByName : matchesWithVersion;

  const unbound: UnboundSymbol[] = [];
  for (const { object, symbol } of wanted) {
    if (scope.some((definitions) => matches(symbol, definitions))) continue;
    const otherVersions = scope.filter(({ byName }) => byName.has(symbol.name)).map((each) => each.object);
    unbound.push({ object, name: symbol.name, version: symbol.version?.name, otherVersions });
  }
  const missingVersions =
    resolution.loader?.kind === 'musl' ? [] : judged.flatMap((object) => versionsMissingTo(object, resolution));
  return { unbound, missingVersions, looked: wanted.length };
}

/** Reads from an object's file again: the search closed it. */
export function withBytes<T>(object: LoadedObject, read: (elf: ElfFile) => T): T {
  const source = openByteSource(object.realPath);
  try {
    return read({ ...object.elf, source });
  } finally {
    source.close();
  }
}

function isWanted(symbol: DynamicSymbol): boolean {
  return !symbol.defined && symbol.name !== '' && (symbol.binding === 'global' || symbol.binding === 'unique');
}

function isOffered({ defined, binding, type }: DynamicSymbol): boolean {
  const canBeBound = binding === 'global' || binding === 'weak' || binding === 'unique';
  return defined && canBeBound && type !== 'section' && type !== 'file';
}

function definitionsOf(
  object: LoadedObject,
  symbols: readonly DynamicSymbol[],
  names: ReadonlySet<string>,
): Definitions {
  const byName = new Map<string, DynamicSymbol[]>();
  for (const symbol of symbols) {
    if (!names.has(symbol.name) || !isOffered(symbol)) continue;
    const same = byName.get(symbol.name);
    if (same === undefined) byName.set(symbol.name, [symbol]);
    else same.push(symbol);
  }
  const [firstVersion] = withBytes(object, readVersionDefinitions);
  return { object, byName, firstVersion };
}

function matchesByName({ name }: DynamicSymbol, { byName }: Definitions): boolean {
  return (byName.get(name) ?? []).some(({ version }) => version?.hidden !== true);
}

/** check_match in elf/dl-lookup.c. A library without versions has none at any symbol, and serves everybody. */
function matchesWithVersion({ name, version }: DynamicSymbol, definitions: Definitions): boolean {
  const offers = definitions.byName.get(name) ?? [];
  if (version !== undefined) {
    return offers.some((offer) => offer.version === undefined || offer.version.name === version.name);
  }
  const old = offers.some((offer) => offer.version === undefined || offer.version.name === definitions.firstVersion);
  return old || offers.filter((offer) => offer.version?.hidden === false).length === 1;
}

/** A library without any versions is taken as it is: the loader only warns (match_symbol in elf/dl-version.c). */
function versionsMissingTo(object: LoadedObject, { objects }: Resolution): MissingVersion[] {
  return withBytes(object, readVersionNeeds).flatMap(({ file, versions }) => {
    const needed = object.needs.find(({ name }) => name === file)?.found;
    const library = needed ?? objects.find(({ elf, name }) => elf.dynamic?.soname === file || name === file);
    if (library === undefined || isMissing(library)) return [];
    const offered = withBytes(library, readVersionDefinitions);
    if (offered.length === 0) return [];
    return versions
      .filter(({ name, weak }) => !weak && !offered.includes(name))
      .map(({ name }) => ({ object, version: name, library }));
  });
}
