// The name of an upgrade plan, and the folder under upgrades/ that bears it. Making and reading the folder's name stand
// side by side: `unescapePlanName(escapePlanName(name)) === name`, and no two names share a folder.
import { CvtoolError } from '../errors/cvtool-error.js';
import type { Brand } from './brand.js';
import { quoted } from './printable.js';

/** A plan's name as it is used for folders: lower case, unless recasing is off. */
export type PlanName = Brand<string, 'PlanName'>;

export interface PlanNameOptions {
  /** Lower-case the name, as cosmovisor does (default). False: COSMOVISOR_DISABLE_RECASE=true. */
  readonly recase?: boolean | undefined;
  /** The name comes from a plan, not from a command line: it may start with `-`. */
  readonly fromChain?: boolean | undefined;
}

/** The longest file name of Linux's file systems, in bytes (NAME_MAX, limits.h). */
const longest = 255;

/** @throws NAME_INVALID with the reason */
export function parsePlanName(text: string, { recase = true, fromChain = false }: PlanNameOptions = {}): PlanName {
  if (text === '') throw invalid(text, 'is empty');
  if (text.startsWith('-') && !fromChain) {
    throw invalid(
      text,
      'starts with "-" like an option',
      'Put options after the name, or look at --help for their spelling.',
    );
  }
  if (/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text)) throw invalid(text, 'has a line break or another control character in it');
  if (/\p{Cs}/u.test(text)) throw invalid(text, 'is no valid Unicode text');
  const name = (recase ? lowerCase(text) : text) as PlanName;
  if (name === '.' || name === '..') throw invalid(text, 'is a folder of its own on every file system');
  const length = escapePlanName(name).length;
  if (length > longest) {
    throw invalid(text, `is too long: its folder's name would have ${length} bytes, and ${longest} are possible`);
  }
  return name;
}

/** The folder's name: Go's url.PathEscape (net/url, shouldEscape in encodePathSegment mode), as cosmovisor uses it. */
export function escapePlanName(name: PlanName): string {
  return encodeURIComponent(name) // keeps letters, digits and -_.!~*'() (ECMA-262), a subset of Go's but for !*'()
    .replace(/[!*'()]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%(?:24|26|2B|3A|3D|40)/g, decodeURIComponent); // $ & + : = @
}

/**
 * The name whose folder is `folder`; never recased, since the folder is there as it is.
 * @throws NAME_INVALID where `folder` is not exactly what `escapePlanName` makes of a name
 */
export function unescapePlanName(folder: string): PlanName {
  const name = parsePlanName(decode(folder), { recase: false });
  if (escapePlanName(name) !== folder) {
    throw invalid(
      folder,
      `is not how the name ${quoted(name)} is written as a folder`,
      `It would be ${escapePlanName(name)}`,
    );
  }
  return name;
}

/** Do both lead to the same folder once they are lower-cased? A chain's own spelling may have capitals (`v8-Rho`). */
export function samePlanName(a: PlanName, b: PlanName): boolean {
  return lowerCase(a) === lowerCase(b);
}

/** Says, in a sentence for the operator, how the folder differs from what was typed; undefined where it does not. */
export function describePlanName(typed: string, name: PlanName): string | undefined {
  const folder = escapePlanName(name);
  const steps = [...(typed === name ? [] : ['lower-cased']), ...(folder === name ? [] : ['escaped'])];
  if (steps.length === 0) return undefined;
  return `the name ${quoted(typed)} is ${steps.join(' and ')} as cosmovisor does it: the folder is upgrades/${folder}`;
}

/**
 * Go's strings.ToLower: each code point by itself (unicode.ToLower), without the context and the one longer result
 * of SpecialCasing.txt that String.prototype.toLowerCase has.
 */
function lowerCase(text: string): string {
  return Array.from(text, (c) => (c === '\u0130' ? 'i' : c.toLowerCase())).join('');
}

function decode(folder: string): string {
  try {
    return decodeURIComponent(folder);
  } catch (cause) {
    if (cause instanceof URIError) throw invalid(folder, 'has a "%" that no two hexadecimal digits of a name follow');
    throw cause;
  }
}

function invalid(text: string, why: string, hint?: string): CvtoolError {
  return new CvtoolError('NAME_INVALID', `the upgrade name ${quoted(text)} ${why}`, { hint });
}
