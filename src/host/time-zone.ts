// The abbreviation of the local time zone ("CET"), as Go finds it: in the file of TZ, else in /etc/localtime (RFC 8536, TZif).
// What a full Intl would tell costs 8 MB, and is "GMT+1" in English.
import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';

import type { Environment } from '../config/environment.js';

/** Go, time/zoneinfo_unix.go: platformZoneSources. */
const folders = ['/usr/share/zoneinfo', '/usr/share/lib/zoneinfo', '/usr/lib/locale/TZ', '/etc/zoneinfo'];

/**
 * @param date any time near to now, in the zone of this process
 * @returns a number such as `+01` where the zone has no name for the offset, or no file
 */
export function zoneName(date: Date, environment: Environment): string {
  const east = -date.getTimezoneOffset() * 60 || 0;
  const file = zoneFile(environment.TZ);
  const name = file === undefined ? undefined : nameIn(file, east, Math.floor(date.getTime() / 1000));
  return name ?? (east === 0 ? 'UTC' : numeric(east));
}

function zoneFile(zone: string | undefined): Buffer | undefined {
  if (zone === undefined) return readIfThere('/etc/localtime');
  const name = zone.replace(/^:/, '');
  if (isAbsolute(name)) return readIfThere(name);
  for (const folder of folders) {
    const file = readIfThere(join(folder, name));
    if (file !== undefined) return file;
  }
  return undefined;
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined; // a log line is no reason to complain of a time zone
  }
}

/** The name for an offset in seconds east: as the rule at the file's end has it, else as its last fitting change before `now`. */
function nameIn(file: Buffer, east: number, now: number): string | undefined {
  if (file.toString('latin1', 0, 4) !== 'TZif') return undefined;
  try {
    return nameInRule(file.toString('latin1'), east) ?? nameInTable(file, east, now);
  } catch (error) {
    if (error instanceof RangeError) return undefined; // cut off
    throw error;
  }
}

/** `CET-1CEST,M3.5.0,M10.5.0/3` between the last two line ends (RFC 8536, 3.3; POSIX, TZ). West is positive there. */
function nameInRule(text: string, east: number): string | undefined {
  const rule = /\n([^\n]*)\n$/.exec(text)?.[1] ?? '';
  const parts = /^(<[^>]+>|[A-Za-z]+)([-+\d:]+)(?:(<[^>]+>|[A-Za-z]+)([-+\d:]*))?/.exec(rule);
  const [, standard = '', offset = '', summer = '', summerOffset = ''] = parts ?? [];
  if (standard !== '' && seconds(offset) === -east) return bare(standard);
  const inSummer = summerOffset === '' ? seconds(offset) - 3600 : seconds(summerOffset);
  return summer !== '' && inSummer === -east ? bare(summer) : undefined;
}

function seconds(text: string): number {
  const [hours = 0, minutes = 0, rest = 0] = text.replace(/^[-+]/, '').split(':').map(Number);
  return (text.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60 + rest) || 0;
}

function bare(name: string): string {
  return name.replace(/[<>]/g, '');
}

/** The block with 64-bit times, behind the one with 32-bit times (RFC 8536, 3.1, 3.2). */
function nameInTable(file: Buffer, east: number, now: number): string | undefined {
  const old = sizes(file, 0);
  const at = file[4] === 0 ? 0 : 44 + old.times * 5 + old.types * 6 + old.names + old.leaps * 8 + old.flags;
  const { times, types, names } = at === 0 ? old : sizes(file, at);
  const width = at === 0 ? 4 : 8;
  const indices = at + 44 + times * width;
  const typeNamed = (index: number): string | undefined => {
    const type = indices + times + index * 6;
    if (index >= types || file.readInt32BE(type) !== east) return undefined;
    const start = indices + times + types * 6 + file.readUInt8(type + 5);
    const text = file.toString('latin1', start, indices + times + types * 6 + names);
    return text.slice(0, text.indexOf('\0'));
  };
  for (let index = times - 1; index >= 0; index--) {
    const place = at + 44 + index * width;
    const since = width === 8 ? Number(file.readBigInt64BE(place)) : file.readInt32BE(place);
    const name = since > now ? undefined : typeNamed(file.readUInt8(indices + index));
    if (name !== undefined) return name;
  }
  return typeNamed(0);
}

function sizes(file: Buffer, at: number): Record<'flags' | 'leaps' | 'times' | 'types' | 'names', number> {
  const count = (index: number): number => file.readUInt32BE(at + 20 + index * 4);
  return { flags: count(0) + count(1), leaps: count(2), times: count(3), types: count(4), names: count(5) };
}

function numeric(east: number): string {
  const minutes = Math.abs(east) / 60;
  const two = (count: number): string => String(count).padStart(2, '0');
  return `${east < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${minutes % 60 === 0 ? '' : two(minutes % 60)}`;
}
