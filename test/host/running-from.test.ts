import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, expect, test } from 'vitest';

import { processesRunningFrom } from '../../src/host/running-from.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { waitUntil } from '../support/wait-until.js';

const scratch = scratchFolder();
const pids: number[] = [];
let count = 0;

afterEach(() => {
  for (const pid of pids.splice(0)) process.kill(pid, 'SIGKILL');
});

test('the process that runs from the folder, and none where nobody does', async () => {
  const folder = makeFolder();
  expect(processesRunningFrom(folder)).toEqual([]);
  const pid = await start(folder);
  expect(processesRunningFrom(folder)).toEqual([pid]);
});

test('a folder whose name only begins alike is another one', async () => {
  const folder = makeFolder();
  mkdirSync(join(`${folder}-more`, 'bin'), { recursive: true });
  await start(`${folder}-more`);
  expect(processesRunningFrom(folder)).toEqual([]);
});

test('through a link to the folder, too', async () => {
  const folder = makeFolder();
  const link = `${folder}-link`;
  symlinkSync(folder, link);
  const pid = await start(link);
  expect(processesRunningFrom(link)).toEqual([pid]);
  expect(processesRunningFrom(folder)).toEqual([pid]);
});

test('it still runs from there when its file was removed or its folder moved', async () => {
  const folder = makeFolder();
  const pid = await start(folder);
  rmSync(join(folder, 'bin/sleeper'));
  expect(processesRunningFrom(folder)).toEqual([pid]);
  renameSync(folder, `${folder}-moved`);
  expect(processesRunningFrom(`${folder}-moved`)).toEqual([pid]);
});

function makeFolder(): string {
  const folder = join(scratch, `folder ${(count += 1)}`);
  mkdirSync(join(folder, 'bin'), { recursive: true });
  return folder;
}

async function start(folder: string): Promise<number> {
  const file = join(folder, 'bin/sleeper');
  copyFileSync('/bin/sleep', file);
  const { pid = 0 } = spawn(file, ['1000'], { stdio: 'ignore' });
  pids.push(pid);
  await waitUntil('it runs its own file', () => processesRunningFrom(folder).includes(pid));
  return pid;
}
