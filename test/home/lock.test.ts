import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { lockFolder, tryLockFolder } from '../../src/home/lock.js';
import { startProgram, writeProgram, type RunningProgram } from '../support/child-program.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { waitUntil } from '../support/wait-until.js';

const scratch = scratchFolder();
const holderProgram = writeProgram(
  scratch,
  'holds-lock',
  `import { tryLockFolder } from './src/home/lock.js';
  const lock = tryLockFolder(process.argv[2] ?? '');
  console.log(lock === undefined ? 'refused' : 'locked');
  process.stdin.resume().on('end', () => lock?.release());`,
);
const programs: RunningProgram[] = [];
let count = 0;

afterEach(() => {
  for (const { child } of programs.splice(0)) child.kill('SIGKILL');
});

test('a second process is refused while the first holds it, and gets it after a release', async () => {
  const folder = makeFolder();
  const first = await holder(folder);
  expect(await start(folder).nextLine()).toBe('refused');
  expect(tryLockFolder(folder)).toBeUndefined();
  first.child.stdin.end();
  await first.end;
  const lock = tryLockFolder(folder);
  expect(lock).toBeDefined();
  expect(await start(folder).nextLine()).toBe('refused'); // ours holds against others too
  lock?.release();
  expect(await start(folder).nextLine()).toBe('locked');
});

test('it ends with its holder, also by kill -9, and leaves no file', async () => {
  const folder = makeFolder();
  const { child, end } = await holder(folder);
  child.kill('SIGKILL');
  await end;
  const lock = tryLockFolder(folder);
  expect(lock).toEqual({ release: expect.any(Function) });
  expect(readdirSync(folder)).toEqual([]);
  lock?.release();
});

test('two locks of one process exclude each other, and two folders have two locks', () => {
  const [one, two] = [makeFolder(), makeFolder()];
  const locks = [tryLockFolder(one), tryLockFolder(two)];
  expect(locks).not.toContain(undefined);
  expect(tryLockFolder(one)).toBeUndefined();
  for (const lock of locks) lock?.release();
});

test("who waits is told the holder's pid, and is woken when it is free", async () => {
  const folder = makeFolder();
  const { child, pid } = await holder(folder);
  const told: (number | undefined)[] = [];
  const waiting = lockFolder(folder, new AbortController().signal, (who) => told.push(who));
  await waitUntil('it says that it waits', () => told.length > 0);
  child.stdin.end();
  const lock = await waiting;
  expect(told).toEqual([pid]);
  expect(tryLockFolder(folder)).toBeUndefined(); // it is really ours now
  lock.release();
  expect(tryLockFolder(folder)?.release()).toBeUndefined();
});

test('an abort ends the waiting with its reason, and leaves no lock behind', async () => {
  const folder = makeFolder();
  const { child, end } = await holder(folder);
  const controller = new AbortController();
  const waiting = lockFolder(folder, controller.signal, () => controller.abort(new Error('the operator left')));
  await expect(waiting).rejects.toThrow('the operator left');
  child.kill('SIGKILL');
  await end;
  await waitUntil('the lock is free', () => {
    const lock = tryLockFolder(folder);
    lock?.release();
    return lock !== undefined;
  });
});

test('a free lock is had without waiting, and nobody is told', async () => {
  const lock = await lockFolder(makeFolder(), new AbortController().signal, () => expect.unreachable('nobody has it'));
  lock.release();
});

test('what is no folder is the system’s error', () => {
  const file = join(scratch, 'file');
  writeFileSync(file, '');
  expect(() => tryLockFolder(file)).toThrow(expect.objectContaining({ code: 'ENOTDIR' }));
  expect(() => tryLockFolder(join(scratch, 'missing'))).toThrow(expect.objectContaining({ code: 'ENOENT' }));
});

test('a host without flock is told what to install; one that cannot lock is told so', () => {
  const folder = makeFolder();
  const path = process.env.PATH;
  const bin = join(scratch, 'bin');
  mkdirSync(bin);
  try {
    process.env.PATH = bin;
    expect(() => tryLockFolder(folder)).toThrow(
      expect.objectContaining({ code: 'HOST_NOT_READY', hint: expect.stringContaining('util-linux') }),
    );
    writeFileSync(join(bin, 'flock'), '#!/bin/sh\nexit 71\n', { mode: 0o755 }); // sysexits(3), EX_OSERR: ENOLCK
    expect(() => tryLockFolder(folder)).toThrow(expect.objectContaining({ code: 'HOST_NOT_READY' }));
  } finally {
    process.env.PATH = path;
    rmSync(bin, { recursive: true });
  }
});

function makeFolder(): string {
  const folder = join(scratch, `folder ${(count += 1)}`);
  mkdirSync(folder);
  return folder;
}

function start(folder: string): RunningProgram {
  const program = startProgram(holderProgram, [folder]);
  programs.push(program);
  return program;
}

async function holder(folder: string): Promise<RunningProgram> {
  const program = start(folder);
  expect(await program.nextLine()).toBe('locked');
  return program;
}
