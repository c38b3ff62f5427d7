// Finds a command as a shell would. In a file of its own, since `run` loads it and nothing else of tools.ts.
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, resolve } from 'node:path';

/** The absolute path of the file that the name stands for along PATH; undefined where there is none that may be executed. */
export function findCommand(name: string, path: string | undefined): string | undefined {
  for (const folder of (path ?? '/usr/local/bin:/usr/bin:/bin').split(delimiter)) {
    const file = folder.startsWith('/') ? `${folder}/${name}` : resolve(folder, name); // an empty part of PATH is the working folder: POSIX, 8.3
    try {
      if (!statSync(file).isFile()) continue;
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      continue; // not there, or not for us: the next folder of PATH
    }
  }
  return undefined;
}
