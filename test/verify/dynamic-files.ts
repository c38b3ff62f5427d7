import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { openByteSource } from '../../src/elf/bytes.js';
import { isElf, readElf } from '../../src/elf/elf-file.js';

/** Dynamically linked files of a folder, each once, with the loader that they name. */
export function* dynamicFiles(folder: string): Generator<readonly [file: string, interpreter: string]> {
  const seen = new Set<string>();
  for (const name of readdirSync(folder).sort()) {
    let file;
    try {
      file = realpathSync.native(join(folder, name));
    } catch {
      continue; // a dangling link
    }
    if (seen.has(file) || !statSync(file).isFile()) continue;
    seen.add(file);
    const source = openByteSource(file);
    const interpreter = isElf(source) ? readElf(source).interpreter : undefined;
    source.close();
    if (interpreter !== undefined) yield [file, interpreter];
  }
}

/** Some libraries below a folder that bring a DT_RPATH or DT_RUNPATH of their own: private ones, of Java or Perl. */
export function librariesWithPaths(folder: string, atMost: number): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (found.length === atMost) break;
    if (!entry.isFile() || !entry.name.endsWith('.so')) continue;
    const file = join(entry.parentPath, entry.name);
    const source = openByteSource(file);
    const dynamic = isElf(source) ? readElf(source).dynamic : undefined;
    source.close();
    if (dynamic?.rpath !== undefined || dynamic?.runpath !== undefined) found.push(file);
  }
  return found;
}
