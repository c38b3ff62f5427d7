// Runs a program under strace, again and again, with one of its calls on files of a home disturbed: killed at its entry, or made
// to fail. One libuv thread and the main thread's calls alone, since strace counts `when` for each thread.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface CallPoint {
  readonly call: string;
  /** It is the program's n-th of that name. */
  readonly when: number;
  /** Its arguments, with the path of each descriptor. */
  readonly args: string;
}

/** @returns the calls on paths below `folder` that an undisturbed run makes, each (call, path) once */
export function callPoints(
  program: string,
  args: readonly string[],
  calls: readonly string[],
  { folder, scratch }: { folder: string; scratch: string },
): CallPoint[] {
  const file = join(scratch, 'points.trace');
  const wanted = calls.map((call) => `?${call}`).join(','); // strace(1): `?` passes over what this architecture lacks
  const { status, stderr } = traced(program, args, ['-y', '-s', '4096', '-e', `trace=${wanted}`, '-o', file]);
  if (status !== 0) throw new Error(`${program} ended with ${String(status)}\n${stderr}`);
  const lines = readFileSync(file, 'utf8').split('\n');
  const main = /^\d+/.exec(lines[0] ?? '')?.[0] ?? '';
  const counts = new Map<string, number>();
  const seen = new Set<string>();
  return lines.flatMap((line): CallPoint[] => {
    const [, pid, call = '', rest = ''] = /^(\d+) +(\w+)\((.*)$/.exec(line) ?? [];
    if (pid !== main) return [];
    const when = (counts.get(call) ?? 0) + 1;
    counts.set(call, when);
    const place = `${call} ${pathsIn(rest).join(' ')}`;
    if (!rest.includes(folder) || (call !== 'fsync' && seen.has(place))) return []; // one folder is synced at several steps
    seen.add(place);
    return [{ call, when, args: rest }];
  });
}

/** @param what `signal=SIGKILL` or `error=EIO` */
export function disturbed(program: string, args: readonly string[], { call, when }: CallPoint, what: string) {
  const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:${what}:when=${when}`];
  return traced(program, args, [...inject, '-o', '/dev/null']);
}

function traced(program: string, args: readonly string[], options: readonly string[]) {
  return spawnSync('strace', ['-f', '-qq', ...options, process.execPath, program, ...args], {
    encoding: 'utf8',
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
  });
}

/** Quoted texts and the paths of descriptors. */
function pathsIn(args: string): string[] {
  return [...args.matchAll(/"((?:[^"\\]|\\.)*)"|<([^>]*)>/g)].map(([, text, path]) => text ?? path ?? '');
}
