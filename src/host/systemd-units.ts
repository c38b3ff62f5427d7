// The services of this host as their files say, drop-ins merged, without asking systemd: systemctl may not be there, and need
// not run. Where files are looked for, and which goes before which: systemd.unit(5).
import { readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';

import { hasCode, messageOf } from '../errors/cvtool-error.js';
import { namesIn } from './folders.js';
import { parseEnvironmentText, parseUnitText, splitUnitWords, type Assignment } from './systemd-syntax.js';

export interface UnitFolders {
  readonly manager: 'system' | 'user';
  /** The first goes before the others. */
  readonly folders: readonly string[];
  /** The home folder of whoever runs the manager: what %h stands for. */
  readonly home: string;
}

export interface ServiceUnit {
  /** `panacead.service`. */
  readonly name: string;
  readonly file: string;
  readonly dropIns: readonly string[];
  readonly manager: 'system' | 'user';
  /** The last ExecStart=, its prefixes taken off and its variables put in. */
  readonly exec: readonly string[];
  /** Environment= and EnvironmentFile=. */
  readonly environment: Readonly<Record<string, string>>;
  /** What it says that is not so, such as an EnvironmentFile= that is not there. */
  readonly problems: readonly string[];
  /** The last value of a key in [Service]; undefined where it is not set, or emptied. */
  readonly setting: (key: string) => string | undefined;
}

const systemFolders = ['/etc', '/run', '/usr/local/lib', '/usr/lib', '/lib'].map((at) => `${at}/systemd/system`);
const userFolders = ['/etc', '/run', '/usr/local/lib', '/usr/lib'].map((at) => `${at}/systemd/user`);

/** @param searchPath SYSTEMD_UNIT_PATH, which takes the place of all folders (systemd.unit(5)) */
export function unitFolders(userHome: string, searchPath: string | undefined): readonly UnitFolders[] {
  if (searchPath !== undefined) {
    return [{ manager: 'system', folders: searchPath.split(':').filter((folder) => folder !== ''), home: '/root' }];
  }
  return [
    { manager: 'system', folders: systemFolders, home: '/root' },
    { manager: 'user', folders: [join(userHome, '.config/systemd/user'), ...userFolders], home: userHome },
  ];
}

/**
 * @param mentions a text that the unit or one of its drop-ins must have in it; the rest is not looked into
 * @returns each service once, whatever links lead to it
 */
export function findServices(places: readonly UnitFolders[], mentions: RegExp): readonly ServiceUnit[] {
  const seen = new Set<string>();
  return places.flatMap((place) => {
    const names = new Map<string, string>();
    const dropIns = new Set<string>();
    for (const folder of place.folders) {
      for (const name of namesIn(folder)) {
        if (name.endsWith('.service') && !names.has(name)) names.set(name, join(folder, name));
        if (name.endsWith('.service.d')) dropIns.add(name);
      }
    }
    return [...names].flatMap(([name, file]) => {
      const real = realPathOr(file);
      const isAlias = basename(real) !== name && names.has(basename(real)); // its drop-ins go by the other name
      if (real === '/dev/null' || isAlias || seen.has(real)) return []; // /dev/null: masked
      seen.add(real);
      const conf = dropIns.has(`${name}.d`) ? dropInsOf(place.folders, `${name}.d`) : [];
      const texts = [file, ...conf].map(readOr);
      if (!texts.some((text) => mentions.test(text))) return [];
      return [service(name, file, conf, texts.flatMap(parseUnitText), place)];
    });
  });
}

/** Sorted by name; of two with one name that in the first folder counts. */
function dropInsOf(folders: readonly string[], name: string): string[] {
  const files = new Map<string, string>();
  for (const folder of folders.map((each) => join(each, name))) {
    for (const conf of namesIn(folder).filter((each) => each.endsWith('.conf'))) {
      if (!files.has(conf)) files.set(conf, join(folder, conf));
    }
  }
  return [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, file]) => file);
}

function service(
  name: string,
  file: string,
  dropIns: readonly string[],
  assignments: readonly Assignment[],
  { manager, home }: UnitFolders,
): ServiceUnit {
  const all = assignments.filter(({ section }) => section === 'Service');
  const expand = expander(name, home, manager);
  /** An empty value takes back what came before it. */
  const list = (key: string): string[] =>
    all
      .filter((each) => each.key === key)
      .reduce<string[]>((values, { value }) => (value === '' ? [] : [...values, value]), []);
  const problems: string[] = [];
  const environment = Object.fromEntries(
    list('Environment')
      .flatMap(splitUnitWords)
      .map(expand)
      .flatMap((word) =>
        word.includes('=') ? [[word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]] : [],
      ),
  ) as Record<string, string>;
  for (const entry of list('EnvironmentFile').map(expand)) {
    const path = entry.replace(/^-/, '');
    try {
      Object.assign(environment, parseEnvironmentText(readFileSync(path, 'utf8')));
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error;
      if (!entry.startsWith('-') || !hasCode(error, 'ENOENT'))
        problems.push(`EnvironmentFile=${entry}: ${messageOf(error)}`);
    }
  }
  const exec = list('ExecStart').at(-1);
  return {
    ...{ name, file, dropIns, manager, environment, problems },
    exec: exec === undefined ? [] : execWords(exec, expand, environment),
    setting: (key) => {
      const value = list(key).at(-1);
      return value === undefined ? undefined : expand(value);
    },
  };
}

/** systemd.service(5), command lines: `@`, `-`, `:`, `+` and `!` before the path; `${NAME}` in a word, `$NAME` for words. */
function execWords(
  text: string,
  expand: (text: string) => string,
  environment: Readonly<Record<string, string>>,
): string[] {
  const [first = '', ...rest] = splitUnitWords(text);
  const [, prefix = '', path = ''] = /^([@:+!|-]*)(.*)$/s.exec(first) ?? [];
  const words = [path, ...(prefix.includes('@') ? rest.slice(1) : rest)].map(expand);
  if (prefix.includes(':')) return words;
  return words.flatMap((word) => {
    const whole = /^\$([A-Za-z_]\w*)$/.exec(word)?.[1];
    if (whole !== undefined) return (environment[whole] ?? '').split(/\s+/).filter((part) => part !== '');
    return word.replace(/\$\{([A-Za-z_]\w*)\}/g, (_, name: string) => environment[name] ?? '').replaceAll('$$', '$');
  });
}

/** The specifiers that a path or a name may have (systemd.unit(5)); others stay as they are. %h is the manager's user's home. */
function expander(name: string, home: string, manager: 'system' | 'user'): (text: string) => string {
  const prefix = name.replace(/\.service$/, '');
  const [stem = prefix, instance = ''] = prefix.split('@', 2);
  const known: Readonly<Record<string, string>> = {
    ...{ '%': '%', h: home, n: name, N: prefix, p: stem, i: instance, I: instance },
    ...(manager === 'system' ? { u: 'root', U: '0', t: '/run', S: '/var/lib', E: '/etc' } : {}),
  };
  return (text) => text.replace(/%(.)/g, (whole, letter: string) => known[letter] ?? whole);
}

/** What cannot be read says nothing to us. */
function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EISDIR', 'ELOOP')) return '';
    throw error;
  }
}

function realPathOr(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES', 'ELOOP', 'ENOTDIR')) return path;
    throw error;
  }
}
