// What /proc tells of a process (proc(5)); of another user's as much as it shows.
import { readFileSync } from 'node:fs';

import { hasCode } from '../errors/cvtool-error.js';

export interface ProcessFacts {
  readonly pid: number;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly arguments: readonly string[];
  /** undefined: not shown to us. */
  readonly environment: Readonly<Record<string, string>> | undefined;
  readonly uid: number;
}

/** Clock ticks a second in /proc: sysconf(_SC_CLK_TCK), which is 100 on every Linux that Node runs on. */
const ticks = 100;

/** @returns undefined for a process that is gone, or is only a zombie */
export function processFacts(pid: number): ProcessFacts | undefined {
  const stat = read(pid, 'stat');
  const status = read(pid, 'status');
  const boot = /^btime (\d+)/m.exec(readText('/proc/stat') ?? '')?.[1];
  if (stat === undefined || status === undefined || boot === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // the name before it may hold anything
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  const startedAt = (Number(boot) + Number(fields[19]) / ticks) * 1000;
  const environ = read(pid, 'environ');
  return {
    pid,
    startedAt,
    arguments: (read(pid, 'cmdline') ?? '').split('\0').slice(0, -1),
    environment: environ === undefined ? undefined : pairs(environ),
    uid: Number(/^Uid:\s+\d+\s+(\d+)/m.exec(status)?.[1] ?? NaN),
  };
}

function pairs(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split('\0').flatMap((entry) => {
      const at = entry.indexOf('=');
      return at > 0 ? [[entry.slice(0, at), entry.slice(at + 1)]] : [];
    }),
  );
}

function read(pid: number, file: string): string | undefined {
  return readText(`/proc/${pid}/${file}`);
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ESRCH', 'EACCES', 'EPERM')) return undefined;
    throw error;
  }
}
