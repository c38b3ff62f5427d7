// From a staged folder to the info of a plan, by the built program.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, expect, test } from 'vitest';

import { runTool } from '../support/run-tool.js';
import { demoSandbox, expectError, jsonOf, treeOf, type Sandbox } from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';

let sandbox: Sandbox;
const scratch = scratchFolder();

beforeAll(async () => {
  sandbox = await demoSandbox(scratch);
  expect((await sandbox.run(['stage-upgrade', 'v2.1.0'])).status).toBe(0);
});

test('what is staged passes sha256sum and verify, is packed, and starts where it was unpacked', async () => {
  const staged = join(sandbox.home, 'cosmovisor/upgrades/v2.1.0');
  expect(runTool('sha256sum', ['--strict', '-c', 'SHA256SUMS'], { cwd: staged }).match(/: OK$/gm)).toHaveLength(5);
  expect(jsonOf(await sandbox.run(['verify', 'v2.1.0', '--json']))).toMatchObject({ ok: true });
  const before = treeOf(sandbox.home);
  const { status, stdout } = await sandbox.run(['pack', 'v2.1.0', '--out', 'dist']);
  const archive = join(sandbox.root, 'dist/demod-v2.1.0-linux-amd64.tar.gz');
  expect({ status, stdout }).toEqual({ status: 0, stdout: runTool('sha256sum', [archive]) });
  expect(treeOf(sandbox.home)).toEqual(before);
  const unpacked = join(sandbox.root, 'unpacked');
  mkdirSync(unpacked);
  runTool('tar', ['xf', archive, '-C', unpacked]);
  expect(runTool(join(unpacked, 'bin/demod'), ['version'])).toBe('2.1.0\n');
  const documents = ['manifest.json', 'provenance.intoto.jsonl', 'sbom.cdx.json', 'SHA256SUMS'];
  for (const name of documents)
    expect(readFileSync(join(unpacked, name), 'utf8'), name).toBe(readFileSync(join(staged, name), 'utf8'));
});

test('the info of a plan for it, which the linter passes; changed, it does not', async () => {
  await sandbox.run(['pack', 'v2.1.0', '--out', 'dist', '--format', 'zip']);
  const archive = 'dist/demod-v2.1.0-linux-amd64.zip';
  const { status, stdout } = await sandbox.run(['plan-info', '--url-base', 'https://example.org', archive]);
  expect(status).toBe(0);
  expect((await sandbox.run(['plan-info', 'lint', stdout, archive])).status).toBe(0);
  writeFileSync(join(sandbox.root, 'info.json'), stdout.replace('amd64":', 'x86_64":'));
  const wrong = await sandbox.run(['plan-info', 'lint', 'info.json', '--json']);
  expect({ status: wrong.status, ok: jsonOf(wrong).ok }).toEqual({ status: 7, ok: false });
});

test('what cannot be done is one clear error', async () => {
  expectError(await sandbox.run(['pack', 'genesis', '--json']), 'NOT_STAGED', ['genesis']);
  expectError(await sandbox.run(['plan-info', '--json']), 'USAGE', ['--url-base']);
  copyFileSync('/bin/true', join(sandbox.root, 'key'));
  const signed = await sandbox.run(['pack', 'v2.1.0', '--sign-key', 'key', '--json']);
  expectError(signed, 'SIGNING_KEY_INVALID', [join(sandbox.root, 'key')]);
});
