// L1 and L2 together: the libraries are found, and every symbol binds to one of them. Judged in a clean environment and, where
// the daemon will get an LD_LIBRARY_PATH or LD_PRELOAD, once more in that one.
import { judgeBinding } from './binding-verdict.js';
import type { Finding } from './finding.js';
import type { Resolution } from './library-search.js';
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
  return [...linkage(program, options).findings];
}

export interface Linkage {
  readonly findings: readonly Finding[];
  /** In the clean environment. */
  readonly resolution: Resolution;
}

/**
 * Both judgings. A row that both have is told once; one that only the daemon's environment brings is marked.
 * @throws as judgeLinkage does
 */
export function judgeLinkageTwice(
  program: string,
  options: Omit<LinkageOptions, 'environment'>,
  daemonEnvironment: Readonly<Record<string, string | undefined>>,
): Linkage {
  const clean = linkage(program, { ...options, environment: {} });
  const { LD_LIBRARY_PATH: path = '', LD_PRELOAD: preload = '' } = daemonEnvironment;
  if (path === '' && preload === '') return clean;
  const told = new Set(clean.findings.map(({ text }) => text));
  const second = linkage(program, { ...options, environment: daemonEnvironment }).findings;
  const news = second.filter(({ status, text }) => status !== 'pass' && !told.has(text));
  if (news.length === 0) {
    const text = 'the same in the environment that the daemon will get';
    return { ...clean, findings: [...clean.findings, { level: 'L1', status: 'pass', text, environment: 'daemon' }] };
  }
  return {
    ...clean,
    findings: [...clean.findings, ...news.map((row) => ({ ...row, environment: 'daemon' as const }))],
  };
}

function linkage(program: string, options: LinkageOptions): Linkage {
  const { findings, resolution, stagedFolder } = judgeLibraries(program, options);
  const binding = judgeBinding(resolution, { stagedFolder, targetGlibc: options.targetGlibc });
  return { findings: [...findings, ...binding], resolution };
}
