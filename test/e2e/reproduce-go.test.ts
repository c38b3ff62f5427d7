// `cvtool reproduce` on a small chain in Go, whose library comes from the module cache as wasmvm's does: a module proxy in a folder
// has it, so nothing is fetched from elsewhere.
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, describe, expect } from 'vitest';

import { moduleHash } from '../../src/values/module-hash.js';
import { compileC } from '../support/compile-c.js';
import { runGo, writeFiles } from '../support/go-program.js';
import { makeZip } from '../support/make-zip.js';
import { needs } from '../support/needs.js';
import { runTool } from '../support/run-tool.js';
import { chainSandbox, expectError, jsonOf, soundMakefile, type Sandbox } from '../support/sandbox.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const needsGo = needs({ go: true });
const module = 'example.org/pouch';
const version = 'v1.0.0';

/** The module with its library, as wasmvm is laid out; @returns the proxy's folder and the lines of go.sum */
function pouch(): { readonly proxy: string; readonly sums: string } {
  const goMod = `module ${module}\n\ngo 1.21\n`;
  const go = `package pouch

// #cgo LDFLAGS: -Wl,-rpath,\${SRCDIR} -L\${SRCDIR} -lpouch
// void pouch(char *version, char *commit);
import "C"

func Say(version, commit string) { C.pouch(C.CString(version), C.CString(commit)) }
`;
  const c = `#include <stdio.h>
void pouch(char *version, char *commit) { printf("version: %s\\ncommit: %s\\n", version, commit); fflush(stdout); }
`;
  const library = readFileSync(compileC(scratch, 'libpouch.so', c, ['-shared', '-fPIC']));
  const files = { 'go.mod': goMod, 'pouch.go': go, 'libpouch.so': library };
  const entries = Object.entries(files).map(([name, content]) => ({ name: `${module}@${version}/${name}`, content }));
  const digest = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
  const whole = moduleHash(new Map(entries.map(({ name, content }) => [name, digest(content)])));
  const mod = moduleHash(new Map([['go.mod', digest(goMod)]]));
  const proxy = join(scratch, 'proxy');
  const at = join(proxy, module, '@v');
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, `${version}.info`), JSON.stringify({ Version: version }));
  writeFileSync(join(at, `${version}.mod`), goMod);
  writeFileSync(join(at, `${version}.zip`), makeZip(entries));
  return { proxy, sums: `${module} ${version} ${whole}\n${module} ${version}/go.mod ${mod}\n` };
}

/** The chain, staged as genesis. */
async function stagedChain(): Promise<Sandbox> {
  const { proxy, sums } = pouch();
  const goVersion = runGo('/', ['env', 'GOVERSION'], { toolchain: 'local' }).trim().slice('go'.length);
  const chain = await chainSandbox(mkdtempSync(join(scratch, 'at-')), {
    files: {
      'go.mod': `module example.org/chain\n\ngo 1.21\n\nrequire ${module} ${version}\n`,
      'go.sum': sums,
      'main.go': `package main\n\nimport "${module}"\n\nvar version, commit string\n\nfunc main() { pouch.Say(version, commit) }\n`,
      Makefile: `${soundMakefile}build:\n\tgo build -ldflags '-X main.version=$(VERSION) -X main.commit=$(COMMIT)' -o build/demod .\n`,
    },
  });
  const recipe = String(chain.environment.CVTOOL_RECIPE);
  const rules = `go: [{ version: ${goVersion}, tags: [v1.0.0] }]\nbuild:`;
  writeFileSync(recipe, readFileSync(recipe, 'utf8').replace('build:', rules));
  const environment = { ...chain.environment, GOPROXY: `file://${proxy}` };
  const run: Sandbox['run'] = (args, variables) => chain.run(args, { ...environment, ...variables });
  const staged = await run(['stage-genesis']);
  expect(staged.status, staged.stdout + staged.stderr).toBe(0);
  return { ...chain, environment, run };
}

describe('a chain in Go', () => {
  let sandbox: Sandbox;
  let folder: string;
  let staged: Promise<Sandbox> | undefined;
  afterAll(() => {
    if (staged !== undefined) runTool('chmod', ['-R', 'u+w', scratch]); // go leaves a module cache read-only
  });
  const prepare = async (): Promise<void> => {
    sandbox = await (staged ??= stagedChain());
    folder = join(sandbox.home, 'cosmovisor/genesis');
  };

  needsGo(
    'another user with another module cache and another cache: the same bytes',
    async () => {
      await prepare();
      const user = join(sandbox.root, 'another user, whose home has a longer name');
      const document = jsonOf(
        await sandbox.run(['reproduce', 'genesis', '--json'], {
          HOME: user,
          XDG_CACHE_HOME: join(user, 'a cache'),
          GOMODCACHE: join(sandbox.root, 'modules'),
        }),
      );
      expect(document).toMatchObject({ ok: true, differences: [] });
      expect((document.files as { path: string }[]).map(({ path }) => path)).toEqual(['bin/demod', 'lib/libpouch.so']);
    },
    300_000,
  );

  needsGo(
    'a binary that was built with other settings: Go build info, before sections and strings',
    async () => {
      await prepare();
      const binary = join(folder, 'bin/demod');
      const sound = join(scratch, 'sound');
      copyFileSync(binary, sound);
      const clone = join(scratch, 'clone');
      runTool('git', ['clone', '--quiet', String(sandbox.environment.CVTOOL_REPO), clone]);
      const environment = { ...sandbox.environment, GOFLAGS: '-trimpath' };
      writeFiles(clone, {
        'more.go': '//go:build more\n\npackage main\n\nfunc init() { version += " of another kind" }\n',
      });
      runGo(clone, ['build', '-tags', 'more', '-o', binary, '.'], { toolchain: 'local', environment });
      const ended = await sandbox.run(['reproduce', 'genesis', '--json']);
      copyFileSync(sound, binary);
      expectError(ended, 'NOT_REPRODUCED', ['Go build info: bin/demod: setting -tags: more staged, nothing built\n']);
      const kinds = (jsonOf(ended).differences as { kind: string }[]).map(({ kind }) => kind);
      expect([...new Set(kinds)]).toEqual(['Go build info', 'sections', 'strings']);
      rmSync(clone, { recursive: true });
    },
    300_000,
  );

  needsGo(
    'another Go in the manifest, which the recipe does not take: the first difference',
    async () => {
      await prepare();
      const path = join(folder, 'manifest.json');
      const sound = readFileSync(path, 'utf8');
      const manifest = JSON.parse(sound) as { build: { go: string; environment: Record<string, string> } };
      const { go } = manifest.build;
      manifest.build.go = '1.99.9';
      manifest.build.environment.CGO_CFLAGS = '-O1';
      writeFileSync(path, JSON.stringify(manifest));
      const { status, stdout } = await sandbox.run(['reproduce', 'genesis']);
      writeFileSync(path, sound);
      expect(status).toBe(0); // the bytes are the same, whatever the manifest says
      expect(stdout).toContain(`Note: compiler: Go: 1.99.9 at staging, ${go} now; the bytes are the same\n`);
      expect(stdout).toContain('Note: compiler: CGO_CFLAGS: -O1 at staging, -g -O2');
    },
    300_000,
  );
});
