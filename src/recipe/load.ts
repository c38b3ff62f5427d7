// Finds a recipe's file and reads it: one of ours by its name, or a user's by its path. A mistake is one error that lists all
// of them by file, line and column.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { dirname } from 'node:path';

import { CvtoolError, hasCode } from '../errors/cvtool-error.js';
import { joinPath, parseAbsolutePath, resolvePath, type AbsolutePath } from '../values/absolute-path.js';
import { parseDigest, type Digest } from '../values/digest.js';
import { resolveGitAddress } from '../values/git-address.js';
import { parseFileName } from '../values/inner-path.js';
import { quoted } from '../values/printable.js';
import { editDistance } from './nearest.js';
import { parseRecipe } from './parse.js';
import type { Recipe } from './schema.js';

export interface LoadedRecipe {
  readonly recipe: Recipe;
  readonly file: AbsolutePath;
  /** Of the file's bytes: the manifest tells by which recipe was built. */
  readonly digest: Digest;
}

export interface RecipePlaces {
  /** Where cvtool's own recipes lie. */
  readonly recipesFolder: AbsolutePath;
  /** Where a path that is not absolute starts; the current folder unless given. */
  readonly folder?: AbsolutePath | undefined;
}

/** In bytes. panacea's whole history needs 10,000. */
const largest = 256 * 1024;

/**
 * @param nameOrPath a name (`panacea`), or a path: whatever has a slash or ends in .yaml or .yml
 * @throws RECIPE_UNKNOWN where there is no such recipe or file; RECIPE_INVALID for a mistake in it
 */
export async function loadRecipe(nameOrPath: string, { recipesFolder, folder }: RecipePlaces): Promise<LoadedRecipe> {
  const isPath = nameOrPath.includes('/') || /\.ya?ml$/.test(nameOrPath);
  if (!isPath && !/^[a-z0-9][a-z0-9-]*$/.test(nameOrPath)) throw await unknownName(nameOrPath, recipesFolder);
  const file = isPath
    ? resolvePath(nameOrPath, folder ?? parseAbsolutePath(process.cwd()), {
        what: 'the recipe',
        code: 'RECIPE_UNKNOWN',
      })
    : joinPath(recipesFolder, parseFileName(`${nameOrPath}.yaml`));
  const bytes = await read(file);
  if (bytes === undefined) {
    throw isPath
      ? new CvtoolError('RECIPE_UNKNOWN', `there is no recipe file ${quoted(file)}`, {
          hint: 'Look at the path given with --recipe.',
        })
      : await unknownName(nameOrPath, recipesFolder);
  }
  const parsed = parseRecipe(decode(file, bytes));
  const shown = isPath ? nameOrPath : file;
  if ('problems' in parsed)
    throw invalid(
      file,
      parsed.problems.map((problem) => `${shown}:${problem}`),
    );
  const { repository: address } = parsed.recipe;
  const repository = address && resolveGitAddress(address, dirname(file) as AbsolutePath);
  const digest = parseDigest(createHash('sha256').update(bytes).digest('hex'));
  return { recipe: { ...parsed.recipe, repository }, file, digest };
}

/** The names of cvtool's own recipes, sorted. */
export async function recipeNames(recipesFolder: AbsolutePath): Promise<string[]> {
  const files = await readdir(recipesFolder);
  return files.flatMap((file) => /^([a-z0-9][a-z0-9-]*)\.yaml$/.exec(file)?.[1] ?? []).sort();
}

/** @returns undefined where there is no such file */
async function read(file: AbsolutePath): Promise<Buffer | undefined> {
  let handle;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK); // a FIFO would wait for its writer (open(2))
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR', 'ENAMETOOLONG')) return undefined;
    if (hasCode(error, 'EACCES', 'EPERM', 'ELOOP', 'ENXIO')) {
      throw new CvtoolError('RECIPE_INVALID', `the recipe ${quoted(file)} cannot be read`, { cause: error });
    }
    throw error;
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new CvtoolError('RECIPE_INVALID', `the recipe ${quoted(file)} is no file`);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(largest + 1), 0, largest + 1, 0);
    if (bytesRead > largest)
      throw new CvtoolError('RECIPE_INVALID', `the recipe ${quoted(file)} is larger than ${largest / 1024} KiB`);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function decode(file: AbsolutePath, bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    if (cause instanceof TypeError)
      throw new CvtoolError('RECIPE_INVALID', `the recipe ${quoted(file)} is no UTF-8 text`);
    throw cause;
  }
}

function invalid(file: AbsolutePath, problems: readonly string[]): CvtoolError {
  const [first = ''] = problems;
  const message =
    problems.length === 1
      ? `the recipe has a mistake: ${first}`
      : `the recipe ${quoted(file)} has ${problems.length} mistakes`;
  return new CvtoolError('RECIPE_INVALID', message, {
    details: problems.length === 1 ? [] : problems,
    hint: 'docs/recipes.md tells what each key means.',
  });
}

async function unknownName(name: string, recipesFolder: AbsolutePath): Promise<CvtoolError> {
  const names = await recipeNames(recipesFolder);
  const near = names.find((known) => editDistance(known, name.toLowerCase(), 2) <= 2);
  const meant = near === undefined ? '' : `Did you mean ${near}? `;
  return new CvtoolError('RECIPE_UNKNOWN', `there is no recipe ${quoted(name)}`, {
    hint: `${meant}There are: ${names.join(', ')}. A file of your own is given by its path, as ./my-chain.yaml.`,
  });
}
