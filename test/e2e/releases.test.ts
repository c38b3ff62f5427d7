// `cvtool releases`: what is staged by the manifests, what the repository has by the mirror that is there.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeAll, beforeEach, expect, test } from 'vitest';

import { makeDemoRepository } from '../../src/stage/demo-repository.js';
import { expectError, jsonOf, makeSandbox, namesBelow, type Sandbox } from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let repository: string;
let sandbox: Sandbox;
beforeAll(async () => {
  ({ repository } = await makeDemoRepository(join(scratch, 'repository'), { PATH: process.env.PATH }));
});
beforeEach(() => {
  sandbox = makeSandbox(mkdtempSync(join(scratch, 'at-')), { recipe: 'demo', repository });
});

/** Of each release: its name, what is staged, whether the repository has its tag. */
async function table(args: readonly string[] = [], variables: NodeJS.ProcessEnv = {}): Promise<unknown[][]> {
  const { releases } = jsonOf(await sandbox.run(['releases', '--json', ...args], variables)) as {
    releases: Record<string, unknown>[];
  };
  return releases.map(({ upgrade, staged, stagedTag, inRepository }) => [upgrade, staged, stagedTag, inRepository]);
}

test('in an empty home, without a mirror: nothing is staged, the tags are unknown, and nothing is made', async () => {
  expect(await table()).toEqual([
    [null, 'no', null, 'unknown'],
    ['v2.1.0', 'no', null, 'unknown'],
  ]);
  expect(namesBelow(sandbox.home)).toEqual([]);
  expect(namesBelow(join(sandbox.root, 'cache'))).toEqual([]);
});

test('--fetch asks the repository, and what it told stays known', async () => {
  const asked = await table(['--fetch']);
  expect(asked.map(([, , , inRepository]) => inRepository)).toEqual(['yes', 'yes']);
  expect(await table(['--offline'])).toEqual(asked);
});

test('what is staged, by whom, and what nobody can tell', async () => {
  await sandbox.run(['stage-genesis']);
  await sandbox.run(['stage-upgrade', 'v2.1.0']);
  const manifest = join(sandbox.home, 'cosmovisor/upgrades/v2.1.0/manifest.json');
  writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"tag": "v2.1.0"', '"tag": "v2.0.6"'));
  expect(await table()).toEqual([
    [null, 'yes', null, 'yes'],
    ['v2.1.0', 'other', 'v2.0.6', 'yes'],
  ]);
  writeFileSync(join(sandbox.home, 'cosmovisor/genesis/manifest.json'), '{');
  const upgrade = join(sandbox.home, 'cosmovisor/upgrades/v2.2.0');
  mkdirSync(join(upgrade, 'bin'), { recursive: true });
  writeFileSync(join(upgrade, 'bin/demod'), 'by hand');
  chmodSync(join(upgrade, 'bin/demod'), 0o755);
  const recipe = join(sandbox.root, 'more.yaml');
  const own = readFileSync(new URL('../../recipes/demo.yaml', import.meta.url), 'utf8');
  writeFileSync(
    recipe,
    `${own}  - { upgrade: v2.2.0, tag: v2.2.0, built: false, reason: no source }
  - { tag: v2.2.1, built: false, reason: no source }
  - { alphaOf: v9, tag: v9-alpha, built: false, reason: no source }
`,
  );
  expect((await table(['--recipe', recipe])).map(([, staged, , inRepository]) => [staged, inRepository])).toEqual([
    ['unknown', 'yes'],
    ['other', 'yes'],
    ['unknown', 'no'],
    ['none', 'no'],
    ['none', 'no'],
  ]);
  const { stdout } = await sandbox.run(['releases', '--recipe', recipe]);
  expect(stdout).toMatch(/^genesis +v2\.0\.6 .*\? damaged manifest$/m);
  expect(stdout).toMatch(/^v2\.1\.0 +v2\.1\.0 .*tag v2\.0\.6$/m);
  expect(stdout).toMatch(/^v2\.2\.0 .*\? no manifest$/m);
});

test('a tag that was moved', async () => {
  await sandbox.run(['releases', '--fetch']);
  const [mirror = ''] = namesBelow(join(sandbox.root, 'cache/cvtool/mirrors')).filter((name) => name.endsWith('/git'));
  const refs = join(sandbox.root, 'cache/cvtool/mirrors', mirror, 'refs/tags');
  mkdirSync(refs, { recursive: true });
  writeFileSync(join(refs, 'v2.1.0'), 'e86a64fa6e1fb6ec14aa24c8e5386a3d6c8c8dc2\n');
  expect((await table()).map(([, , , inRepository]) => inRepository)).toEqual(['yes', 'other commit']);
  expect((await sandbox.run(['releases'])).stdout).toMatch(/^v2\.1\.0 .* moved +no$/m);
});

test("panacea's table fits 100 columns, and nobody need name a repository", async () => {
  const { status, stdout } = await sandbox.run(['releases', '--recipe', 'panacea'], { CVTOOL_REPO: '' });
  expect(status).toBe(0);
  const lines = stdout.split('\n');
  expect(lines[0]).toMatch(/^upgrade +tag +commit +height or time +Go +wasmvm +in repo +staged$/);
  expect(stdout).toMatch(/^v2\.0\.7 +v2\.0\.7-2 +72022062 +10196856 +1\.19\.2 +none +\? +no$/m);
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(100);
  const demo = await sandbox.run(['releases'], { CVTOOL_REPO: '' });
  expect(demo.stdout).toContain('none is named (--repo, CVTOOL_REPO)');
});

test('--fetch and --offline exclude each other', async () => {
  expectError(await sandbox.run(['releases', '--fetch', '--offline', '--json']), 'USAGE', ['--fetch', '--offline']);
});
