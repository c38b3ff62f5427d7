// One log line in the look that cosmovisor gave its own (zerolog 1.33, console.go: ConsoleWriter).
import { goQuote } from '../values/go-quote.js';
import { maskCredentials } from '../values/printable.js';

/** What a line tells besides its sentence. A value that is no text is written as JSON. */
export type Fields = Readonly<Record<string, unknown>>;
export type Level = 'info' | 'warn' | 'error';

const levels = { info: ['INF', 32], warn: ['WRN', 33], error: ['ERR', 31] } as const;
const [bold, red, cyan, grey] = [1, 31, 36, 90];

/** @param time as it is to be printed @returns the line without its end */
export function consoleLine(
  { level, time, message, fields }: { level: Level; time: string; message: string; fields: Fields },
  colour: boolean,
): string {
  const paint = (text: string, code: number): string => (colour ? `\x1b[${code}m${text}\x1b[0m` : text);
  const [word, code] = levels[level];
  const all: Fields = { ...fields, module: 'cosmovisor' };
  const pair = (name: string): string => {
    const value = valueText(all[name]);
    const isError = name === 'error';
    return paint(`${name}=`, cyan) + (isError ? paint(paint(value, bold), red) : value);
  };
  const names = Object.keys(all).filter((name) => all[name] !== undefined);
  const sorted = names.sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return [paint(time, grey), paint(word, code), paint(message, bold), ...sorted.map(pair)].join(' ');
}

function rank(name: string): number {
  return name === 'error' ? 0 : 1;
}

function valueText(value: unknown): string {
  if (typeof value === 'string' || value instanceof Error) {
    const text = maskCredentials(typeof value === 'string' ? value : value.message);
    return /[^!#-[\]-~]/.test(text) ? goQuote(text) : text; // zerolog, needsQuote
  }
  return maskCredentials(jsonText(value));
}

/** JSON of anything, with nothing in it that a terminal would obey. */
export function jsonText(value: unknown): string {
  const plain = (_: string, found: unknown): unknown =>
    found instanceof Error ? found.message : typeof found === 'bigint' ? found.toString() : found;
  const text = JSON.stringify(value, plain) as string | undefined; // the type leaves out functions and symbols
  return (text ?? 'null').replace(
    /[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
