// A node's own settings (config/app.toml, config/config.toml), read to compare them with what a release wants: a value by its
// dotted key, and the line where it stands.
import { readFileSync } from 'node:fs';

import { parse, TomlError } from 'smol-toml';

import { hasCode, messageOf } from '../errors/cvtool-error.js';

export type NodeToml =
  | {
      readonly kind: 'table';
      /** The value as one would write it without quotes; undefined: the key is not there. */
      readonly value: (key: string) => string | undefined;
      /** From 1 on; of the key, else of its section; undefined where neither is there. */
      readonly line: (key: string) => number | undefined;
    }
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable'; readonly why: string };

/** In bytes; the nodes' own are some ten thousand. */
const largest = 4 * 1024 * 1024;

export function readNodeToml(path: string): NodeToml {
  let text: string;
  let table: Record<string, unknown>;
  try {
    text = readFileSync(path, 'utf8').replace(/^\ufeff/, '');
    if (text.length > largest) return { kind: 'unreadable', why: `it has ${text.length} characters` };
    table = parse(text, { integersAsBigInt: true });
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return { kind: 'none' };
    if (!(error instanceof TomlError) && !(error instanceof Error && 'code' in error)) throw error;
    return { kind: 'unreadable', why: messageOf(error).split('\n')[0] ?? '' };
  }
  return { kind: 'table', value: (key) => valueAt(table, key.split('.')), line: (key) => lineOf(text, key) };
}

function valueAt(table: unknown, [first, ...rest]: readonly string[]): string | undefined {
  if (first === undefined) return textOf(table);
  if (typeof table !== 'object' || table === null) return undefined;
  const found = Object.entries(table).find(([key]) => key.toLowerCase() === first.toLowerCase()); // viper: no case
  return found === undefined ? undefined : valueAt(found[1], rest);
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'a table';
  return String(value);
}

/** Good enough to point at it: sections and keys as nodes write them, one a line. */
function lineOf(text: string, key: string): number | undefined {
  const parts = key.split('.');
  const name = parts.pop() ?? '';
  const section = parts.join('.');
  let current = '';
  let sectionLine: number | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const title = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line)?.[1];
    if (title !== undefined) {
      current = title;
      if (current === section) sectionLine = index + 1;
    } else if (current === section && /^\s*"?([\w-]+)"?\s*=/.exec(line)?.[1]?.toLowerCase() === name.toLowerCase()) {
      return index + 1;
    }
  }
  return sectionLine;
}
