// Which paths mean something on one host only: what is found there is not found where the binary is going.

/** Each with what an operator calls it; the first that fits is named. */
const localPlaces: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\/pkg\/mod(?:\/|$)/, 'a Go module cache'],
  [/\/go-build[^/]*(?:\/|$)/, "Go's build cache"],
  [/\/\.cache(?:\/|$)|^\/var\/cache(?:\/|$)/, 'a cache folder'],
  [
    /^\/(?:var\/)?tmp(?:\/|$)|^\/dev\/shm(?:\/|$)|^\/run(?:\/|$)|^\/var\/folders(?:\/|$)/,
    'a folder for temporary files',
  ],
  [/^\/home(?:\/|$)|^\/root(?:\/|$)|^\/Users(?:\/|$)|^\/var\/home(?:\/|$)/, "somebody's home"],
];
const buildFolder = /\/(?:build|target|dist|_build|worktree|worktrees)(?:\/|$)/;
const system = /^\/(?:usr|lib|lib32|lib64|libx32|bin|sbin|opt|nix\/store|gnu\/store)(?:\/|$)/;

/**
 * @param path absolute
 * @returns what kind of place it is, "somebody's home"; undefined where nothing speaks against it
 */
export function localPlace(path: string): string | undefined {
  const known = localPlaces.find(([pattern]) => pattern.test(path))?.[1];
  if (known !== undefined) return known;
  return buildFolder.test(path) && !system.test(path) ? 'a build folder' : undefined;
}

/** Does every host of a distribution have this folder? */
export function isSystemPlace(path: string): boolean {
  return system.test(path) && localPlace(path) === undefined;
}
