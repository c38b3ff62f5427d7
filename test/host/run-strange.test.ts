import { existsSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { describeStrangeEnd, runStrange } from '../../src/host/run-strange.js';
import { compileC } from '../support/compile-c.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { isAlive, waitUntil } from '../support/wait-until.js';

const scratch = scratchFolder();
let count = 0;

test('what it prints, its arguments and its status come back', async () => {
  const file = script('echo "out $1"; echo "err $2" >&2; exit 7');
  expect(await run(file, ['a b', '$HOME'])).toEqual({
    kind: 'exited',
    status: 7,
    signal: undefined,
    stdout: 'out a b\n',
    stderr: 'err $HOME\n',
    cause: undefined,
  });
});

test("nothing of the caller's environment arrives, and no input", async () => {
  process.env.CVTOOL_TEST_SECRET = 'secret';
  try {
    const { stdout } = await run(script('env; echo "input: $(cat)"; pwd'), [], { environment: { EXTRA: 'x y' } });
    const names = Array.from(stdout.matchAll(/^(\w+)=/gm), ([, name]) => name).filter(
      (name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name ?? ''), // of the shell itself
    );
    expect(names.sort()).toEqual(['EXTRA', 'HOME', 'LC_ALL', 'PATH']);
    expect(stdout).not.toContain('secret');
    expect(stdout).toContain('input: \n');
    const home = /^HOME=(.*)$/m.exec(stdout)?.[1] ?? '';
    expect(home).not.toBe(process.env.HOME);
    expect(stdout.trimEnd().split('\n').at(-1)).toBe(home); // it works in its scratch home
  } finally {
    delete process.env.CVTOOL_TEST_SECRET;
  }
});

test('its scratch home goes away with all that it wrote there, read-only folders too', async () => {
  const { stdout } = await run(
    script('mkdir -p "$HOME/.demo/x"; echo y > "$HOME/.demo/x/y"; chmod 555 "$HOME/.demo/x"; echo "$HOME"'),
  );
  expect(stdout.trim()).toMatch(/^\/.*cvtool-home-/);
  expect(existsSync(stdout.trim())).toBe(false);
});

test('the time limit ends the whole group, a forked child that ignores signals too', async () => {
  const pids = join(scratch, `pids-${count}`);
  const file = script(
    `trap '' TERM INT HUP\n(trap '' TERM INT HUP; while :; do sleep 1; done) & echo "$$ $!" > '${pids}'; wait`,
  );
  const end = await run(file, [], { timeLimit: 1000 });
  expect(end).toMatchObject({ kind: 'timed out', signal: 'SIGKILL' });
  for (const pid of readFileSync(pids, 'utf8').trim().split(' ').map(Number)) {
    await waitUntil(`${pid} has ended`, () => !isAlive(pid));
  }
});

test('a child that it leaves behind is ended, and does not hold up the answer', async () => {
  const { kind, stdout } = await run(script('echo here; sleep 1000 & echo $!'), [], { timeLimit: 60_000 });
  expect(kind).toBe('exited');
  const pid = Number(stdout.split('\n')[1]);
  await waitUntil(`${pid} has ended`, () => !isAlive(pid));
});

test('a child that left its group and holds the output does not hold up the answer either', async () => {
  const mark = join(scratch, 'left-its-group');
  const file = script(`setsid sh -c 'echo $$ > "${mark}"; exec sleep 1000' &\nuntil [ -s '${mark}' ]; do :; done`);
  const { kind } = await run(file, [], { timeLimit: 60_000 });
  const pid = Number(readFileSync(mark, 'utf8'));
  try {
    expect(kind).toBe('exited');
    expect(isAlive(pid)).toBe(true); // nobody can reach it: else this tests nothing
  } finally {
    process.kill(pid, 'SIGKILL');
  }
});

test('an abort ends it; one that came before is thrown, and nothing is started', async () => {
  const controller = new AbortController();
  const mark = join(scratch, 'started');
  const running = runStrange(script(`echo x > '${mark}'; sleep 1000`), [], {
    timeLimit: 60_000,
    signal: controller.signal,
  });
  await waitUntil('it has started', () => existsSync(mark));
  controller.abort(new Error('the operator left'));
  expect(await running).toMatchObject({ kind: 'signalled', signal: 'SIGKILL' });
  const file = script(`echo x > '${mark}-again'`);
  await expect(runStrange(file, [], { timeLimit: 60_000, signal: controller.signal })).rejects.toThrow(
    'the operator left',
  );
  expect(existsSync(`${mark}-again`)).toBe(false);
});

test('a signal of its own is told', async () => {
  expect(await run(script('kill -SEGV $$'))).toMatchObject({ kind: 'signalled', signal: 'SIGSEGV', status: undefined });
});

test('of endless output at most 64 KiB a stream are kept', async () => {
  const end = await run(script('yes out & yes err >&2'), [], { timeLimit: 1000 });
  expect(end.kind).toBe('timed out');
  expect([end.stdout.length, end.stderr.length]).toEqual([65536, 65536]);
});

test.each([
  ['ENOENT', () => join(scratch, 'missing')],
  ['EACCES', () => plainFile('#!/bin/sh\n', 0o644)],
  ['ENOENT', () => plainFile('#!/nonexistent/interpreter\n', 0o755)],
  ['ENOEXEC', () => plainFile('\x7fELF and no more', 0o755)],
  ['ENOEXEC', () => plainFile('exit 0\n', 0o755)],
  ['ENOEXEC', () => plainFile('', 0o755)],
  ['ENOEXEC', () => foreignMachine()],
  ['ELOOP', () => loop()],
])('%s: it never started, and says why', async (code, make) => {
  const end = await run(make());
  expect(end).toMatchObject({ kind: 'never started', status: undefined, signal: undefined, stdout: '' });
  expect(end.cause).toMatchObject({ code });
  expect(describeStrangeEnd(end)).toMatch(/^could not be started: .*\S/);
});

test('a binary whose loader is missing never starts, although the file is there', async () => {
  const binary = compileC(scratch, 'foreign', 'int main(void) { return 0; }', [
    '-Wl,--dynamic-linker=/nonexistent/ld.so',
  ]);
  expect(await run(binary)).toMatchObject({ kind: 'never started', cause: { code: 'ENOENT' } });
});

test('no scratch home is left where nothing started', async () => {
  process.env.TMPDIR = join(scratch, 'own-tmp');
  mkdirSync(process.env.TMPDIR);
  try {
    await run(join(scratch, 'missing'));
    expect(readdirSync(process.env.TMPDIR)).toEqual([]);
  } finally {
    delete process.env.TMPDIR;
  }
});

test('an end is told in one clause', async () => {
  expect(describeStrangeEnd(await run(script('exit 3')))).toBe('ended with exit status 3');
  expect(describeStrangeEnd(await run(script('kill -KILL $$')))).toBe('was ended by SIGKILL');
  expect(describeStrangeEnd(await run(script('sleep 1000'), [], { timeLimit: 100 }))).toBe(
    'did not end in time and was killed',
  );
});

function run(
  file: string,
  args: readonly string[] = [],
  options: { environment?: Record<string, string>; timeLimit?: number } = {},
) {
  return runStrange(file, args, { timeLimit: 20_000, ...options });
}

function script(body: string): string {
  return plainFile(`#!/bin/sh\n${body}\n`, 0o755);
}

function plainFile(content: string, mode: number): string {
  const path = join(scratch, `file-${(count += 1)}`);
  writeFileSync(path, content, { mode });
  return path;
}

function foreignMachine(): string {
  const path = compileC(scratch, 'other-machine', 'int main(void) { return 0; }');
  const image = readFileSync(path);
  image.writeUInt16LE(258, 18); // e_machine: LoongArch
  writeFileSync(path, image);
  return path;
}

function loop(): string {
  symlinkSync('loop', join(scratch, 'loop'));
  return join(scratch, 'loop');
}
