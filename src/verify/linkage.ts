// L1 and L2 together: the libraries are found, and every symbol binds to one of them.
import { judgeBinding } from './binding-verdict.js';
import type { Finding } from './finding.js';
import { judgeLibraries, type LibraryOptions } from './library-verdict.js';

export interface LinkageOptions extends LibraryOptions {
  /** A release such as 2.31: judge the glibc floor for a host that has it, in the place of this one. */
  readonly targetGlibc?: string | undefined;
}

/**
 * @param program in the staged folder
 * @returns rows of L1, then of L2; at least one each
 * @throws ELF_INVALID where a file is no usable ELF file; the system's error where the program cannot be read
 */
export function judgeLinkage(program: string, options: LinkageOptions): Finding[] {
  const { findings, resolution, stagedFolder } = judgeLibraries(program, options);
  return [...findings, ...judgeBinding(resolution, { stagedFolder, targetGlibc: options.targetGlibc })];
}
