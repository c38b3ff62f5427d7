// L2, the last word: the loader's own. The program is started once, with every symbol bound at once (LD_BIND_NOW, ld.so(8)), to
// tell its version; what it says is what L4 judges. Only a program is started whose bytes somebody vouched for.
import { describeStrangeEnd, runStrange } from '../host/run-strange.js';
import { printable, printableLines } from '../values/printable.js';
import type { Finding } from './finding.js';

export interface StartVerdict {
  readonly finding: Finding;
  /** Its `name: value` lines; undefined where it did not end well. */
  readonly said: Readonly<Record<string, string>> | undefined;
}

const mostLines = 3;

/**
 * @param args such as version --long
 * @param timeLimit in milliseconds
 * @throws the signal's reason
 */
export async function startOnce(
  binary: string,
  args: readonly string[],
  { timeLimit, signal }: { readonly timeLimit: number; readonly signal?: AbortSignal | undefined },
): Promise<StartVerdict> {
  const limits = signal === undefined ? { timeLimit } : { timeLimit, signal };
  const end = await runStrange(binary, args, { environment: { LD_BIND_NOW: '1' }, ...limits });
  signal?.throwIfAborted();
  const command = `LD_BIND_NOW=1 ${binary} ${args.join(' ')}`;
  if (end.kind === 'exited' && end.status === 0) {
    const finding: Finding = {
      level: 'L2',
      status: 'pass',
      text: `it starts: ${args.join(' ')} with every symbol bound`,
    };
    return { finding, said: namedValues(`${end.stdout}\n${end.stderr}`) };
  }
  const words = printableLines(end.stderr.trim() === '' ? end.stdout : end.stderr).filter((line) => line.trim() !== '');
  const text = [`\`${command}\` ${describeStrangeEnd(end)}`, ...words.slice(-mostLines)].join(': ');
  const hint = 'What does not even tell its version does not start as a node either.';
  return { finding: { level: 'L2', status: 'fail', text, hint }, said: undefined };
}

/** The lines `name: value` of an answer, the value without its quotes. */
function namedValues(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split('\n').flatMap((line) => {
      const [, name, value] = /^([\w-]+): *(.*)$/.exec(line) ?? [];
      return name === undefined || value === undefined ? [] : [[name, printable(value.replace(/^"(.*)"$/, '$1'))]];
    }),
  );
}
