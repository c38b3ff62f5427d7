// Durations as Go reads and prints them (package time: ParseDuration, Duration.String), to the nanosecond and to the
// letter of its errors: what cosmovisor takes is taken, what it refuses is refused in the same words.
import { CvtoolError } from '../errors/cvtool-error.js';
import type { Brand } from './brand.js';

/** Nanoseconds; between -2^63 and 2^63 - 1. */
export type GoDuration = Brand<bigint, 'GoDuration'>;

const limit = 1n << 63n;
const microsecond = 1_000n;
const millisecond = 1_000_000n;
const second = 1_000_000_000n;
const units = new Map([
  ['ns', 1n],
  ['us', microsecond],
  ['\u00b5s', microsecond], // micro sign
  ['\u03bcs', microsecond], // Greek mu
  ['ms', millisecond],
  ['s', second],
  ['m', 60n * second],
  ['h', 3600n * second],
]);

/** @throws CONFIG_INVALID, whose message is Go's error text */
export function parseGoDuration(text: string): GoDuration {
  const sign = /^[-+]?/.exec(text)?.[0] ?? '';
  let rest = text.slice(sign.length);
  if (rest === '0') return 0n as GoDuration;
  if (rest === '') throw invalid(text);
  let total = 0n;
  while (rest !== '') {
    const [all, whole = '', fraction = ''] = /^([0-9]*)(?:\.([0-9]*))?/.exec(rest) ?? [''];
    if (whole === '' && fraction === '') throw invalid(text);
    const count = BigInt(whole === '' ? 0 : whole);
    if (count > limit) throw invalid(text);
    rest = rest.slice(all.length);
    const name = /^[^.0-9]*/.exec(rest)?.[0] ?? '';
    if (name === '') throw refused(`time: missing unit in duration ${quote(text)}`);
    const unit = units.get(name);
    if (unit === undefined) throw refused(`time: unknown unit ${quote(name)} in duration ${quote(text)}`);
    if (count > limit / unit) throw invalid(text);
    total += count * unit + fractionOf(unit, fraction);
    if (total > limit) throw invalid(text);
    rest = rest.slice(name.length);
  }
  if (sign === '-') return -total as GoDuration;
  if (total === limit) throw invalid(text);
  return total as GoDuration;
}

/** As Go prints it: `0s`, `300ms`, `1h1m1.5s`. */
export function formatGoDuration(duration: GoDuration): string {
  const sign = duration < 0n ? '-' : '';
  const all = BigInt.asUintN(64, duration < 0n ? 0n - duration : duration);
  if (all === 0n) return '0s';
  if (all < microsecond) return `${sign}${all.toString()}ns`;
  if (all < millisecond) return `${sign}${decimal(all, microsecond)}\u00b5s`;
  if (all < second) return `${sign}${decimal(all, millisecond)}ms`;
  const minutes = all / (60n * second);
  const seconds = `${decimal(all % (60n * second), second)}s`;
  if (minutes === 0n) return `${sign}${seconds}`;
  const hours = minutes / 60n;
  return `${sign}${hours === 0n ? '' : `${hours.toString()}h`}${(minutes % 60n).toString()}m${seconds}`;
}

/** Whole milliseconds for a timer, rounded up: one nanosecond is a wait, too. */
export function goDurationMilliseconds(duration: GoDuration): number {
  return Math.ceil(Number(duration) / Number(millisecond));
}

/** Go's leadingFraction: digits that no longer fit 63 bits are dropped; the product is a float64, cut off. */
function fractionOf(unit: bigint, digits: string): bigint {
  let value = 0n;
  let scale = 1;
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit);
    if (value > (limit - 1n) / 10n || next > limit) break;
    value = next;
    scale *= 10;
  }
  return BigInt(Math.trunc(Number(value) * (Number(unit) / scale)));
}

function decimal(amount: bigint, unit: bigint): string {
  const width = unit.toString().length - 1;
  const fraction = (amount % unit).toString().padStart(width, '0').replace(/0+$/, '');
  return `${(amount / unit).toString()}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Go's time.quote: other than printable ASCII is spelled byte by byte. */
function quote(text: string): string {
  const spelled = text
    .replace(/[\\"]/g, '\\$&')
    .replace(/[^ -\x7f]/gu, (c) =>
      [...Buffer.from(c)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
    );
  return `"${spelled}"`;
}

function invalid(text: string): CvtoolError {
  return refused(`time: invalid duration ${quote(text)}`);
}

function refused(message: string): CvtoolError {
  return new CvtoolError('CONFIG_INVALID', message, {
    hint: 'A number with its unit is needed, such as 300ms, 10s or 1h30m.',
  });
}
