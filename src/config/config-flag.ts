import { CvtoolError } from '../errors/cvtool-error.js';

/**
 * What `run` takes for itself of its arguments: the first one that is `--cosmovisor-config`, anywhere and in any case, and the
 * one after it (cosmovisor, cmd/run.go: parseCosmovisorConfig). All else is the daemon's, also `-c` and the form with `=`.
 * @throws USAGE where nothing stands after it
 */
export function takeConfigFlag(args: readonly string[]): {
  readonly configFile: string | undefined;
  readonly args: readonly string[];
} {
  const at = args.findIndex((arg) => arg.toLowerCase() === '--cosmovisor-config');
  if (at === -1) return { configFile: undefined, args };
  const path = args[at + 1];
  if (path === undefined) {
    throw new CvtoolError('USAGE', 'failed to parse cosmovisor config: --cosmovisor-config requires an argument', {
      hint: 'Give the path of a config.toml after it, or leave it out.',
    });
  }
  return { configFile: path === '' ? undefined : path, args: [...args.slice(0, at), ...args.slice(at + 2)] };
}
