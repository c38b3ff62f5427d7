// A small program around the sources, for what only another process can show: locks, kills, signals, an exit.
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { buildSync } from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * @param source TypeScript; it imports from `./src/…`, may await at its top, and ends where its event loop is empty
 * @returns the path of what `node` runs
 */
export function writeProgram(folder: string, name: string, source: string): string {
  const outfile = join(folder, `${name}.mjs`);
  buildSync({
    stdin: { contents: source, resolveDir: root, loader: 'ts' },
    banner: {
      js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);", // for CommonJS packages
    },
    ...{ outfile, bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'error' },
  });
  return outfile;
}

export interface RunningProgram {
  readonly child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly pid: number;
  /** The next line of its stdout. @throws where it ends without one */
  readonly nextLine: () => Promise<string>;
  /** Its exit status or signal, once it has ended. */
  readonly end: Promise<number | NodeJS.Signals>;
}

/** What still runs when the tests are done is the test's to kill. */
export function startProgram(file: string, args: readonly string[] = [], environment = process.env): RunningProgram {
  const child = spawn(process.execPath, [file, ...args], { stdio: ['pipe', 'pipe', 'pipe'], env: environment });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const end = once(child, 'exit').then(([status, signal]) => (signal ?? status) as number | NodeJS.Signals);
  return {
    child,
    pid: child.pid ?? 0,
    end,
    nextLine: async () => {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`${file} ended without a line: ${String(await end)}\n${errors}`);
      return value;
    },
  };
}
