// What the loader derives from the processor: which glibc-hwcaps/ and legacy subfolders of a folder it looks into first,
// and what $PLATFORM is. Only the file's text comes in, so another processor can be tried in a test.
import { EM } from '../elf/constants.js';

export interface Hardware {
  /** Usable subfolders of glibc-hwcaps/, best first. */
  readonly levels: readonly string[];
  /** $PLATFORM (AT_PLATFORM, or what glibc puts in its place on x86-64); undefined where it is not known. */
  readonly platform: string | undefined;
  /** AT_HWCAP names that were subfolders up to glibc 2.36, lowest bit first. */
  readonly legacyNames: readonly string[];
}

/** glibc, sysdeps/x86_64/dl-hwcaps_subdirs.c: what each level asks for beyond the one before, as /proc/cpuinfo names it. */
const x86Levels: readonly (readonly [level: string, flags: readonly string[]])[] = [
  ['x86-64-v2', ['cx16', 'lahf_lm', 'popcnt', 'pni', 'sse4_1', 'sse4_2', 'ssse3']],
  ['x86-64-v3', ['avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'abm', 'movbe']],
  ['x86-64-v4', ['avx512f', 'avx512bw', 'avx512cd', 'avx512dq', 'avx512vl']],
];
/** glibc, sysdeps/x86/cpu-features.c: on Intel's processors these make $PLATFORM "haswell". */
const haswell = ['avx2', 'bmi1', 'bmi2', 'abm', 'movbe', 'popcnt', 'fma'];
const xeonPhi = ['avx512cd', 'avx512er', 'avx512pf'];

/**
 * @param cpuinfo the text of /proc/cpuinfo; the empty text where there is none: no subfolder is then looked into
 * @param machine EM_*
 */
export function readHardware(cpuinfo: string, machine: number): Hardware {
  const flags = new Set(fieldOf(cpuinfo, machine === EM.X86_64 ? 'flags' : 'Features').split(/\s+/));
  const all = (wanted: readonly string[]) => wanted.every((flag) => flags.has(flag));
  if (machine === EM.AARCH64) {
    return { levels: [], platform: 'aarch64', legacyNames: flags.has('atomics') ? ['atomics'] : [] };
  }
  if (machine !== EM.X86_64) return { levels: [], platform: undefined, legacyNames: [] };

  const missing = x86Levels.findIndex(([, wanted]) => !all(wanted));
  const usable = missing === -1 ? x86Levels : x86Levels.slice(0, missing);
  const levels = usable.map(([level]) => level).reverse();
  if (fieldOf(cpuinfo, 'vendor_id') !== 'GenuineIntel') return { levels, platform: 'x86_64', legacyNames: ['x86_64'] };
  const avx512 = all(['avx512cd', 'avx512bw', 'avx512dq', 'avx512vl']) && !flags.has('avx512er');
  return {
    levels,
    platform: all(xeonPhi) ? 'xeon_phi' : all(haswell) ? 'haswell' : 'x86_64',
    legacyNames: avx512 ? ['x86_64', 'avx512_1'] : ['x86_64'],
  };
}

/**
 * The subfolders in which glibc looks for a library before it looks into the folder itself, which is the last: ''.
 * Each but that ends with a slash. Source: _dl_important_hwcaps (elf/dl-hwcaps.c): glibc-hwcaps/, then all combinations of
 * the legacy names.
 * @param legacy does this loader still know tls/ and its like (before 2.37)?
 */
export function searchedSubfolders(hardware: Hardware, { glibcHwcaps, legacy }: SubfolderRules): string[] {
  const named = glibcHwcaps ? hardware.levels.map((level) => `glibc-hwcaps/${level}/`) : [];
  if (!legacy) return [...named, ''];
  const { platform, legacyNames } = hardware;
  const words = [...legacyNames, ...(platform === undefined ? [] : [platform]), 'tls'];
  const combinations = Array.from({ length: 2 ** words.length }, (_, index) => 2 ** words.length - 1 - index);
  const folderOf = (set: number) =>
    words
      .filter((_, bit) => (set & (1 << bit)) !== 0)
      .reverse()
      .map((word) => `${word}/`)
      .join('');
  return [...named, ...new Set(combinations.map(folderOf))];
}

export interface SubfolderRules {
  readonly glibcHwcaps: boolean;
  readonly legacy: boolean;
}

function fieldOf(cpuinfo: string, name: string): string {
  return new RegExp(`^${name}[\\t ]*:[\\t ]*(.*)$`, 'm').exec(cpuinfo)?.[1]?.trim() ?? '';
}
