// Where cvtool itself lies: the folder that holds recipes/ and templates/, in a checkout, in dist/ and in node_modules.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { hasCode } from '../errors/cvtool-error.js';

/**
 * The folder of cvtool's own package.json, whatever folder the command was called from.
 * @throws a plain Error where there is none above this file: then the installation is damaged
 */
export function packageRoot(): string {
  const start = dirname(fileURLToPath(import.meta.url)); // in the bundles, dist/: .config/build.mjs defines it
  for (let folder = start; ; folder = dirname(folder)) {
    if (packageName(folder) === 'cvtool') return folder;
    if (folder === dirname(folder))
      throw new Error(`No package.json of cvtool in ${start} or above it: install it again`);
  }
}

/** dist/ has a package.json too, which has no name. */
function packageName(folder: string): unknown {
  try {
    const content: unknown = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    return typeof content === 'object' && content !== null && 'name' in content ? content.name : undefined;
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
