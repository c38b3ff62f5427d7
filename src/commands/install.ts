// `cvtool install`: an archive or a binary from an address or a file, vouched for, verified, and staged.
import { existsSync, readFileSync } from 'node:fs';

import { readEnvironment, wholeEnvironment, type Environment } from '../config/environment.js';
import { homeAndDaemon, recipeName, secondsFrom } from '../config/staging.js';
import { catalogue } from '../errors/catalogue.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { homePaths, type StagingTarget } from '../home/paths.js';
import { parseChecksum } from '../install/checksum.js';
import { isAddress, parseSource, sourceOfFile, type Source } from '../install/source.js';
import type { BringIn } from '../prepare/arriving.js';
import { bringIn } from '../prepare/bring-in.js';
import type { LoadedRecipe } from '../recipe/load.js';
import { errorData, reportError } from '../report/error-text.js';
import { installedData, installedLines } from '../report/installed.js';
import { onInterrupt } from '../report/interrupt.js';
import { runPipeline } from '../report/run-pipeline.js';
import { chooseStyle, hasLostOutput, outliveReaders, print, printError } from '../report/terminal.js';
import { checkBinary } from '../supervisor/check-binary.js';
import { parseAbsolutePath, resolvePath, type AbsolutePath } from '../values/absolute-path.js';
import { goDurationMilliseconds, parseGoDuration } from '../values/go-duration.js';
import { parsePlanName } from '../values/plan-name.js';
import { printable } from '../values/printable.js';
import { parsePublicKey } from '../values/public-key.js';

export interface InstallOptions {
  /** False with --no-checksum. */
  readonly checksum?: string | false;
  readonly as?: string;
  readonly requireSignature?: boolean;
  readonly publicKey?: readonly string[];
  readonly timeout: string;
  readonly force?: boolean;
  /** False with --no-exec. */
  readonly exec: boolean;
  readonly home?: string;
  readonly name?: string;
  readonly recipe?: string;
  readonly json?: boolean;
  readonly debug?: boolean;
}

/** @param word an address, or the path of a file @returns the exit status */
export async function installCommand(word: string, options: InstallOptions): Promise<number> {
  outliveReaders();
  const environment = readEnvironment();
  const style = chooseStyle(environment, { json: options.json === true, verbose: false });
  const signal = onInterrupt({ quiet: style === 'live', left: 'nothing was installed' });
  try {
    const started = performance.now();
    const warnings: string[] = [];
    const request = await readRequest(word, options, environment, (text) => warnings.push(text));
    const done = await bringIn(request, (pipeline, start) =>
      runPipeline(pipeline, start, { style, verbose: false, signal }),
    );
    const seconds = (performance.now() - started) / 1000;
    printError(...warnings.map((text) => `Warning: ${printable(text)}`));
    if (options.json === true) print(JSON.stringify(installedData(done, warnings, seconds)));
    else print(...installedLines(done, seconds));
    return hasLostOutput() ? catalogue.NO_SPACE.exit : 0;
  } catch (error) {
    const reason = signal.aborted && signal.reason instanceof CvtoolError ? signal.reason : error;
    if (options.json === true) print(JSON.stringify(errorData(reason)));
    return reportError(reason, { debug: options.debug === true });
  }
}

/** @throws what the arguments, the variables and the recipe have wrong */
async function readRequest(
  word: string,
  options: InstallOptions,
  environment: Environment,
  warn: (text: string) => void,
): Promise<BringIn> {
  const here = parseAbsolutePath(process.cwd());
  const name = recipeName(options.recipe, environment);
  let loaded: Promise<LoadedRecipe> | undefined;
  const load = async (): Promise<LoadedRecipe['recipe']> => {
    loaded ??= import('./load-recipe.js').then(({ loadRecipeHere }) => loadRecipeHere(name)); // a module that reads YAML
    return (await loaded).recipe;
  };
  const { home, daemon } = await homeAndDaemon(load, options, environment, here);
  const isAsked = (options.recipe ?? environment.CVTOOL_RECIPE) !== undefined;
  const recipe = load().then((found) => (isAsked || found.daemon === daemon ? found : undefined));
  recipe.catch(() => undefined); // whoever awaits it is told
  const source = sourceFrom(word, here);
  const recase = environment.COSMOVISOR_DISABLE_RECASE?.toLowerCase() !== 'true';
  const given = options.checksum === undefined || options.checksum === false ? undefined : options.checksum;
  const checksum = given === undefined ? source.checksum : parseChecksum(given, '--checksum');
  const ofRecipe = checksum === undefined || options.requireSignature === true ? await recipe : undefined;
  return {
    home: homePaths(home, daemon),
    source,
    target: options.as === undefined ? undefined : targetFrom(options.as, recase),
    checksum,
    keys: [...(options.publicKey ?? []), ...(ofRecipe?.signingKeys ?? [])].map((text) => keyFrom(text, here)),
    signature: options.requireSignature === true ? 'always' : 'instead',
    acceptUnvouched: options.checksum === false,
    force: options.force === true,
    execute: options.exec,
    environment,
    recase,
    recipe,
    timeLimit: timeLimitFrom(options.timeout),
    stallLimit: secondsFrom(environment, 'CVTOOL_STALL_SECONDS'),
    checkStart: (binary, folder) => {
      checkBinary({ binary, folder, environment: wholeEnvironment() });
      return false; // who will run it is not known
    },
    warn,
  };
}

function sourceFrom(word: string, here: AbsolutePath): Source {
  if (isAddress(word) || word.includes('::')) return parseSource(word);
  const path = resolvePath(word, here, { what: 'the archive' });
  if (existsSync(path)) return sourceOfFile(path);
  throw new CvtoolError('USAGE', `there is no ${path}`, {
    hint: 'Give the path of an archive or a binary, or an address: https://…',
  });
}

function targetFrom(word: string, recase: boolean): StagingTarget {
  return word === 'genesis' ? { kind: 'genesis' } : { kind: 'upgrade', plan: parsePlanName(word, { recase }) };
}

/** A key itself, or the file that holds it. */
function keyFrom(text: string, here: AbsolutePath): ReturnType<typeof parsePublicKey> {
  const path = text.includes('\n') ? undefined : resolvePath(text, here, { what: 'the public key' });
  return parsePublicKey(path !== undefined && existsSync(path) ? readFileSync(path, 'utf8') : text);
}

function timeLimitFrom(text: string): number {
  try {
    const milliseconds = goDurationMilliseconds(parseGoDuration(text));
    if (milliseconds > 0 && milliseconds < 2 ** 31) return milliseconds;
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    throw new CvtoolError('USAGE', `--timeout: ${error.message}`, { hint: 'Such as 30m or 1h30m.' });
  }
  throw new CvtoolError('USAGE', `--timeout ${text} is no time that can be waited`, { hint: 'Such as 30m or 1h30m.' });
}
