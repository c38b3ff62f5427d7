// `cvtool cache`: where the cache is, how big its parts are, and its removal.
import { readEnvironment } from '../config/environment.js';
import { cacheFolders } from '../config/folders.js';
import { errorData, reportError } from '../report/error-text.js';
import { cacheLines, pruneLines } from '../report/cache.js';
import { print } from '../report/terminal.js';
import { cacheSizes, pruneCache } from '../stage/cache.js';

/** @returns the exit status */
export function cacheCommand(
  action: 'path' | 'size' | 'prune',
  { json = false, debug = false }: { readonly json?: boolean; readonly debug?: boolean },
): number {
  const folders = cacheFolders(readEnvironment());
  try {
    if (action === 'path') {
      print(json ? JSON.stringify({ ok: true, path: folders.root }) : folders.root);
    } else if (action === 'size') {
      const sizes = cacheSizes(folders);
      print(...(json ? [JSON.stringify({ ok: true, path: folders.root, sizes })] : cacheLines(folders.root, sizes)));
    } else {
      const pruned = pruneCache(folders);
      print(
        ...(json ? [JSON.stringify({ ok: true, path: folders.root, ...pruned })] : pruneLines(folders.root, pruned)),
      );
    }
    return 0;
  } catch (error) {
    if (json) print(JSON.stringify(errorData(error)));
    return reportError(error, { debug });
  }
}
