// How far a Go build is: `go list -deps` knows the packages, `go build -v` names each one that it compiles.
import { execa } from 'execa';

/** Tells of each line of a build's output how far the build is. */
export interface PackageCount {
  /** @returns `312 of 838 packages compiled`, where the line is the name of a package; undefined for any other line */
  see(line: string): string | undefined;
  readonly compiled: number;
}

/**
 * Starts to ask how many packages there are; the answer comes while the build runs, and until then only what was compiled is told.
 * @param packages patterns as `go list` takes them; with none, nothing is counted against a total
 */
export function countPackages(
  packages: readonly string[],
  tags: readonly string[],
  {
    folder,
    environment,
    signal,
  }: { folder: string; environment: Readonly<Record<string, string>>; signal: AbortSignal },
): PackageCount {
  let total: number | undefined;
  let compiled = 0;
  if (packages.length > 0) {
    const tagArguments = tags.length === 0 ? [] : ['-tags', tags.join(',')];
    void execa('go', ['list', '-deps', ...tagArguments, '--', ...packages], {
      cwd: folder,
      env: environment,
      extendEnv: false,
      cancelSignal: signal,
      reject: false,
      stdin: 'ignore',
    }).then(({ stdout, failed }) => {
      if (!failed) total = stdout.split('\n').length; // it is only for show: where it fails, the build says why
    });
  }
  return {
    see: (line) => {
      if (!isPackage(line)) return undefined;
      compiled += 1;
      return `${compiled}${total === undefined ? '' : ` of ${Math.max(total, compiled)}`} packages compiled: ${line}`;
    },
    get compiled() {
      return compiled;
    },
  };
}

/** An import path alone on a line, as `go build -v` prints it. */
function isPackage(line: string): boolean {
  return /^[A-Za-z0-9][\w.~-]*(?:\/[\w.~!+-]+)*$/.test(line);
}
