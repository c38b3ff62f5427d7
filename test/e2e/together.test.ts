// Several cvtools at once: in one home, on one mirror, beside a prune. Each ends well, and nothing is torn.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, expect, test } from 'vitest';

import { stagedIsSound } from '../../src/evidence/staged-files.js';
import { readManifest } from '../../src/evidence/manifest.js';
import {
  chainSandbox,
  demoSandbox,
  jsonOf,
  namesBelow,
  recipeWithoutHandlers,
  soundMakefile,
  soundProgram,
  type Ended,
  type Sandbox,
} from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { waitUntil } from '../support/wait-until.js';

const scratch = scratchFolder();
let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await demoSandbox(mkdtempSync(join(scratch, 'at-')));
});

function expectSound(folder: string): void {
  const manifest = readManifest(folder);
  expect(manifest !== undefined && stagedIsSound(folder, manifest, 'demod'), folder).toBe(true);
}

function expectAllWell(ends: readonly Ended[]): void {
  for (const { status, stderr } of ends) expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(sandbox.leftovers()).toEqual([]);
  expect(namesBelow(sandbox.home).filter((name) => name.includes('.cvtool'))).toEqual([]);
}

test('the same target three times: one stages it, the others find it there', async () => {
  const ends = await Promise.all([1, 2, 3].map(() => sandbox.run(['stage-genesis'])));
  expectAllWell(ends);
  expect(ends.filter(({ stdout }) => stdout.includes('\nStaged genesis'))).toHaveLength(1);
  expect(ends.filter(({ stdout }) => stdout.includes('\nNothing to do'))).toHaveLength(2);
  expectSound(join(sandbox.home, 'cosmovisor/genesis'));
});

test('other targets of the same home, from a mirror that nobody had', async () => {
  const verbs = [
    ['stage-genesis'],
    ['stage-upgrade', 'v2.1.0'],
    ['stage-upgrade', 'v3', '--tag', 'v2.1.0', '--recipe', recipeWithoutHandlers(sandbox.root)],
  ];
  expectAllWell(await Promise.all(verbs.map((verb) => sandbox.run(verb))));
  for (const name of ['genesis', 'upgrades/v2.1.0', 'upgrades/v3']) expectSound(join(sandbox.home, 'cosmovisor', name));
});

test('two with --force and other tags on one target: one of the two is there, whole', async () => {
  const verb = ['stage-genesis', '--force', '--tag'];
  expectAllWell(await Promise.all(['v2.0.6', 'v2.1.0'].map((tag) => sandbox.run([...verb, tag]))));
  expectSound(join(sandbox.home, 'cosmovisor/genesis'));
});

test('a prune leaves what a running build uses, and takes it afterwards', async () => {
  const root = mkdtempSync(join(scratch, 'at-'));
  const wait = `@echo waiting; until test -e ${root}/go; do sleep 0.1; done`;
  const makefile = `${soundMakefile}build:\n\t${wait}\n\tgit fsck --full && mkdir build && $(CC) $(CPPFLAGS) main.c -o build/demod\n`;
  const slow = await chainSandbox(root, { files: { Makefile: makefile, 'main.c': soundProgram } });
  const running = slow.start(['stage-genesis', '--verbose']);
  await waitUntil('the build runs', () => running.said().includes('waiting'), 30_000);
  const pruned = jsonOf(await slow.run(['cache', 'prune', '--json'])) as { inUse: string[] };
  expect(pruned.inUse).toEqual([expect.stringContaining('/builds/build-')]);
  expect(namesBelow(join(root, 'cache/cvtool/mirrors'))).not.toEqual([]);
  writeFileSync(join(root, 'go'), '');
  expect((await running.ended).status).toBe(0);
  expect(jsonOf(await slow.run(['cache', 'prune', '--json']))).toMatchObject({ ok: true, inUse: [] });
  expect(namesBelow(join(root, 'cache/cvtool')).filter((name) => name.includes('/'))).toEqual([]);
});

test('cache: path, size and prune, as text and as data', async () => {
  const cache = join(sandbox.root, 'cache/cvtool');
  expect((await sandbox.run(['cache', 'path'])).stdout).toBe(`${cache}\n`);
  expect(jsonOf(await sandbox.run(['cache', '--json']))).toEqual({
    ok: true,
    path: cache,
    sizes: { mirrors: 0, builds: 0, toolchains: 0, logs: 0 },
  });
  await sandbox.run(['stage-genesis']);
  const { sizes } = jsonOf(await sandbox.run(['cache', 'size', '--json'])) as { sizes: { mirrors: number } };
  expect(sizes.mirrors).toBeGreaterThan(10_000);
  expect((await sandbox.run(['cache'])).stdout).toMatch(
    /^\/.*\n {2}mirrors +0\.\d MiB\n(.*\n)+ {2}total +0\.\d MiB\n$/,
  );
  expect((await sandbox.run(['cache', 'prune'])).stdout).toMatch(/^0\.\d MiB freed in .*\n$/);
  expect(existsSync(join(cache, 'mirrors/git'))).toBe(false);
  expect((await sandbox.run(['stage-upgrade', 'v2.1.0'])).status).toBe(0); // and all is made again
});

test('an invented chain with other names, its own library and no version like v1.0: staged from its recipe alone', async () => {
  const root = mkdtempSync(join(scratch, 'at-'));
  const { files, recipe } = quokka();
  const chain = await chainSandbox(root, { files });
  const [id = ''] = spawnSync('git', ['-C', join(root, 'repository'), 'rev-parse', 'HEAD'], {
    encoding: 'utf8',
  }).stdout.split('\n');
  spawnSync('git', ['-C', join(root, 'repository'), 'tag', 'release/adult', id]);
  writeFileSync(join(root, 'chain.yaml'), recipe.replaceAll('COMMIT', id));
  const home = { DAEMON_HOME: '', DAEMON_NAME: '' };
  const { status, stdout, stderr } = await chain.run(['stage-upgrade', 'Adult Quokka'], home);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain('the folder is upgrades/adult%20quokka');
  const folder = join(root, 'user/.local/share/quokka/cosmovisor/upgrades/adult%20quokka');
  expect(namesBelow(folder)).toEqual([
    'SHA256SUMS',
    ...['bin', 'bin/quokkad', 'lib', 'lib/libpouch.so.2'],
    ...['manifest.json', 'provenance.intoto.jsonl', 'sbom.cdx.json'],
  ]);
  expect(spawnSync(join(folder, 'bin/quokkad'), ['--version'], { env: {}, encoding: 'utf8' }).stdout).toBe(
    'release: release/adult\n',
  );
  expect(JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'))).toMatchObject({
    recipe: { name: 'quokka' },
    daemon: 'quokkad',
    build: { commands: [['make', '-C', 'src', 'all']], environment: { OPTIMISE: '3' } },
    libraries: [{ name: 'libpouch.so.2' }],
  });
});

/** A program in C under src/, which asks git for the tag's whole name and takes its optimisation from the recipe. */
function quokka() {
  const makefile = `TAG := $(shell git describe --tags)
all:
	mkdir -p out
	$(CC) -shared -fPIC pouch.c -o out/libpouch.so.2 -Wl,-soname,libpouch.so.2
	$(CC) -O$(OPTIMISE) -DTAG='"$(TAG)"' main.c -o out/quokkad out/libpouch.so.2 -Wl,-rpath,$(CURDIR)/out
`;
  const files = {
    'src/Makefile': makefile,
    'src/pouch.c': 'int pouch(void) { return 0; }\n',
    'src/main.c': '#include <stdio.h>\nint pouch(void);\nint main(void) { puts("release: " TAG); return pouch(); }\n',
  };
  const recipe = `schema: 1
name: quokka
chain: quokka-1
repository: ./repository
daemon: quokkad
home: ~/.local/share/quokka
build: { environment: { OPTIMISE: '3' }, commands: [[make, -C, src, all]], timeLimit: 90s }
artifact: src/out/quokkad
version: { arguments: [--version], ofTag: whole, fields: { version: release } }
libraries: { pouch: { files: [libpouch.so.2] } }
releases:
  - { genesis: true, tag: v1.0.0, commit: COMMIT }
  - { upgrade: Adult Quokka, tag: release/adult, commit: COMMIT, height: 500 }
`;
  return { files, recipe };
}
