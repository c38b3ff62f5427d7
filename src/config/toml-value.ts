// What may stand in a config.toml for a variable, as the text that the environment would have. The forms are those that
// cosmovisor 1.6 and later read (viper, mapstructure with weak types): a boolean as 1, 0 or a word of strconv.ParseBool,
// a duration as nanoseconds or as text.
import type { Variable } from './variables.js';

/** Integers are bigints. */
export type TomlValue =
  string | boolean | bigint | number | Date | readonly unknown[] | { readonly [key: string]: unknown };

/** @returns undefined: the key says "not set here" ('' for anything, 0 for a duration); null: no value of that kind */
export function tomlText(value: TomlValue, kind: Variable['kind']): string | undefined | null {
  if (value === '') return undefined;
  switch (kind) {
    case 'boolean':
      return booleanText(value);
    case 'duration':
      if (typeof value === 'bigint') return value === 0n ? undefined : `${value.toString()}ns`;
      if (typeof value !== 'string') return null;
      return /^[-+]?0+(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h)?$/.test(value) ? undefined : value;
    case 'count':
      return typeof value === 'bigint' ? value.toString() : textOnly(value);
    case 'absolute path':
    case 'file name':
    case 'choice':
    case 'text':
      return textOnly(value);
  }
}

function booleanText(value: TomlValue): string | null {
  if (typeof value === 'boolean') return String(value);
  if (value === 1n || value === '1' || value === 't' || value === 'T') return 'true';
  if (value === 0n || value === '0' || value === 'f' || value === 'F') return 'false';
  return textOnly(value);
}

function textOnly(value: TomlValue): string | null {
  return typeof value === 'string' ? value : null;
}
