// What a test needs beyond node, git, make and a C compiler. Where it is missing the test is left out by name, with what it
// lacks (test/run.mjs lists those at its end); with CI=true nothing may be left out, so there the test fails instead.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

import { test, type TestOptions } from 'vitest';

export interface Needs {
  /** A Go command of 1.21 or later, which can fetch others. */
  readonly go?: boolean;
  /** The Go module proxy. */
  readonly network?: boolean;
  readonly strace?: boolean;
  /** Runs as root: mounts, namespaces. */
  readonly root?: boolean;
  /** A minute or more: only in CI, or with CVTOOL_SLOW=1. */
  readonly slow?: boolean;
  readonly python3?: boolean;
  /** A file system that can clone, made in a file: mkfs.xfs. */
  readonly xfs?: boolean;
  /** musl's loader, to be asked beside ours. */
  readonly musl?: boolean;
  /** GNU tar, gzip, bzip2, xz, zstd and Info-ZIP's zip. */
  readonly archivers?: boolean;
}

/** Where Debian's package musl puts it. */
export const muslLoader = process.env.CVTOOL_MUSL_LOADER ?? '/lib/ld-musl-x86_64.so.1';

/** One probe a need, asked once: undefined where it is met, else what is lacking. */
const probes: Record<keyof Needs, () => string | undefined> = {
  go: () => {
    const [, major, minor] = /go(\d+)\.(\d+)/.exec(run('go', ['version']) ?? '') ?? [];
    return Number(major) * 1000 + Number(minor) >= 1021 ? undefined : 'Go 1.21 or later';
  },
  network: () =>
    run('go', ['list', '-m', 'rsc.io/quote@v1.5.2'], { GOFLAGS: '-mod=mod' }) === undefined
      ? 'an answer from the Go module proxy'
      : undefined,
  strace: () =>
    run('strace', ['-qq', '-o', '/dev/null', 'true']) === undefined ? 'strace, allowed to trace' : undefined,
  root: () =>
    process.getuid?.() === 0 && run('unshare', ['-m', 'true']) !== undefined ? undefined : 'root, allowed to mount',
  slow: () => (inCi || process.env.CVTOOL_SLOW === '1' ? undefined : 'patience (CVTOOL_SLOW=1 runs it)'),
  xfs: () => (run('mkfs.xfs', ['-V']) === undefined ? 'mkfs.xfs' : undefined),
  musl: () => (existsSync(muslLoader) ? undefined : 'musl (CVTOOL_MUSL_LOADER names its loader)'),
  archivers: () => ['tar', 'gzip', 'bzip2', 'xz', 'zstd', 'zip'].find((name) => run(name, ['--version']) === undefined),
  python3: () => (run('python3', ['--version']) === undefined ? 'python3' : undefined),
};
const answers = new Map<keyof Needs, string | undefined>();
const inCi = process.env.CI === 'true';

/** `needs({ go: true })('name', fn)`: a vitest test that runs where all of it is there. */
export function needs(wanted: Needs): (name: string, fn: () => unknown, options?: TestOptions | number) => void {
  const lacking = (Object.keys(probes) as (keyof Needs)[])
    .filter((need) => wanted[need] === true)
    .map(answerOf)
    .filter((answer) => answer !== undefined);
  return (name, fn, options) => {
    const limit = typeof options === 'number' ? { timeout: options } : (options ?? {});
    if (lacking.length === 0) {
      test(name, limit, async () => {
        await fn();
      });
    } else if (inCi) {
      test(name, () => {
        throw new Error(`CI may leave no test out, and here is no ${lacking.join(', no ')}`);
      });
    } else {
      test.skip(`${name} [lacks ${lacking.join('; ')}]`, () => undefined);
    }
  };
}

function answerOf(need: keyof Needs): string | undefined {
  if (!answers.has(need)) answers.set(need, probes[need]());
  return answers.get(need);
}

/** @returns what the command printed, undefined where it is missing, fails or does not end within 20 s */
function run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): string | undefined {
  const { status, stdout } = spawnSync(command, args, {
    encoding: 'utf8',
    cwd: '/',
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 20_000,
  });
  return status === 0 ? stdout : undefined;
}
