// On which mount a path lies, by /proc/self/mountinfo (proc(5)).
import { readFileSync, realpathSync } from 'node:fs';

import { hasCode } from '../errors/cvtool-error.js';
import { nearestExisting } from './folders.js';

export interface Mount {
  readonly point: string;
  /** `ext4`, `btrfs`, `overlay`, … */
  readonly type: string;
  readonly readOnly: boolean;
}

/** @returns undefined where the system has no such list */
export function mountOf(path: string, table = readMounts()): Mount | undefined {
  const real = realpathSync(nearestExisting(path));
  const over = parseMounts(table).filter(
    ({ point }) => point === '/' || real === point || real.startsWith(`${point}/`),
  );
  return over.reduce<Mount | undefined>(
    (best, each) => (best && best.point.length > each.point.length ? best : each),
    undefined,
  );
}

function parseMounts(table: string): Mount[] {
  return table.split('\n').flatMap((line) => {
    const [left, right] = line.split(' - ', 2);
    const [, , , , point, options = ''] = left?.split(' ') ?? [];
    const type = right?.split(' ')[0];
    if (point === undefined || type === undefined) return [];
    const unescaped = point.replace(/\\([0-7]{3})/g, (_, code: string) => String.fromCharCode(parseInt(code, 8)));
    return [{ point: unescaped, type, readOnly: options.split(',').includes('ro') }];
  });
}

function readMounts(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'EACCES')) return '';
    throw error;
  }
}
