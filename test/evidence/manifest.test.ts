import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { manifestName, manifestText, readManifest, type Manifest } from '../../src/evidence/manifest.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
let count = 0;
const digest = 'ab'.repeat(32);
const manifest: Manifest = {
  schema: 1,
  cvtool: '0.1.0',
  target: { upgrade: 'a/b é' },
  daemon: 'panacead',
  recipe: { name: 'panacea', sha256: digest },
  source: { repository: 'https://host/x', tag: 'v2.0.5', commit: 'c'.repeat(40), commitTime: 1700000000 },
  build: {
    go: '1.19.2',
    goFrom: 'the recipe panacea',
    cc: 'gcc 12',
    ld: null,
    libc: null,
    platform: 'linux/x64',
    environment: { GOFLAGS: '-trimpath', LC_ALL: 'C' },
    commands: [
      ['make', 'clean'],
      ['make', 'build'],
    ],
    startedAt: '2024-01-01T00:00:00.000Z',
    finishedAt: '2024-01-01T00:01:00.000Z',
  },
  files: [
    { path: 'bin/panacead', sha256: digest, size: 12 },
    { path: 'lib/libwasmvm.so', sha256: digest, size: 0 },
  ],
  libraries: [{ name: 'libwasmvm.so', module: 'github.com/CosmWasm/wasmvm', version: 'v1.0.0', sha256: digest }],
  rewritten: ['runpath', 'build ids'],
  runpath: '$ORIGIN/../lib',
  glibcFloor: '2.34',
  version: { version: '2.0.5', commit: 'c'.repeat(40) },
};

test('what was written is read back', () => {
  expect(readManifest(folderWith(manifestText(manifest)))).toEqual(manifest);
  const genesis: Manifest = { ...manifest, target: { genesis: true }, libraries: [], runpath: null };
  expect(readManifest(folderWith(manifestText(genesis)))).toEqual(genesis);
});

test('a manifest is whole lines, for people too', () => {
  const text = manifestText(manifest);
  expect(text.endsWith('}\n')).toBe(true);
  expect(text.split('\n').length).toBeGreaterThan(40);
});

test('a folder without one was staged by somebody else: no answer, no error', () => {
  expect(readManifest(folderWith(undefined))).toBeUndefined();
  expect(readManifest(join(scratch, 'missing'))).toBeUndefined();
  writeFileSync(join(scratch, 'a file'), '');
  expect(readManifest(join(scratch, 'a file'))).toBeUndefined();
});

const changed = (changes: object): string => JSON.stringify({ ...manifest, ...changes });
test.each<[string, string]>([
  ['nothing', ''],
  ['half of it', manifestText(manifest).slice(0, 300)],
  ['no JSON', 'hello'],
  ['null', 'null'],
  ['a list', '[]'],
  ['another schema', changed({ schema: 2 })],
  ['no files', changed({ files: [] })],
  ['a field that is missing', changed({ source: undefined })],
  ['a size below zero', changed({ files: [{ path: 'bin/x', sha256: digest, size: -1 }] })],
  ['a size that is no whole number', changed({ files: [{ path: 'bin/x', sha256: digest, size: 1.5 }] })],
  ['a digest in capitals', changed({ files: [{ path: 'bin/x', sha256: digest.toUpperCase(), size: 1 }] })],
  ['a digest that is too short', changed({ files: [{ path: 'bin/x', sha256: 'ab', size: 1 }] })],
  ['a target of both kinds that is neither', changed({ target: {} })],
  ...[
    ...[
      '/etc/passwd',
      '../x',
      'bin/../../x',
      'bin/..',
      'bin/.',
      'bin/',
      'bin',
      'lib/a/b',
      'data/x',
      'bin/a\nb',
      'xbin/a',
    ],
    ...['bin/a\u0000', './bin/a', 'bin//a', ''],
  ].map(
    (path) =>
      [`the path ${JSON.stringify(path)}`, changed({ files: [{ path, sha256: digest, size: 1 }] })] as [string, string],
  ),
])('%s is damaged: the file is named, with the way out', (_, text) => {
  const folder = folderWith(text);
  expect(() => readManifest(folder)).toThrow(
    expect.objectContaining({
      code: 'MANIFEST_INVALID',
      message: expect.stringContaining(join(folder, manifestName)),
      hint: expect.stringContaining('--force'),
    }),
  );
});

test('a folder in the place of the manifest is damage, not a bug', () => {
  const folder = folderWith(undefined);
  mkdirSync(join(folder, manifestName));
  expect(() => readManifest(folder)).toThrow(expect.objectContaining({ code: 'MANIFEST_INVALID' }));
});

test('a hostile key changes no prototype', () => {
  const text = changed({}).replace('"LC_ALL"', '"__proto__":"x","constructor":"y","LC_ALL"');
  const read = readManifest(folderWith(text));
  expect(({} as Record<string, unknown>).x).toBeUndefined();
  expect(Object.getPrototypeOf(read?.build.environment)).toSatisfy(
    (prototype: unknown) => prototype === null || prototype === Object.prototype,
  );
});

test('what is not a manifest cannot be written', () => {
  expect(() => manifestText({ ...manifest, files: [{ path: '../x', sha256: digest, size: 1 }] })).toThrow();
});

function folderWith(text: string | undefined): string {
  const folder = join(scratch, `folder ${(count += 1)}`);
  mkdirSync(folder);
  if (text !== undefined) writeFileSync(join(folder, manifestName), text);
  return folder;
}
