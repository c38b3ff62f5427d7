// Repositories made on the spot, with fixed authors and dates, by the machine's git without anybody's settings.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { runTool } from './run-tool.js';

export class GitRepository {
  readonly folder: string;
  #date = 1_700_000_000;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
    this.git('init', '--quiet', '--template=', '--initial-branch=main');
  }

  /** @returns what git printed, without the last line's end */
  git(...args: readonly string[]): string {
    this.#date += 60;
    const person = { NAME: 'Somebody', EMAIL: 'somebody@example.org', DATE: `${this.#date} +0000` };
    const people = Object.entries(person).flatMap(([key, value]) => [
      [`GIT_AUTHOR_${key}`, value],
      [`GIT_COMMITTER_${key}`, value],
    ]);
    const environment = { ...Object.fromEntries(people), GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
    return runTool('git', args, { cwd: this.folder, environment }).trimEnd();
  }

  /** @param files path to content @returns the commit's id */
  commit(files: Readonly<Record<string, string>>, message = 'a change'): string {
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(this.folder, path)), { recursive: true });
      writeFileSync(join(this.folder, path), content);
    }
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '-m', message);
    return this.git('rev-parse', 'HEAD');
  }
}
