// The text in which a Go program lists its modules and settings; runtime/debug's ParseBuildInfo reads the same:
//   path<tab>main package          mod, dep<tab>path<tab>version[<tab>sum]
//   =><tab>path<tab>version<tab>sum (what replaces the module above)    build<tab>key=value, each quoted where it must be
export interface Module {
  readonly path: string;
  /** As it stands: (devel) for a main module that is built from a work tree. */
  readonly version: string;
  /** h1:…, as in go.sum; empty where there is none, as for a replacement by a folder. */
  readonly sum: string;
  /** The module that was built in its place. */
  readonly replace?: Module | undefined;
}

export interface ModuleInfo {
  readonly path: string;
  readonly main: Module | undefined;
  readonly deps: readonly Module[];
  readonly settings: Readonly<Record<string, string>>;
}

/** In characters; what a regular expression can take. */
const longestSetting = 1 << 16;

/**
 * Lines of an unknown kind are passed over: a later Go may add some.
 * @param damaged makes the error for a line (counted from 1) in which `found` stands
 */
export function parseModuleInfo(text: string, damaged: (line: number, found: string) => Error): ModuleInfo {
  let path = '';
  let main: Module | undefined;
  let last: 'main' | 'dep' | undefined;
  const deps: Module[] = [];
  const settings: [string, string][] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const [kind = '', ...columns] = line.split('\t');
    const fail = () => damaged(index + 1, JSON.stringify(line.slice(0, 200)));
    if (kind === 'path') {
      path = columns.join('\t');
    } else if (kind === 'mod') {
      main = readModule(columns, fail);
      last = 'main';
    } else if (kind === 'dep') {
      deps.push(readModule(columns, fail));
      last = 'dep';
    } else if (kind === '=>') {
      const replaced = last === 'main' ? main : last === 'dep' ? deps.pop() : undefined;
      if (replaced === undefined || columns.length !== 3) throw fail();
      const module = { ...replaced, replace: readModule(columns, fail) };
      if (last === 'main') main = module;
      else deps.push(module);
      last = undefined;
    } else if (kind === 'build') {
      settings.push(readSetting(line.slice('build\t'.length), fail));
    }
  }
  return { path, main, deps, settings: Object.fromEntries(settings) };
}

function readModule(columns: readonly string[], fail: () => Error): Module {
  const [path, version, sum = ''] = columns;
  if (path === undefined || version === undefined || columns.length > 3) throw fail();
  return { path, version, sum };
}

function readSetting(text: string, fail: () => Error): [string, string] {
  if (text.length > longestSetting) throw fail();
  const quotedKey = /^(?:"(?:[^"\\]|\\.)*"|`[^`]*`)/.exec(text)?.[0];
  const keyLength = quotedKey?.length ?? text.indexOf('=');
  if (keyLength <= 0 || text[keyLength] !== '=') throw fail();
  const value = text.slice(keyLength + 1);
  return [unquote(text.slice(0, keyLength), fail), unquote(value, fail)];
}

/** strconv.Unquote for what strconv.Quote writes; text that is not quoted stays as it is. */
function unquote(text: string, fail: () => Error): string {
  if (/^`[^`]*`$/.test(text)) return text.slice(1, -1);
  if (!/^["`]/.test(text)) return text;
  if (!/^"(?:[^"\\]|\\.)*"$/.test(text)) throw fail();
  return text
    .slice(1, -1)
    .replace(
      /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))/gi,
      (_, x?: string, u?: string, U?: string, c?: string) => {
        const hex = x ?? u ?? U;
        if (hex !== undefined) return codePoint(Number.parseInt(hex, 16), fail);
        const plain = escapes[c ?? ''];
        if (plain === undefined) throw fail();
        return plain;
      },
    );
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};

function codePoint(value: number, fail: () => Error): string {
  if (value > 0x10ffff) throw fail();
  return String.fromCodePoint(value);
}
