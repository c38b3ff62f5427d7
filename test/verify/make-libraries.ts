// Libraries and programs made on the spot by the host's C compiler.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

export interface Made {
  /** Libraries to link with, as paths below the folder. */
  readonly with?: readonly string[];
  readonly source?: string;
  readonly soname?: string;
  readonly rpath?: string;
  readonly runpath?: string;
  /** A linker's version script. */
  readonly versions?: string;
  readonly flags?: readonly string[];
}

export class Workshop {
  readonly root = mkdtempSync(join(tmpdir(), 'cvtool-linkage-'));
  #count = 0;

  path(...parts: readonly string[]): string {
    return join(this.root, ...parts);
  }

  /** A library at `path`; its name is its soname where none is given. */
  library(path: string, made: Made = {}): string {
    const symbol = basename(path).replace(/\W/g, '_');
    const source = made.source ?? `int ${symbol}(void) { return 1; }`;
    return this.#compile(path, source, made, ['-shared', `-Wl,-soname,${made.soname ?? basename(path)}`]);
  }

  program(path: string, made: Made = {}): string {
    return this.#compile(path, made.source ?? 'int main(void) { return 0; }', made, []);
  }

  #compile(path: string, source: string, made: Made, kind: readonly string[]): string {
    const out = this.path(path);
    mkdirSync(dirname(out), { recursive: true });
    const sourceFile = this.path(`source-${(this.#count += 1)}.c`);
    writeFileSync(sourceFile, source);
    const flags = [...kind, ...(made.flags ?? []), '-Wl,--allow-shlib-undefined'];
    if (made.rpath !== undefined) flags.push('-Wl,--disable-new-dtags', `-Wl,-rpath,${made.rpath}`);
    if (made.runpath !== undefined) flags.push('-Wl,--enable-new-dtags', `-Wl,-rpath,${made.runpath}`);
    if (made.versions !== undefined) {
      writeFileSync(`${sourceFile}.map`, made.versions);
      flags.push(`-Wl,--version-script=${sourceFile}.map`);
    }
    const linked = (made.with ?? []).map((library) => this.path(library));
    const args = ['-w', '-fPIC', '-o', out, sourceFile, '-Wl,--no-as-needed', ...linked, ...flags];
    execFileSync('gcc', args, { stdio: ['ignore', 'ignore', 'inherit'] });
    return out;
  }
}
