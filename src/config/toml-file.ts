// A config.toml, read only where one was named: a part of its own, since it brings the TOML parser along.
import { readFileSync } from 'node:fs';

import { parse, TomlError } from 'smol-toml';

import { CvtoolError, hasCode } from '../errors/cvtool-error.js';
import { systemReason } from '../errors/system-reason.js';
import { quoted } from '../values/printable.js';
import type { TomlValue } from './toml-value.js';

/**
 * @returns the keys at the file's top, in small letters (viper does not tell them apart), with their values
 * @throws CONFIG_INVALID where there is no such file, or it is no TOML
 */
export function readTomlFile(path: string): ReadonlyMap<string, TomlValue> {
  const text = readText(path);
  try {
    const table = parse(text, { integersAsBigInt: true }) as Record<string, TomlValue>;
    return new Map(Object.entries(table).map(([key, value]) => [key.toLowerCase(), value]));
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const [what = '', ...rest] = cause.message.split('\n');
    throw new CvtoolError('CONFIG_INVALID', `failed to read config file ${quoted(path)}: ${what}`, {
      details: rest.filter((line) => line.trim() !== ''),
      hint: 'It must be TOML, as the one that `cvtool init` writes.',
      cause,
    });
  }
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/^\ufeff/, '');
  } catch (cause) {
    const what = hasCode(cause, 'ENOENT') ? `config not found: at ${path} : stat` : 'failed to read config file: open';
    throw new CvtoolError('CONFIG_INVALID', `${what} ${path}: ${systemReason(cause)}`, {
      hint: '--cosmovisor-config names a file that can be read, or is left out: then only the environment counts.',
      cause,
    });
  }
}
