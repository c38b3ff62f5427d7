// The failures themselves: the loader, the kernel, goleveldb and Go's net package say what they say, and it is explained.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';

import { afterAll, expect, test } from 'vitest';

import { cacheFolders } from '../../../src/config/folders.js';
import { homeFacts } from '../../../src/inspect/explain/home-facts.js';
import { heldDatabaseLock } from '../../../src/supervisor/database-lock.js';
import { compileC } from '../../support/compile-c.js';
import { buildGo, runGo, writeFiles } from '../../support/go-program.js';
import { needs } from '../../support/needs.js';
import { scratchFolder } from '../../support/scratch-folder.js';
import { waitUntil } from '../../support/wait-until.js';
import { makeHome, panacea } from '../make-home.js';
import { tinyElf } from '../../verify/tiny-elf.js';
import { Workshop } from '../../verify/make-libraries.js';
import { explainText } from './read.js';

const scratch = scratchFolder();
const shop = new Workshop();
afterAll(() => rmSync(shop.root, { recursive: true }));
const recipe = await panacea();

/** What a command says on both streams, in the C locale, as a log would have it. */
function said(command: string, args: readonly string[] = [], environment: NodeJS.ProcessEnv = {}): string {
  const { stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, LC_ALL: 'C', ...environment },
  });
  return stdout + stderr;
}

function expectLast(log: string, id: string, ...words: readonly string[]): void {
  const { last } = explainText(log);
  expect(last?.id, log).toBe(id);
  for (const word of words) expect(`${last?.means ?? ''}\n${last?.toDo.join('\n') ?? ''}`, log).toContain(word);
}

test("the loader: a library that is gone, one that is torn, one of another machine, and a download's error page", () => {
  const library = shop.library('loader/libneeded.so');
  const program = shop.program('loader/program', { with: ['loader/libneeded.so'], runpath: '$ORIGIN' });
  expect(said(program)).toBe('');
  writeFileSync(library, '404: Not Found\n');
  expectLast(said(program), 'library-unusable', 'libneeded.so', 'file too short');
  writeFileSync(library, '404: Not Found\n'.repeat(100));
  expectLast(said(program), 'library-unusable', 'invalid ELF header');
  writeFileSync(library, tinyElf({ soname: 'libneeded.so', machine: process.arch === 'x64' ? 183 : 62 }));
  expectLast(said(program), 'library-missing', 'or only for another machine'); // glibc passes it over without a word
  rmSync(library);
  expectLast(said(program), 'library-missing', 'libneeded.so', 'exit status 127', 'cvtool verify current');
});

test('the loader: a library of the right name without the symbol, when it is called and at once', () => {
  shop.library('symbol/libvm.so', { source: 'int version_str(void) { return 0; }' });
  const source = 'int version_str(void); int main(int c, char **v) { (void)v; return c > 1 ? version_str() : 0; }';
  const program = shop.program('symbol/program', {
    source,
    with: ['symbol/libvm.so'],
    runpath: '$ORIGIN',
    flags: ['-Wl,-z,lazy'],
  });
  shop.library('symbol/libvm.so', { source: 'int another(void) { return 0; }' });
  expect(said(program)).toBe('');
  expectLast(said(program, ['call']), 'symbol-missing', 'version_str');
  expectLast(said(program, [], { LD_BIND_NOW: '1' }), 'symbol-missing', 'version_str');
});

test('the loader: a version that the library here does not have', () => {
  const source = 'int f(void) { return 0; }';
  shop.library('version/libnew.so', { source, versions: 'GLIBC_9.99 { f; };' });
  const program = shop.program('version/program', {
    source: 'int f(void); int main(void) { return f(); }',
    ...{ with: ['version/libnew.so'], runpath: '$ORIGIN' },
  });
  shop.library('version/libnew.so', { source, versions: 'GLIBC_2.2.5 { f; };' });
  expectLast(said(program), 'glibc-too-old', 'GLIBC_9.99', '--target-glibc');
});

test('a program of another machine, and one that was cut off, in two shells', () => {
  const foreign = join(scratch, 'foreign');
  writeFileSync(foreign, tinyElf({ interpreter: '/lib/ld.so', machine: process.arch === 'x64' ? 183 : 62 }), {
    mode: 0o755,
  });
  const torn = join(scratch, 'torn');
  writeFileSync(torn, tinyElf({ interpreter: '/lib/ld.so' }).subarray(0, 80), { mode: 0o755 });
  for (const file of [foreign, torn]) {
    for (const shell of ['bash', 'sh']) {
      expectLast(
        said(shell, ['-c', `${file}; exit 126`]),
        'not-executable',
        'another machine',
        'cvtool verify current',
      );
    }
  }
});

test('a full disk, as the C library and a shell tell it', () => {
  expectLast(said('cp', ['/etc/passwd', '/dev/full']), 'disk-full');
  expectLast(said('dd', ['if=/dev/zero', 'of=/dev/full', 'count=1']), 'disk-full');
});

test('with a home: what verification finds wrong with current, and who holds the database', async () => {
  const home = makeHome(scratch, { 'cosmovisor/current': '-> genesis', 'data/application.db/LOCK': '' });
  const library = shop.library('home/libvm.so');
  mkdirSync(join(home.genesis, 'bin'), { recursive: true });
  copyFileSync(
    shop.program('home/panacead', { with: ['home/libvm.so'], runpath: '/build/host' }),
    join(home.genesis, 'bin/panacead'),
  );
  rmSync(library);
  const request = {
    ...{ home, recipe, environment: { PATH: process.env.PATH, SYSTEMD_UNIT_PATH: scratch }, own: '/cvtool' },
    cache: cacheFolders({ HOME: scratch }),
  };
  const look = async (log: string): Promise<readonly string[]> => {
    const facts = await homeFacts(request, []);
    if ('why' in facts) throw new Error(facts.why);
    return explainText(log, { home: facts, recipe }).last?.toDo ?? [];
  };
  const steps = await look(said(join(home.genesis, 'bin/panacead')));
  expect(steps[0]).toMatch(/^L1: libvm\.so, which .*bin\/panacead needs, is not found/);

  const locked = 'Error: failed to initialize database: resource temporarily unavailable';
  expect(await look(locked)).toEqual([expect.stringContaining('Nobody holds a LOCK file')]);
  const file = join(home.data, 'application.db/LOCK');
  // flock(1), which has taken the lock, has ended: the descriptor is another's by now.
  const holder = spawn('sh', ['-c', `exec 9< '${file}'; flock 9; exec sleep 60`], { stdio: 'ignore' });
  try {
    await waitUntil(
      'the lock is held',
      () => heldDatabaseLock(home.data) !== undefined && nameOf(holder.pid) === 'sleep',
    );
    expect(await look(locked)).toEqual([
      expect.stringContaining(`LOCK is held by process ${String(holder.pid)} (sleep 60)`),
    ]);
  } finally {
    holder.kill('SIGKILL');
  }
});

function nameOf(pid: number | undefined): string {
  return readFileSync(`/proc/${String(pid)}/comm`, 'utf8').trim();
}

needs({ go: true })(
  'Go: an address that is taken, a disk that is full',
  async () => {
    const folder = join(scratch, 'listen');
    writeFiles(folder, { 'go.mod': 'module listen\n\ngo 1.21\n', 'main.go': listenSource });
    const program = buildGo(folder, 'listen', { toolchain: 'local' });
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      expectLast(
        said(program, [`127.0.0.1:${port}`]),
        'address-in-use',
        `127.0.0.1:${port}`,
        `ss -ltnp 'sport = :${port}'`,
      );
    } finally {
      server.close();
    }
    expectLast(said(program, ['/dev/full']), 'disk-full');
  },
  120_000,
);

needs({ go: true, network: true, slow: true })(
  'goleveldb: a database that another process has open',
  async () => {
    const folder = join(scratch, 'levels');
    writeFiles(folder, { 'go.mod': 'module levels\n\ngo 1.21\n', 'main.go': levelsSource });
    runGo(folder, ['get', 'github.com/syndtr/goleveldb@v1.0.1-0.20210819022825-2ae1ddf74ef7'], { toolchain: 'local' });
    const program = buildGo(folder, 'levels', { toolchain: 'local' });
    const home = makeHome(scratch, { 'cosmovisor/current': '-> genesis' });
    const database = join(home.data, 'application.db');
    const first = spawn(program, [database, 'hold'], { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      await once(first.stdout, 'data');
      expect(heldDatabaseLock(home.data)?.pid).toBe(first.pid);
      const log = said(program, [database]);
      expect(log).toContain('resource temporarily unavailable');
      expectLast(log, 'database-locked', 'fuser');
      expectLast(log.replace('Error', 'panic'), 'database-locked');
    } finally {
      first.kill('SIGKILL');
    }
  },
  600_000,
);

test('a C library that a program calls into crashes it: the end alone is left, and its hint', () => {
  const program = compileC(scratch, 'aborts', '#include <stdlib.h>\nint main(void) { abort(); }');
  const { signal } = spawnSync(program);
  expectLast(`Error: panacead was ended by ${String(signal)}`, 'ended', 'SIGABRT', 'cvtool verify current');
});

const listenSource = `package main

import (
	"fmt"
	"net"
	"os"
)

func main() {
	if os.Args[1] == "/dev/full" {
		fmt.Println("Error:", os.WriteFile(os.Args[1], []byte("x"), 0o644))
		return
	}
	_, err := net.Listen("tcp", os.Args[1])
	fmt.Printf("Error: failed to listen on %s: %v\\n", os.Args[1], err)
}
`;

const levelsSource = `package main

import (
	"fmt"
	"os"

	"github.com/syndtr/goleveldb/leveldb"
)

func main() {
	_, err := leveldb.OpenFile(os.Args[1], nil)
	if err != nil {
		fmt.Println("Error:", err)
		os.Exit(1)
	}
	if len(os.Args) > 2 {
		fmt.Println("open")
		select {}
	}
}
`;
