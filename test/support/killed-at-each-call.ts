// Runs a program again and again, killed (SIGKILL) as it enters its n-th file-changing system call, for every n in turn.
// One libuv thread, since strace counts `when` for each thread; a fresh place for each run; a run that was not killed is an error.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What changes names on disk, in the spellings of several architectures and of several Nodes, and what makes it last. */
const changing = [
  ...['mkdir', 'mkdirat', 'rmdir', 'unlink', 'unlinkat', 'rename', 'renameat', 'renameat2', 'symlink', 'symlinkat'],
  ...['fsync', 'link', 'linkat'],
];

export interface Killed<Place> {
  /** `rename 2`: the call that was not made. */
  readonly at: string;
  readonly place: Place;
}

/**
 * @param makePlace a fresh place, and the arguments with which `program` works on it
 * @param scratch for the traces
 */
export function* killedAtEachCall<Place>(
  program: string,
  makePlace: () => { place: Place; args: readonly string[] },
  scratch: string,
): Generator<Killed<Place>> {
  for (const [call, count] of callsOf(program, makePlace().args, scratch)) {
    for (let n = 1; n <= count; n += 1) {
      const { place, args } = makePlace();
      const inject = ['-e', `trace=${call}`, '-e', `inject=${call}:signal=SIGKILL:when=${n}`];
      const { signal, status, stderr } = runTraced(program, args, [...inject, '-o', '/dev/null']);
      if (signal !== 'SIGKILL' && status !== 137)
        throw new Error(`not killed at ${call} ${n}: ${String(signal ?? status)}\n${stderr}`);
      yield { at: `${call} ${n}`, place };
    }
  }
}

/** How often the program's main thread makes each call when nobody disturbs it. */
function callsOf(program: string, args: readonly string[], scratch: string): Map<string, number> {
  const trace = tracedCalls(program, args, changing, join(scratch, 'calls.trace'));
  const counts = new Map<string, number>();
  for (const { call } of trace) counts.set(call, (counts.get(call) ?? 0) + 1);
  return counts;
}

export interface TracedCall {
  readonly call: string;
  /** The arguments, with the path of each descriptor after its number. */
  readonly args: string;
}

/** Runs `program` to its end. @returns the calls of its main thread, in their order */
export function tracedCalls(
  program: string,
  args: readonly string[],
  calls: readonly string[] = changing,
  file: string,
): TracedCall[] {
  const known = calls.map((call) => `?${call}`).join(','); // strace(1): `?` passes over what this architecture lacks
  const { status, stderr } = runTraced(program, args, ['-y', '-s', '4096', '-e', `trace=${known}`, '-o', file]);
  if (status !== 0) throw new Error(`${program} ended with ${String(status)}\n${stderr}`);
  const lines = readFileSync(file, 'utf8').split('\n');
  const main = /^\d+/.exec(lines[0] ?? '')?.[0] ?? '';
  return lines.flatMap((line): TracedCall[] => {
    const [, pid, call = '', rest = ''] = /^(\d+) +(\w+)\((.*)$/.exec(line) ?? [];
    return pid === main ? [{ call, args: rest }] : [];
  });
}

function runTraced(program: string, args: readonly string[], options: readonly string[]) {
  return spawnSync('strace', ['-f', '-qq', ...options, process.execPath, program, ...args], {
    encoding: 'utf8',
    env: { ...process.env, UV_THREADPOOL_SIZE: '1' },
  });
}
