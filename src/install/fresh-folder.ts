// A folder that was not there before, and what is written into it: modes that no umask changes, and nothing is written through
// a name that is there already. Links are the caller's last act, so that none is on the way to a file.
import { chmod, mkdir, open, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export class FreshFolder {
  readonly #folder: string;
  readonly #made = new Set<string>(['.']);

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** @throws the system's error, EEXIST among them */
  static async make(folder: string): Promise<FreshFolder> {
    await makeFolder(folder);
    return new FreshFolder(folder);
  }

  /** @param name relative and plain; folders above it are made */
  async addFolder(name: string): Promise<void> {
    if (this.#made.has(name)) return;
    await this.addFolder(dirname(name));
    await makeFolder(join(this.#folder, name));
    this.#made.add(name);
  }

  async addFile(name: string, isExecutable: boolean, content: AsyncIterable<Buffer>): Promise<void> {
    await this.addFolder(dirname(name));
    const file = await open(join(this.#folder, name), 'wx', 0o600); // O_EXCL: open(2) follows no link then
    try {
      for await (const chunk of content) await file.writeFile(chunk);
      await file.chmod(isExecutable ? 0o755 : 0o644);
    } finally {
      await file.close();
    }
  }

  async addLink(name: string, target: string): Promise<void> {
    await this.addFolder(dirname(name));
    await symlink(target, join(this.#folder, name));
  }
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path);
  await chmod(path, 0o755);
}
