// One variable from the place where it was set, or from its default. Errors are cosmovisor's sentences (args.go:
// GetConfigFromEnv, BooleanOption, parseEnvDuration), with the value where those leave it out.
import { CvtoolError } from '../errors/cvtool-error.js';
import { parseAbsolutePath } from '../values/absolute-path.js';
import { parseGoDuration, type GoDuration } from '../values/go-duration.js';
import { parseFileName } from '../values/inner-path.js';
import { quoted } from '../values/printable.js';
import { tomlText, type TomlValue } from './toml-value.js';
import type { Variable } from './variables.js';

/** Where a variable was set: the environment, or a config.toml under its key. */
export type Place =
  | { readonly kind: 'environment'; readonly name: string; readonly text: string }
  | { readonly kind: 'file'; readonly name: string; readonly path: string; readonly value: TomlValue };

/**
 * @param place undefined: nowhere
 * @returns a value of the variable's kind; undefined where it is not set and has no fixed default
 * @throws CONFIG_INVALID
 */
export function readFrom(variable: Variable, place: Place | undefined): unknown {
  const text = place === undefined ? undefined : textAt(variable, place);
  if (place === undefined || text === undefined) {
    return variable.default === undefined ? undefined : parse(variable, variable.default, wordsFor(variable.name));
  }
  if (place.kind === 'environment') return parse(variable, text, wordsFor(place.name, text));
  return parse(variable, text, wordsInFile(place));
}

/** @returns undefined where a file leaves the variable open */
function textAt(variable: Variable, place: Place): string | undefined {
  if (place.kind === 'environment') return place.text;
  const text = tomlText(place.value, variable.kind);
  if (text === null) throw invalid(`${wordsInFile(place).what} ${wanted(variable)}, got ${shown(place.value)}`);
  return text;
}

/** How an error names the variable and its value. */
interface Words {
  readonly name: string;
  readonly what: string;
  readonly value: string;
}

function wordsFor(name: string, text = ''): Words {
  return { name, what: `env variable "${name}"`, value: quoted(text) };
}

function wordsInFile({ name, path, value }: Place & { readonly kind: 'file' }): Words {
  const where = `${name} in ${path}`;
  return { name: where, what: `key ${where}`, value: shown(value) };
}

function shown(value: TomlValue): string {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : value instanceof Date ? 'a date' : 'a table';
  return String(value);
}

function parse(variable: Variable, text: string, words: Words): unknown {
  switch (variable.kind) {
    case 'boolean':
      return parseBoolean(text, words);
    case 'duration':
      return parseDuration(text, words);
    case 'count':
      return parseCount(text, words);
    case 'choice':
      return parseChoice(variable, text, words);
    case 'absolute path':
      return parsePath(text, words);
    case 'file name':
      return parseName(text, words);
    case 'text':
      return text;
  }
}

function parseBoolean(text: string, { what, value }: Words): boolean {
  const lower = text.toLowerCase();
  if (lower === 'true' || lower === 'false') return lower === 'true';
  throw invalid(
    `${what} must have a boolean value ("true" or "false"), got ${value}`,
    'Write true or false, or unset it.',
  );
}

function parseDuration(text: string, { name, value }: Words): GoDuration {
  const hint = 'A number with its unit is needed, such as 300ms, 10s or 1h30m; unset, it has its default.';
  const duration = explained(
    () => parseGoDuration(text),
    (why) => `invalid: ${name}: could not parse '${text}' into a duration: ${why}`,
    hint,
  );
  if (duration > 0n) return duration;
  throw invalid(`invalid: ${name}: must be greater than 0, got ${value}`, hint);
}

/** strconv.Atoi, where an int has 64 bits. */
function parseCount(text: string, { name, value }: Words): number {
  const hint = 'A whole number of 0 or more is needed, such as 3.';
  const refused = (why: string): CvtoolError =>
    invalid(`${name} could not be parsed to int: strconv.Atoi: parsing ${value}: ${why}`, hint);
  if (!/^[+-]?[0-9]+$/.test(text)) throw refused('invalid syntax');
  const count = BigInt(text.replace(/^\+/, ''));
  if (BigInt.asIntN(64, count) !== count) throw refused('value out of range');
  if (count < 0n) throw invalid(`${name} must not be negative, got ${value}`, hint);
  return Number(count);
}

/** cosmovisor knows the words in small letters only. An empty one is taken for the time of log lines: no time. */
function parseChoice({ choice, name }: Variable, text: string, { what, value }: Words): string {
  const { of = '', words = [] } = choice ?? {};
  if (words.includes(text) || (text === '' && name === emptyMeansNone)) return text;
  throw invalid(
    `${what} must have a ${of} value ("${words.join('|')}"), got ${value}`,
    'Write one of these words, in small letters.',
  );
}
const emptyMeansNone = 'COSMOVISOR_TIMEFORMAT_LOGS';

function parsePath(text: string, { name, value }: Words): string {
  if (text.startsWith('/')) {
    return explained(
      () => parseAbsolutePath(text, { what: name }),
      (why) => why,
      'Write the path without it.',
    );
  }
  const hint = text.startsWith('~') ? '`~` is not expanded here: write the whole path.' : 'Write it from / on.';
  throw invalid(`${name} must be an absolute path, got ${value}`, hint);
}

function parseName(text: string, { name }: Words): string {
  return explained(
    () => parseFileName(text),
    (why) => `${name} must be a file name: ${why}`,
    "It is the name of the daemon's binary, without a folder.",
  );
}

/** An error of a parser in the words of a variable. */
function explained<Value>(read: () => Value, words: (why: string) => string, hint: string): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    throw invalid(words(error.message), hint);
  }
}

/** What a file may hold for it, where it holds something else. */
function wanted({ kind }: Variable): string {
  if (kind === 'boolean') return 'must have a boolean value (true or false)';
  if (kind === 'duration') return 'must be a duration (a text such as "300ms", or nanoseconds)';
  if (kind === 'count') return 'must be an integer';
  return 'must be a text';
}

function invalid(message: string, hint = 'Correct it, or leave the key out.'): CvtoolError {
  return new CvtoolError('CONFIG_INVALID', message, { hint });
}
