// `cvtool pack`: what is staged as one archive, the same bytes each time.
import { readEnvironment } from '../config/environment.js';
import { homeAndDaemon, recipeName } from '../config/staging.js';
import { homePaths } from '../home/paths.js';
import type { ArchiveFormat } from '../release/archive-bytes.js';
import { readSigningKey } from '../release/minisign.js';
import { pack } from '../release/pack.js';
import { errorData, reportError } from '../report/error-text.js';
import { onInterrupt } from '../report/interrupt.js';
import { archiveData, archiveLines } from '../report/release.js';
import { outliveReaders, print } from '../report/terminal.js';
import { parseAbsolutePath, resolvePath } from '../values/absolute-path.js';
import { subjectOf } from '../verify/staged-subjects.js';

export interface PackOptions {
  readonly out?: string;
  readonly format: ArchiveFormat;
  readonly signKey?: string;
  readonly force?: boolean;
  readonly home?: string;
  readonly name?: string;
  readonly recipe?: string;
  readonly json?: boolean;
  readonly debug?: boolean;
}

/** @param word genesis, current, an upgrade's name, a path @returns the exit status */
export async function packCommand(word: string, options: PackOptions): Promise<number> {
  outliveReaders();
  const signal = onInterrupt({ quiet: false });
  try {
    const environment = readEnvironment();
    const here = parseAbsolutePath(process.cwd());
    const load = async () =>
      (await (await import('./load-recipe.js')).loadRecipeHere(recipeName(options.recipe, environment))).recipe;
    const { home, daemon } = await homeAndDaemon(load, options, environment, here);
    const { name, folder } = subjectOf(homePaths(home, daemon), word, (path) => resolvePath(path, here));
    const signingKey = options.signKey === undefined ? undefined : readSigningKey(resolvePath(options.signKey, here));
    const out = resolvePath(options.out ?? '.', here);
    const { format, force = false } = options;
    const archive = await pack({ folder, name, out, format, signingKey, force, signal });
    print(...(options.json === true ? [JSON.stringify(archiveData(archive))] : archiveLines(archive)));
    return 0;
  } catch (error) {
    if (options.json === true) print(JSON.stringify(errorData(error)));
    return reportError(error, { debug: options.debug === true });
  }
}
