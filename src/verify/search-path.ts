// Lists of folders as glibc takes them apart (elf/dl-load.c: fillin_rpath, is_dst, _dl_dst_substitute).

/** What $ORIGIN, $LIB and $PLATFORM stand for; undefined: an element that has it is left out. */
export interface Tokens {
  readonly origin: string;
  readonly lib: string;
  readonly platform: string | undefined;
}

const token = /\$(?:\{(ORIGIN|LIB|PLATFORM)\}|(ORIGIN|LIB|PLATFORM))(?![A-Za-z0-9_])/g;

/** @returns undefined where a token stands for nothing */
export function expandTokens(text: string, { origin, lib, platform }: Tokens): string | undefined {
  const values = { ORIGIN: origin, LIB: lib, PLATFORM: platform };
  const names = Array.from(text.matchAll(token), ([, curly, plain]) => (curly ?? plain) as keyof typeof values);
  if (names.some((name) => values[name] === undefined)) return undefined;
  return text.replace(token, (_, curly?: keyof typeof values, plain?: keyof typeof values) => {
    const name = curly ?? plain;
    return (name === undefined ? undefined : values[name]) ?? '';
  });
}

/**
 * The folders of a list, each ending with a slash; '' is the working folder, which an empty element means.
 * An empty list has none; what is named twice is searched once.
 * @param separators ':' in a file, ':;' in LD_LIBRARY_PATH
 */
export function splitSearchPath(list: string | undefined, separators: ':' | ':;', tokens: Tokens): string[] {
  if (list === undefined || list === '') return [];
  const folders = list
    .split(separators === ':' ? ':' : /[:;]/)
    .map((element) => (element === '' ? '' : asFolder(expandTokens(element, tokens))))
    .filter((folder) => folder !== undefined);
  return [...new Set(folders)];
}

function asFolder(path: string | undefined): string | undefined {
  return path === undefined || path === '' ? undefined : `${path.replace(/\/+$/, '')}/`;
}
