// Runs a real tool and answers with what it printed; a failure shows all that it said.
import { spawnSync } from 'node:child_process';

/** @param environment added to the process's own, which is put into the C locale */
export function runTool(
  command: string,
  args: readonly string[],
  { cwd = '/', environment = {} }: { cwd?: string; environment?: NodeJS.ProcessEnv } = {},
): string {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    env: { ...process.env, LC_ALL: 'C', ...environment },
  });
  if (status === 0) return stdout;
  const end = error?.message ?? signal ?? `status ${status ?? '?'}`;
  throw new Error(`${command} ${args.join(' ')}: ${end}\n${stdout}\n${stderr}`);
}
