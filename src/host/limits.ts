// How many files a process may open, by /proc/<pid>/limits (proc(5)), which everybody may read. Node raises its own soft limit
// to the hard one when it starts, and what it starts inherits that: so of ourselves nothing can be learnt, but of our parent.
import { readFileSync } from 'node:fs';

import { hasCode } from '../errors/cvtool-error.js';

export interface FileLimits {
  readonly soft: number;
  readonly hard: number;
}

/** @returns undefined where the process is gone, or there is no such file */
export function openFileLimits(pid: number): FileLimits | undefined {
  try {
    return parseLimits(readFileSync(`/proc/${pid}/limits`, 'utf8'));
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return undefined;
    throw error;
  }
}

function parseLimits(text: string): FileLimits | undefined {
  const [, soft, hard] = /^Max open files +(\S+) +(\S+)/m.exec(text) ?? [];
  return soft === undefined || hard === undefined ? undefined : { soft: limit(soft), hard: limit(hard) };
}

function limit(text: string): number {
  return text === 'unlimited' || text === 'infinity' ? Infinity : Number(text);
}

/** LimitNOFILE= of a unit: `65535`, `1024:65535`, `infinity`. @returns undefined for what is none */
export function parseLimitSetting(text: string): FileLimits | undefined {
  const [soft = '', hard = soft] = text.split(':').map((part) => part.trim());
  const limits = { soft: limit(soft), hard: limit(hard) };
  return Number.isNaN(limits.soft) || Number.isNaN(limits.hard) ? undefined : limits;
}
