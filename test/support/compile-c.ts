// Small ELF files, made on the spot by the machine's own compiler.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { runTool } from './run-tool.js';

/**
 * @param output file name below `folder`; its folder exists
 * @param flags such as -shared, -Wl,-rpath,…; libraries come last
 * @returns the path of what was made
 */
export function compileC(folder: string, output: string, source: string, flags: readonly string[] = []): string {
  const path = join(folder, output);
  writeFileSync(`${path}.c`, source);
  runTool('gcc', ['-o', path, `${path}.c`, ...flags], { cwd: folder });
  return path;
}
