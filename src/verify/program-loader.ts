// Which rules a program's loader (its PT_INTERP) searches by. They are read from the loader's own file, since they differ
// from one distribution to the next: Debian's looks into /lib/x86_64-linux-gnu, Fedora's into /lib64, Nix's into its store.
// glibc compiles its folders in as one run of texts that end with a slash (system_dirs in elf/dl-load.c); what $LIB stands for
// (DL_DST_LIB) is the name that the first of them has.
import { basename } from 'node:path';

import { openByteSource } from '../elf/bytes.js';
import { readElf, type ElfFile } from '../elf/elf-file.js';
import type { SubfolderRules } from './hardware-capabilities.js';

export interface GlibcLoader extends SubfolderRules {
  readonly kind: 'glibc';
  readonly elf: ElfFile;
  /** Searched last, in this order; each ends with a slash. */
  readonly systemFolders: readonly string[];
  /** What $LIB stands for. */
  readonly libFolder: string;
  /** Said where the folders were not found in the file, so that those of upstream's glibc are taken. */
  readonly guess: string | undefined;
}

export interface MuslLoader {
  readonly kind: 'musl';
  readonly elf: ElfFile;
  /** The file that names the folders, in the place of /lib:/usr/local/lib:/usr/lib. */
  readonly pathFile: string;
}

export type ProgramLoader = GlibcLoader | MuslLoader;

/** glibc's and musl's loaders have 0.2 to 0.8 MB. */
const largestLoader = 16 * 1024 * 1024;
const folderRun = /(?:\/[\w.+/-]*\/\0){1,16}/g;

/**
 * @param path of the loader, as PT_INTERP has it
 * @throws ELF_INVALID where it is no ELF file or absurdly large; the system's error where it cannot be read
 */
export function readProgramLoader(path: string): ProgramLoader {
  const source = openByteSource(path);
  try {
    const elf = readElf(source);
    const text = Buffer.from(source.read(0, Math.min(source.size, largestLoader))).toString('latin1');
    const musl = /^ld-musl-(.+)\.so\.1$/.exec(basename(path));
    if (musl !== null) return { kind: 'musl', elf, pathFile: `${pathPrefix(path)}/etc/ld-musl-${musl[1] ?? ''}.path` };
    return { kind: 'glibc', elf, ...glibcRules(text) };
  } finally {
    source.close();
  }
}

function glibcRules(text: string): Omit<GlibcLoader, 'kind' | 'elf'> {
  const systemFolders = systemFoldersIn(text);
  const minor = /release version 2\.(\d+)/.exec(text)?.[1];
  const glibcHwcaps = text.includes('glibc-hwcaps'); // since 2.33
  const subfolders = { glibcHwcaps, legacy: !glibcHwcaps || (minor !== undefined && Number(minor) < 37) };
  const first = (systemFolders[0] ?? '').replace(/^\/|\/$/g, '');
  if (first === '') {
    const guess = 'the loader does not say which folders it searches: those of an unchanged glibc are assumed';
    return { ...subfolders, systemFolders: ['/lib64/', '/usr/lib64/'], libFolder: 'lib64', guess };
  }
  const libFolder = [first, first.slice(first.indexOf('/') + 1), basename(first)].find((name) =>
    text.includes(`${name}\0`),
  );
  return { ...subfolders, systemFolders, libFolder: libFolder ?? basename(first), guess: undefined };
}

/** The longest run whose texts all speak of lib: other texts of the loader that end with a slash stand alone. */
function systemFoldersIn(text: string): string[] {
  const runs = Array.from(text.matchAll(folderRun), ([run]) => run.split('\0').slice(0, -1));
  const ofLibraries = runs.filter((run) => run.every((folder) => /\/lib[\w-]*\//.test(folder)));
  return ofLibraries.reduce<string[]>((longest, run) => (run.length > longest.length ? run : longest), []);
}

/** musl takes what stands before /lib/ld-musl-… in PT_INTERP as the root of etc/ (ldso/dynlink.c, load_library). */
function pathPrefix(interpreter: string): string {
  return /^(.*)\/[^/]*\/[^/]*$/.exec(interpreter)?.[1] ?? '';
}
