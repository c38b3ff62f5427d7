import type { CacheSizes, Pruned } from '../stage/cache.js';

const mebibyte = 1024 * 1024;

/** The parts of the cache with their sizes. */
export function cacheLines(root: string, sizes: CacheSizes): readonly string[] {
  const parts: [string, number][] = Object.entries({ ...sizes });
  const rows = parts.map(([name, bytes]) => `  ${name.padEnd(11)}${sizeText(bytes).padStart(10)}`);
  const total = parts.reduce((sum, [, bytes]) => sum + bytes, 0);
  return [root, ...rows, `  ${'total'.padEnd(11)}${sizeText(total).padStart(10)}`];
}

/** What a prune did. */
export function pruneLines(root: string, { freed, inUse }: Pruned): readonly string[] {
  return [
    `${sizeText(freed)} freed in ${root}.`,
    ...inUse.map((path) => `In use by a running cvtool, so it and what it builds from was left: ${path}`),
  ];
}

function sizeText(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(1)} MiB`;
}
