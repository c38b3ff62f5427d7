// L4: what the binary says of itself, asked with a scratch HOME and an empty environment.
import { CvtoolError } from '../errors/cvtool-error.js';
import { describeStrangeEnd, runStrange } from '../host/run-strange.js';
import { printable } from '../values/printable.js';
import type { Finding } from './finding.js';

export interface ExpectedVersion {
  readonly version: string;
  readonly commit: string;
  /** The names of the lines that tell them. */
  readonly fields: { readonly version: string; readonly commit?: string | undefined };
}

/**
 * Runs `binary version --long` (or what the recipe says) and reads its `name: value` lines, from stdout or stderr.
 * @param timeLimit in milliseconds
 * @throws VERIFY_FAILED where it does not end by itself with exit status 0
 */
export async function askVersion(
  binary: string,
  args: readonly string[],
  { timeLimit, signal }: { readonly timeLimit: number; readonly signal: AbortSignal },
): Promise<Record<string, string>> {
  const end = await runStrange(binary, args, { timeLimit, signal });
  signal.throwIfAborted();
  if (end.kind !== 'exited' || end.status !== 0) {
    throw new CvtoolError('VERIFY_FAILED', `${binary} ${args.join(' ')} ${describeStrangeEnd(end)}`, {
      details: end.stderr.trim().split('\n').slice(-10).map(printable),
      hint: 'What does not even tell its version does not start as a node either.',
      cause: end.cause,
    });
  }
  const lines = `${end.stdout}\n${end.stderr}`.split('\n');
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, name, value] = /^([\w-]+): *(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, printable(value.replace(/^"(.*)"$/, '$1'))]];
    }),
  );
}

/** Does the binary say the version and the commit that were asked for? */
export function judgeVersion(said: Readonly<Record<string, string>>, expected: ExpectedVersion): Finding[] {
  const { fields } = expected;
  const commit = fields.commit === undefined ? [] : [judge('commit', said[fields.commit], expected.commit)];
  return [judge('version', said[fields.version], expected.version), ...commit];
}

function judge(what: string, found: string | undefined, wanted: string): Finding {
  if (found === wanted) return { level: 'L4', status: 'pass', text: `${what} ${found}` };
  const says = found === undefined ? `says no ${what}` : `says ${what} ${found}`;
  return {
    level: 'L4',
    status: 'fail',
    text: `the binary ${says}, and ${wanted} was asked for`,
    hint: 'The build left an old or another binary in its place: the source, or its Makefile, is not what the recipe expects.',
  };
}
