// Ends of real processes, and what is said of them.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { buildSync } from 'esbuild';
import { expect, test } from 'vitest';

import { endOf } from '../../src/supervisor/daemon.js';
import { hintOfEnd, type EndFacts } from '../../src/supervisor/end-hint.js';
import type { End } from '../../src/supervisor/machine/types.js';
import { compileC } from '../support/compile-c.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const binary = '/home/val/.panacea/cosmovisor/genesis/bin/panacead';
const exited = (status: number): End => ({ kind: 'exited', status });
const hint = (end: End, more: Partial<EndFacts> = {}): string | undefined => hintOfEnd({ end, binary, ...more });

function endOfRun(file: string, script?: string): End {
  const { status, signal } = script === undefined ? spawnSync(file) : spawnSync(file, ['-c', script]);
  return endOf(status, signal);
}

test('a library that is not there, really: the loader, and verify', () => {
  compileC(scratch, 'libgone.so', 'int gone(void) { return 0; }', ['-shared']);
  const program = compileC(scratch, 'needs-gone', 'int gone(void); int main(void) { return gone(); }', [
    '-L.',
    '-lgone',
  ]);
  expect(hint(endOfRun(program))).toMatch(/loader's.*not found: `cvtool verify current`/);
});

test('a file that ends in the middle, really: torn', () => {
  const whole = readFileSync(compileC(scratch, 'whole', 'int main(void) { return 0; }'));
  const torn = join(scratch, 'torn');
  writeFileSync(torn, whole.subarray(0, 8192), { mode: 0o755 });
  const end = endOfRun(torn);
  expect(end).toMatchObject({ kind: 'signalled' });
  expect(hint(end)).toMatch(/^SIG(SEGV|BUS): .*a torn file.*`cvtool verify current`/);
});

test('what cannot be executed, really, as a shell tells it', () => {
  writeFileSync(join(scratch, 'no-program'), Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 0]), { mode: 0o755 });
  const end = endOfRun('/bin/sh', join(scratch, 'no-program'));
  expect(end).toEqual(exited(126));
  expect(hint(end)).toContain('cannot be executed');
});

test('SIGKILL, really, and as 137: from outside, unless it was ours', () => {
  const end = endOfRun('/bin/sh', 'kill -9 $$');
  expect(hint(end)).toMatch(/from the kernel for want of memory/);
  expect(hint(exited(137))).toBe(hint(end));
  expect(hint(end, { killed: true })).toBeUndefined();
});

test.each([
  ['SIGILL', 132, /processor does not have/],
  ['SIGABRT', 134, /library that is not the one/],
  ['SIGBUS', 135, /torn file/],
  ['SIGSEGV', 139, /torn file/],
] as const)('%s', (signal, status, expected) => {
  expect(hint(endOfRun('/bin/sh', `kill -${signal.slice(3)} $$`))).toMatch(expected);
  expect(hint(exited(status))).toMatch(expected);
});

test('a database that somebody holds is named, with its holder', () => {
  const locked = { file: '/h/data/application.db/LOCK', pid: 4711 };
  expect(hint(exited(1), { locked })).toMatch(/LOCK is held by process 4711/);
  expect(hint(exited(127), { locked })).not.toContain('4711'); // it did not come so far
});

test('its own plan, written while it ran: no handler. One that lay there before tells nothing', () => {
  const own = { running: 'v8-rho', plan: 'v8-Rho', planIsNew: true };
  expect(hint(exited(2), own)).toMatch(/asked for upgrade v8-rho itself.*without that handler/);
  expect(hint(exited(2), { ...own, planIsNew: false })).toBeUndefined();
  expect(hint(exited(2), { ...own, running: 'v7' })).toBeUndefined();
});

test('nothing is made up', () => {
  for (const status of [0, 1, 2, 3, 30, 128, 130, 143, 255])
    expect(hint(exited(status)), String(status)).toBeUndefined();
  expect(hint({ kind: 'signalled', signal: 'SIGTERM', number: 15 })).toBeUndefined();
  expect(hint({ kind: 'never started', cause: 'spawn ENOENT' })).toBeUndefined();
});

test('it is one sentence in one line', () => {
  for (const status of [126, 127, 132, 134, 135, 137, 139]) {
    const text = hint(exited(status)) ?? '';
    expect(text).not.toContain('\n');
    expect(text).toMatch(/[.]$/);
  }
});

test("it costs run's bundle less than 2 KB", () => {
  const { outputFiles } = buildSync({
    entryPoints: [new URL('../../src/supervisor/end-hint.ts', import.meta.url).pathname],
    ...{ bundle: true, minify: true, format: 'cjs', platform: 'node', write: false },
  });
  expect(outputFiles[0]?.contents.length).toBeLessThan(2000);
});
