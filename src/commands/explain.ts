// `cvtool explain`: what the last words of a node's log mean, and what to do about them. Reads, never writes.
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

import { readEnvironment } from '../config/environment.js';
import { cacheFolders } from '../config/folders.js';
import { homeSettings, recipeName } from '../config/staging.js';
import { CvtoolError, isSystemError } from '../errors/cvtool-error.js';
import { systemReason } from '../errors/system-reason.js';
import { homePaths } from '../home/paths.js';
import { packageRoot } from '../host/package-root.js';
import { planNamed } from '../inspect/explain/advice.js';
import { explain, upgradesNamed } from '../inspect/explain/explanation.js';
import { homeFacts } from '../inspect/explain/home-facts.js';
import { readLog } from '../inspect/explain/read-log.js';
import type { Reading } from '../inspect/explain/reading.js';
import { errorData, reportError } from '../report/error-text.js';
import { explainData, explainLines, type ToldLog } from '../report/explain.js';
import { onInterrupt } from '../report/interrupt.js';
import { outliveReaders, print } from '../report/terminal.js';
import { parseAbsolutePath } from '../values/absolute-path.js';
import { quoted } from '../values/printable.js';

export interface ExplainOptions {
  readonly home?: string;
  readonly name?: string;
  readonly recipe?: string;
  readonly json?: boolean;
  readonly debug?: boolean;
}

/** Bytes read at a time. */
const chunkSize = 1 << 18;

/** @param file undefined or `-`: standard input @returns the exit status: 0 whatever is found */
export async function explainCommand(file: string | undefined, options: ExplainOptions): Promise<number> {
  outliveReaders();
  try {
    const stop = onInterrupt({ quiet: true }); // the way to end `journalctl -f | cvtool explain`
    const reading = await readWhole(file, stop);
    const told = await tellOf(reading, options);
    print(...(options.json === true ? [JSON.stringify(explainData(told))] : explainLines(told)));
    return 0;
  } catch (error) {
    if (options.json === true) print(JSON.stringify(errorData(error)));
    return reportError(error, { debug: options.debug === true });
  }
}

async function readWhole(file: string | undefined, stop: AbortSignal): Promise<Reading> {
  const isPipe = file === undefined || file === '-';
  if (file === undefined && process.stdin.isTTY) {
    throw new CvtoolError('USAGE', 'there is no log to explain: no file is named, and nothing is piped in', {
      hint: 'journalctl -u <service> | cvtool explain, or cvtool explain <file>; a log typed or pasted here: cvtool explain -',
    });
  }
  const stream: Readable = isPipe ? process.stdin : createReadStream(file, { highWaterMark: chunkSize });
  stop.addEventListener('abort', () => stream.destroy());
  try {
    return await readLog(stream as AsyncIterable<Buffer>, stop);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const what = isPipe ? 'standard input' : quoted(file);
    throw new CvtoolError('LOG_UNREADABLE', `${what} cannot be read: ${systemReason(error)}`, {
      hint: 'Give the file of a log that this user may read, or pipe it in: journalctl -u <service> | cvtool explain',
      cause: error,
    });
  }
}

async function tellOf(reading: Reading, options: ExplainOptions): Promise<ToldLog> {
  const environment = readEnvironment();
  const { loadRecipeHere } = await import('./load-recipe.js'); // a part of its own, shared with other verbs
  const { recipe } = await loadRecipeHere(recipeName(options.recipe, environment));
  const settings = homeSettings(recipe, options, environment, parseAbsolutePath(process.cwd()));
  const home = homePaths(settings.home, settings.daemon);
  const named = upgradesNamed(reading).flatMap((name) => planNamed(name) ?? []);
  const own = join(packageRoot(), 'dist/cli.js');
  const found = await homeFacts({ environment, home, recipe, cache: cacheFolders(environment), own }, named);
  const isAsked = (options.recipe ?? environment.CVTOOL_RECIPE) !== undefined;
  const facts = 'why' in found ? undefined : found;
  const explanation = explain(reading, {
    home: facts,
    recipe: isAsked || recipe.daemon === home.daemon ? recipe : undefined,
  });
  return { reading, explanation, home: facts && home.root, whyNoHome: 'why' in found ? found.why : undefined };
}
