import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { countPackages, type PackageCount } from '../../src/build/go-packages.js';
import { needs } from '../support/needs.js';
import { writeFiles } from '../support/go-program.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();

test.each([
  ['fmt', true],
  ['internal/abi', true],
  ['github.com/cosmos/cosmos-sdk/x/bank', true],
  ['github.com/CosmWasm/wasmvm', true],
  ['gopkg.in/yaml.v2', true],
  ['vendor/golang.org/x/net/http/httpguts', true],
  ['git.sr.ht/~sbinet/x', true],
  ['go: downloading github.com/x/y v1.0.0', false],
  ['# github.com/x/y', false],
  ['make[1]: Entering directory', false],
  ['go build -mod=readonly ./...', false],
  ['/usr/bin/ld: warning', false],
  ['./x', false],
  ['', false],
  ['-v', false],
  ['a/../b c', false],
])('%j is a package: %s', (line, isOne) => {
  const counter = count([]);
  expect(counter.see(line) !== undefined).toBe(isOne);
  expect(counter.compiled).toBe(isOne ? 1 : 0);
});

test('without patterns only what was compiled is told', () => {
  const counter = count([]);
  expect(counter.see('fmt')).toBe('1 packages compiled: fmt');
  expect(counter.see('net/http')).toBe('2 packages compiled: net/http');
});

test('where go is missing or fails, the count goes on without a total, and nothing is thrown', async () => {
  const failing = join(scratch, 'failing');
  mkdirSync(failing);
  writeFileSync(join(failing, 'go'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
  for (const PATH of [failing, '/nowhere']) {
    const counter = count(['./...'], { PATH });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(counter.see('fmt')).toBe('1 packages compiled: fmt');
  }
});

needs({ go: true })('the total is what go list says, with the tags; it is never passed', async () => {
  const folder = join(scratch, 'module');
  writeFiles(folder, {
    'go.mod': 'module example.org/x\n\ngo 1.21\n',
    'main.go': 'package main\n\nfunc main() {}\n',
    'tagged.go': '//go:build extra\n\npackage main\n\nimport _ "net/http"\n',
  });
  const environment = { PATH: process.env.PATH ?? '', HOME: scratch, GOENV: 'off', GOTOOLCHAIN: 'local', GOFLAGS: '' };
  const listed = runTool('go', ['list', '-deps', '-tags', 'extra', '.'], { cwd: folder, environment });
  const total = listed.trim().split('\n').length;
  expect(total).toBeGreaterThan(100); // net/http and all below it
  const counter = count(['.'], environment, ['extra'], folder);
  const deadline = Date.now() + 30_000;
  let said = '';
  let seen = 0;
  for (; !said.includes(' of ') && Date.now() < deadline; seen += 1) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    said = counter.see('fmt') ?? '';
  }
  expect(said).toBe(`${seen} of ${Math.max(total, seen)} packages compiled: fmt`);
  for (; seen <= total; seen += 1) said = counter.see('fmt') ?? '';
  expect(said).toBe(`${seen} of ${seen} packages compiled: fmt`);
});

function count(
  packages: readonly string[],
  environment: Record<string, string> = {},
  tags: readonly string[] = [],
  folder = scratch,
): PackageCount {
  return countPackages(packages, tags, { folder, environment, signal: new AbortController().signal });
}
