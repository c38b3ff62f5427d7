// The upgrades that a checkout's source handles, by the recipe's patterns.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { hasCode } from '../errors/cvtool-error.js';
import { handlersIn } from '../recipe/handler-patterns.js';
import type { Recipe } from '../recipe/schema.js';

/** Other people's code, and git's. */
const passedOver: ReadonlySet<string> = new Set(['.git', 'vendor', 'node_modules']);
/** In bytes: generated code is longer, and handles no upgrade. */
const largest = 4 << 20;

/**
 * @param folder the checkout; links in it are not followed
 * @returns each name once; undefined where the recipe does not say how they are found
 */
export function handlersInSource(
  folder: string,
  { handlers }: Pick<Recipe, 'handlers'>,
): readonly string[] | undefined {
  if (handlers === undefined) return undefined;
  const roots = handlers.folders.length === 0 ? [folder] : handlers.folders.map((inner) => join(folder, inner));
  const files = roots.flatMap((root) => filesBelow(root, handlers.ending));
  const found = files.flatMap((file) => handlersIn(readFileSync(file, 'utf8'), handlers.patterns));
  return [...new Set(found)];
}

/** Without Go's tests: a handler that only a test registers is none of the program's. */
function filesBelow(folder: string, ending: string): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return passedOver.has(entry.name) ? [] : filesBelow(path, ending);
    const counts = entry.isFile() && entry.name.endsWith(ending) && !entry.name.endsWith('_test.go');
    return counts && statSync(path).size <= largest ? [path] : [];
  });
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return []; // an old release may not have it
    throw error;
  }
}
