// `cvtool doctor`: what stands between this host and the next build, run or upgrade. Reads, never writes.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { readEnvironment } from '../config/environment.js';
import { cacheFolders } from '../config/folders.js';
import { homeSettings, recipeName } from '../config/staging.js';
import { catalogue, type ErrorCode } from '../errors/catalogue.js';
import { homePaths } from '../home/paths.js';
import { packageRoot } from '../host/package-root.js';
import { ourselves, userName } from '../host/users.js';
import { examine } from '../inspect/doctor/examine.js';
import { worstOf } from '../inspect/doctor/row.js';
import { fillUnit } from '../inspect/doctor/unit-template.js';
import { doctorData, doctorLines } from '../report/doctor.js';
import { errorData, reportError } from '../report/error-text.js';
import { outliveReaders, print } from '../report/terminal.js';
import { parseAbsolutePath } from '../values/absolute-path.js';
import { loadRecipeHere } from './load-recipe.js';

export interface DoctorOptions {
  readonly home?: string;
  readonly name?: string;
  readonly recipe?: string;
  readonly printUnit?: boolean;
  readonly json?: boolean;
  readonly debug?: boolean;
}

const whenSomethingFails: ErrorCode = 'DOCTOR_FAILED';

/** @returns the exit status: 0 where nothing fails */
export async function doctorCommand(options: DoctorOptions): Promise<number> {
  outliveReaders();
  try {
    const environment = readEnvironment();
    const { recipe } = await loadRecipeHere(recipeName(options.recipe, environment));
    const settings = homeSettings(recipe, options, environment, parseAbsolutePath(process.cwd()));
    const home = homePaths(settings.home, settings.daemon);
    if (options.printUnit === true) {
      print(unitFor(home.root, home.daemon));
      return 0;
    }
    const rows = await examine({ environment, home, recipe, cache: cacheFolders(environment), own: ownProgram() });
    print(...(options.json === true ? [JSON.stringify(doctorData(rows, home.root))] : doctorLines(rows)));
    return worstOf(rows) === 'fail' ? catalogue[whenSomethingFails].exit : 0;
  } catch (error) {
    if (options.json === true) print(JSON.stringify(errorData(error)));
    return reportError(error, { debug: options.debug === true });
  }
}

function ownProgram(): string {
  return join(packageRoot(), 'dist/cli.js');
}

/** The template, for this home, its owner, and the Node and cvtool that run now. */
function unitFor(home: string, daemon: string): string {
  const template = readFileSync(join(packageRoot(), 'templates/systemd/cvtool.service'), 'utf8').trimEnd();
  const owner = statSync(home, { throwIfNoEntry: false })?.uid;
  const user = owner === undefined ? ourselves().name : userName(owner);
  return fillUnit(template, { home, daemon, user, node: process.execPath, cvtool: ownProgram() });
}
