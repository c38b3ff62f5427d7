// Other processes, as /proc shows them (proc(5)): who lives, who holds a file open, who leads a session.
import { readdirSync, readFileSync, statSync } from 'node:fs';

import { hasCode } from '../errors/cvtool-error.js';

/** The processes but ours that hold `file` open, under whatever name; another user's are not shown. */
export function holdersOf(file: string): readonly number[] {
  const wanted = read(() => statSync(file, { bigint: true }));
  if (wanted === undefined) return [];
  const isIt = (pid: string, fd: string): boolean => {
    const stat = read(() => statSync(`/proc/${pid}/fd/${fd}`, { bigint: true }));
    return stat?.ino === wanted.ino && stat.dev === wanted.dev;
  };
  return (read(() => readdirSync('/proc')) ?? [])
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => (read(() => readdirSync(`/proc/${pid}/fd`)) ?? []).some((fd) => isIt(pid, fd)))
    .map(Number);
}

/** Is the process there, and no zombie? */
export function isAlive(pid: number): boolean {
  const [state] = statOf(pid);
  return state !== undefined && state !== 'Z' && state !== 'X';
}

export function leadsSession(pid: number): boolean {
  return statOf(pid)[3] === String(pid);
}

/** What a pid is reused with is another one: when it began, and in which boot. undefined where it has ended. */
export function birthOf(pid: number): string | undefined {
  const ticks = statOf(pid)[19];
  const boot = read(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))?.trim();
  return ticks === undefined ? undefined : `${ticks} ${boot ?? ''}`;
}

/** The fields of /proc/<pid>/stat after the name: state, ppid, pgrp, session, … */
function statOf(pid: number): string[] {
  const text = read(() => readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? '';
  return text === '' ? [] : text.slice(text.lastIndexOf(')') + 2).split(' ');
}

/** undefined for what has ended meanwhile, or is another user's. */
function read<Value>(look: () => Value): Value | undefined {
  try {
    return look();
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ESRCH', 'EACCES', 'EPERM', 'EINVAL', 'ELOOP', 'ENXIO')) return undefined;
    throw error;
  }
}
