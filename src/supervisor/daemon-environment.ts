// The daemon's environment: ours, whole. One thing is added, and only where it is needed: LD_LIBRARY_PATH, where libraries are
// staged beside a binary that does not look there by itself.
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { openByteSource } from '../elf/bytes.js';
import { isElf, readElf } from '../elf/elf-file.js';
import { hasCode } from '../errors/cvtool-error.js';

export function daemonEnvironment(binary: string, folder: string, environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const libraries = join(folder, 'lib');
  if (!existsSync(libraries) || looksBeside(binary)) return environment;
  const before = environment.LD_LIBRARY_PATH;
  return {
    ...environment,
    LD_LIBRARY_PATH: before === undefined || before === '' ? libraries : `${libraries}:${before}`,
  };
}

/** Does the binary's own RUNPATH lead to the library folder beside it? What cannot be read does not. */
function looksBeside(binary: string): boolean {
  try {
    const source = openByteSource(binary);
    try {
      if (!isElf(source)) return false;
      const { dynamic } = readElf(source);
      return (dynamic?.runpath ?? dynamic?.rpath ?? '').split(':').includes('$ORIGIN/../lib');
    } finally {
      source.close();
    }
  } catch (error) {
    if (hasCode(error, 'ELF_INVALID', 'ENOENT', 'EACCES')) return false; // checkBinary says what is wrong with it
    throw error;
  }
}
