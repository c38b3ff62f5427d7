// One header block of a tar (POSIX.1-2017, pax, "ustar Interchange Format"), and the records of a pax extended header, read in
// one way only: what another reader could take for something else is refused.
import { quoted } from '../values/printable.js';
import { refusedArchive } from './refused-archive.js';

export const blockSize = 512;

export interface TarHeader {
  readonly name: string;
  readonly mode: number;
  /** In bytes, without the padding. */
  readonly size: number;
  /** The character itself; '0' for NUL, which is older. */
  readonly type: string;
  readonly linkTarget: string;
}

/** @throws ARCHIVE_INVALID */
export function readTarHeader(block: Buffer): TarHeader {
  const name = text(block, 0, 100);
  const sum = block.subarray(0, 148).reduce(plus, 8 * 0x20) + block.subarray(156).reduce(plus, 0);
  if (number(block, 148, 8, name) !== sum)
    throw refusedArchive(`no tar header where one should be, or a damaged one: ${quoted(name, 40)}`);
  const prefix = text(block, 257, 6) === 'ustar' ? text(block, 345, 155) : ''; // GNU tar has a blank behind it, and times there
  return {
    name: prefix === '' ? name : `${prefix}/${name}`,
    mode: number(block, 100, 8, name),
    size: number(block, 124, 12, name),
    type: block[156] === 0 ? '0' : String.fromCharCode(block[156] ?? 0),
    linkTarget: text(block, 157, 100),
  };
}

/**
 * `<length> <key>=<value>\n`, the length being that of the whole record.
 * @throws ARCHIVE_INVALID
 */
export function readPaxRecords(bytes: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < bytes.length;) {
    const head = /^([1-9]\d{0,8}) /.exec(bytes.toString('latin1', at, at + 10));
    const end = at + Number(head?.[1]);
    if (head === null || bytes[end - 1] !== 0x0a) throw refusedArchive('a damaged extended header');
    const record = bytes.toString('utf8', at + head[0].length, end - 1);
    const equals = record.indexOf('=');
    if (equals < 1 || record.includes('\0')) throw refusedArchive('an extended header with a damaged record');
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at = end;
  }
  return records;
}

/** The name in a header of GNU tar's types L and K. */
export function readLongName(bytes: Buffer): string {
  return text(bytes, 0, bytes.length);
}

function text(block: Buffer, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? length : end);
}

/** Octal digits, or a big-endian number behind the byte 0x80 (GNU tar, "Extensions to the archive format"). */
function number(block: Buffer, start: number, length: number, name: string): number {
  const field = block.subarray(start, start + length);
  const value =
    field[0] === 0x80
      ? Number(BigInt(`0x${field.subarray(1).toString('hex')}`))
      : Number.parseInt(/^ *([0-7]*)[ \0]*$/.exec(field.toString('latin1'))?.[1]?.padStart(1, '0') ?? 'none', 8);
  if (!Number.isSafeInteger(value)) throw refusedArchive(`${quoted(name)} has a damaged header`);
  return value;
}

function plus(sum: number, byte: number): number {
  return sum + byte;
}
