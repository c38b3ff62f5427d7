import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { findCommand } from '../../src/host/find-command.js';
import { isAtLeast, toolVersions } from '../../src/host/tools.js';
import { needs } from '../support/needs.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const first = script('first/tool', 'echo one');
const second = script('second/tool', 'echo two');
mkdirSync(join(scratch, 'folders/tool'), { recursive: true });
mkdirSync(join(scratch, 'dangling'));
symlinkSync('nowhere', join(scratch, 'dangling/tool'));
mkdirSync(join(scratch, 'linked'));
symlinkSync(second, join(scratch, 'linked/tool'));

test.each([
  ['the first folder of PATH that has it', ['first', 'second'], first],
  ['a folder of that name is passed over', ['folders', 'second'], second],
  ['a link to nothing is passed over', ['dangling', 'second'], second],
  ['a link is taken as it is', ['linked', 'second'], join(scratch, 'linked/tool')],
  ['a folder that is not there is passed over', ['missing', 'first'], first],
  ['none', ['missing', 'folders'], undefined],
])('%s', (_, folders, found) => {
  expect(findCommand('tool', folders.map((name) => join(scratch, name)).join(':'))).toBe(found);
});

test('a file that may not be executed is passed over', () => {
  mkdirSync(join(scratch, 'plain'));
  writeFileSync(join(scratch, 'plain/tool'), 'x', { mode: 0o644 });
  expect(findCommand('tool', `${scratch}/plain:${scratch}/second`)).toBe(second);
});

test('an empty or relative part of PATH counts from the working folder, and what is found is absolute all the same', () => {
  const before = process.cwd();
  try {
    process.chdir(join(scratch, 'first'));
    expect(findCommand('tool', ':/nowhere')).toBe(first);
    expect(findCommand('tool', '../second')).toBe(second);
  } finally {
    process.chdir(before);
  }
});

test('without PATH the usual folders are searched', () => {
  expect(findCommand('sh', undefined)).toMatch(/^\/.*\/sh$/);
});

test('as the shell finds it', () => {
  for (const name of ['git', 'make', 'gcc']) {
    expect(findCommand(name, process.env.PATH)).toBe(runTool('sh', ['-c', `command -v ${name}`]).trim());
  }
});

test.each([
  ['git version 2.39.5', true],
  ['git version 2.17.0', true],
  ['git version 2.16.99', false],
  ['git version 1.8.3.1', false],
  ['no number at all', true],
])('%s is at least 2.17.0: %s', async (said, answer) => {
  expect(await isAtLeast(script('say/git', `echo '${said}'`), '2.17.0')).toBe(answer);
});

test('a tool that fails says no version, which refuses nothing', async () => {
  expect(await isAtLeast(script('fail/git', 'exit 1'), '2.17.0')).toBe(true);
});

test("the versions are the tools' own first lines", async () => {
  const path = (name: string) => findCommand(name, process.env.PATH) ?? '';
  const versions = await toolVersions({ cc: path('gcc'), make: path('make'), git: path('git') });
  expect(versions).toMatchObject({
    cc: runTool('gcc', ['--version']).split('\n')[0],
    git: runTool('git', ['--version']).trim(),
    make: runTool('make', ['--version']).split('\n')[0],
  });
});

needs({ root: true })('a file that nobody may execute is no command for root either', () => {
  mkdirSync(join(scratch, 'root'));
  writeFileSync(join(scratch, 'root/tool'), '#!/bin/sh\n', { mode: 0o600 });
  expect(findCommand('tool', join(scratch, 'root'))).toBeUndefined();
});

function script(name: string, body: string): string {
  const path = join(scratch, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return path;
}
