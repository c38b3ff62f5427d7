// L3 with real libraries: two versions of wasmvm from the Go module proxy, of one name and with the same symbols.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { fromBuffer, openByteSource } from '../../src/elf/bytes.js';
import { readElf } from '../../src/elf/elf-file.js';
import { rewriteRunpath } from '../../src/elf/runpath.js';
import { sha256OfFile } from '../../src/evidence/sha256.js';
import type { Manifest } from '../../src/evidence/manifest.js';
import { knownWasmvm } from '../../src/verify/known-libraries.js';
import { versionSaidBy } from '../../src/verify/library-version.js';
import { runGo, writeFiles } from '../support/go-program.js';
import { needs } from '../support/needs.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { failures, levelsOf, StagedFixture } from './staged-fixture.js';

const scratch = scratchFolder();
const online = { toolchain: 'local' };

/** Where the Go command has put a module. */
function moduleFolder(path: string, version: string): string {
  return (JSON.parse(runGo(scratch, ['mod', 'download', '-json', `${path}@${version}`], online)) as { Dir: string })
    .Dir;
}

/** A program built with wasmvm v1.0.0-beta7, staged with this file as its libwasmvm.so. */
function stageWith(library: string): StagedFixture {
  const staged = new StagedFixture();
  const source = join(scratch, 'quokka');
  writeFiles(source, {
    'go.mod': 'module example.org/quokka\n\ngo 1.21\n\nrequire github.com/CosmWasm/wasmvm v1.0.0-beta7\n',
    'main.go': [
      'package main',
      'import ("fmt"; "os"; "github.com/CosmWasm/wasmvm/api")',
      'func main() {',
      '  if len(os.Args) > 9 { api.InitCache(os.Args[0], "staking", 1, 1) }',
      '  fmt.Println("version: 1.0.0"); fmt.Println("commit: 0123456")',
      '}',
    ].join('\n'),
  });
  for (const part of ['', 'bin', 'lib']) mkdirSync(join(staged.folder, part), { recursive: true, mode: 0o755 });
  runGo(source, ['build', '-o', staged.binary, '.'], { ...online, environment: { CGO_ENABLED: '1' } });
  const image = readFileSync(staged.binary);
  rewriteRunpath(image, '$ORIGIN/../lib');
  writeFileSync(staged.binary, image);
  copyFileSync(library, join(staged.folder, 'lib/libwasmvm.so'));
  chmodSync(join(staged.folder, 'lib/libwasmvm.so'), 0o755);
  return staged;
}

const minutes = 60_000;
const withModules = (name: string, fn: () => unknown) =>
  needs({ go: true, network: true, slow: true })(name, fn, 5 * minutes);
const wasmvm = 'github.com/CosmWasm/wasmvm';

withModules(
  'the library of another version passes L1 and L2 and is started; only L3 fails, and says which one it is',
  async () => {
    const right = join(moduleFolder(wasmvm, 'v1.0.0-beta7'), 'api/libwasmvm.so');
    const wrong = join(moduleFolder(wasmvm, 'v0.14.0'), 'api/libwasmvm.so');
    const good = await stageWith(right).judge();
    expect(failures(good)).toEqual([]);
    expect(good.findings.find(({ level }) => level === 'L3')?.text).toBe(
      `libwasmvm.so is that of ${wasmvm} v1.0.0-beta7: its digest is the known one`,
    );
    expect(good.modules.get('libwasmvm.so')).toMatchObject({ path: wasmvm, version: 'v1.0.0-beta7' });

    const bad = stageWith(wrong);
    const verdict = await bad.judge();
    expect(levelsOf(verdict, 'fail')).toEqual(['L3']);
    expect(verdict.said).toBeDefined(); // it was started, and noticed nothing
    expect(failures(verdict)[0]).toMatch(
      /^L3 libwasmvm\.so is not that of github\.com\/CosmWasm\/wasmvm v1\.0\.0-beta7, .*: it is that of v0\.14\.0/,
    );

    const odd = stageWith(right);
    writeFileSync(join(odd.folder, 'lib/libwasmvm.so'), Buffer.concat([readFileSync(right), Buffer.from('\0')]));
    expect(levelsOf(await odd.judge(), 'fail')).toEqual(['L3']);
  },
);

withModules(
  'a version that no table has is held against the module cache, then the manifest, else it is unknown',
  async () => {
    // The same build information, as a fork's would be: a version of the same length that nobody knows.
    const staged = stageWith(join(moduleFolder(wasmvm, 'v1.0.0-beta7'), 'api/libwasmvm.so'));
    const image = readFileSync(staged.binary, 'latin1').replaceAll('v1.0.0-beta7', 'v1.0.0-betax');
    writeFileSync(staged.binary, image, 'latin1');
    const L3 = async (manifest: Manifest, moduleCaches: readonly string[] = []) =>
      (await staged.judge({ manifest }, { moduleCaches })).findings.find(({ level }) => level === 'L3');
    const [recorded] = staged.manifest().libraries;
    const of = (version: string): Manifest => ({
      ...staged.manifest(),
      libraries: [{ ...recorded!, module: wasmvm, version }],
    });
    expect(await L3(of('v1.0.0-betax'))).toMatchObject({
      status: 'pass',
      text: expect.stringContaining('recorded at staging'),
    });
    expect(await L3(of('v1.0.0-betay'))).toMatchObject({ status: 'unknown' });
    const nothing = { ...staged.manifest(), libraries: [] };
    expect(await L3(nothing)).toMatchObject({
      status: 'fail',
      text: expect.stringContaining('it is that of v1.0.0-beta7'),
    });

    const cache = join(scratch, 'cache');
    const api = join(cache, 'github.com/!cosm!wasm/wasmvm@v1.0.0-betax/api');
    mkdirSync(api, { recursive: true });
    copyFileSync(join(staged.folder, 'lib/libwasmvm.so'), join(api, 'libwasmvm.so'));
    expect(await L3(nothing, [join(scratch, 'none'), cache])).toMatchObject({
      status: 'pass',
      text: expect.stringContaining('module cache'),
    });
    writeFileSync(join(api, 'libwasmvm.so'), 'another');
    expect(await L3(of('v1.0.0-betax'), [cache])).toMatchObject({ status: 'fail' });
  },
);

withModules(
  'each digest of the table is that of the module, and each library says its version where it has one',
  () => {
    for (const [version, files] of Object.entries(knownWasmvm)) {
      const path = /^v([2-9])\./.exec(version) === null ? wasmvm : `${wasmvm}/v${version.charAt(1)}`;
      const folder = join(moduleFolder(path, version), /^v(?:0\.|1\.0\.)/.test(version) ? 'api' : 'internal/api');
      for (const [file, digest] of Object.entries(files)) {
        expect([version, file, sha256OfFile(join(folder, file))]).toEqual([version, file, digest]);
        const source = openByteSource(join(folder, file));
        const said = versionSaidBy({ ...readElf(source), source });
        source.close();
        const hasOne = !/^v0\.|beta/.test(version);
        expect([version, file, said]).toEqual([version, file, hasOne ? version.slice(1) : undefined]);
      }
    }
  },
);

test('what is not exactly a function that returns a string is no answer', () => {
  const library = new StagedFixture().shop;
  const said = (source: string) => {
    const path = library.library('libv.so', { source, flags: ['-O2'] });
    const image = readFileSync(path);
    return versionSaidBy(readElf(fromBuffer(path, image)));
  };
  expect(said('const char *version_str(void) { return "1.2.3"; }')).toBe('1.2.3');
  expect(said('const char *version_str(void) { return "1.2.3-rc.1"; }')).toBe('1.2.3-rc.1');
  expect(said('const char *version_str(void) { return "none of it"; }')).toBeUndefined();
  expect(said('char v[9]; const char *version_str(void) { v[0]++; return v; }')).toBeUndefined();
  expect(said('int version_str = 3;')).toBeUndefined();
  expect(said('int other(void) { return 3; }')).toBeUndefined();
});
