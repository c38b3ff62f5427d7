// Provenance, SBOM and sums of a staged folder: what other tools must be able to read, and the same bytes each time.
import { createHash } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import * as Spec from '@cyclonedx/cyclonedx-library/Spec';
import * as Validation from '@cyclonedx/cyclonedx-library/Validation';
import { expect, test } from 'vitest';

import { documentsOf } from '../../src/evidence/documents.js';
import { documentNames, type Manifest } from '../../src/evidence/manifest.js';
import { provenanceText } from '../../src/evidence/provenance.js';
import { sbomText } from '../../src/evidence/sbom.js';
import { sumsText } from '../../src/evidence/sums.js';
import { buildGo, writeFiles } from '../support/go-program.js';
import { needs } from '../support/needs.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';
import { stagedFolder } from '../support/staged-folder.js';

const scratch = scratchFolder();

function textOf(documents: ReturnType<typeof documentsOf>, name: string): string {
  return documents.find((document) => document.name === name)?.text ?? '';
}

/** A program with one module of each kind: as it is, replaced by another; sums as go.sum has them. */
function goProgram(): string {
  const folder = mkdtempSync(join(scratch, 'go-'));
  writeFiles(folder, {
    'go.mod': `module example.org/quokka\n\ngo 1.18\n\nrequire example.org/pouch v1.2.3\n\nreplace example.org/pouch => ./pouch\n`,
    'main.go': `package main\n\nimport "example.org/pouch"\n\nfunc main() { pouch.Open() }\n`,
    'pouch/go.mod': 'module example.org/pouch\n\ngo 1.18\n',
    'pouch/pouch.go': 'package pouch\n\nfunc Open() {}\n',
  });
  return buildGo(folder, 'quokkad', { toolchain: 'local', flags: ['-buildvcs=false'] });
}

async function expectValidSbom(text: string): Promise<void> {
  const problem = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text);
  expect(problem).toBeNull();
}

test('sha256sum -c passes over all that is listed, and over no byte more that is changed', () => {
  const { folder, manifest } = stagedFolder(scratch, '/bin/true');
  const documents = documentsOf(manifest, folder);
  expect(documents.map(({ name }) => name)).toEqual(documentNames);
  for (const { name, text } of documents) writeFileSync(join(folder, name), text);
  const check = (): string => runTool('sha256sum', ['--strict', '-c', 'SHA256SUMS'], { cwd: folder });
  const wanted = ['bin/quokkad', 'lib/libpouch.so', 'manifest.json', 'provenance.intoto.jsonl', 'sbom.cdx.json'];
  expect(check()).toBe(wanted.map((name) => `${name}: OK\n`).join(''));
  writeFileSync(join(folder, 'lib/libpouch.so'), 'other bytes');
  expect(check).toThrow('lib/libpouch.so: FAILED');
});

test('a name with a backslash in it is found by sha256sum', () => {
  const folder = mkdtempSync(join(scratch, 'names-'));
  writeFileSync(join(folder, 'a\\b'), 'x');
  const sha256 = createHash('sha256').update('x').digest('hex');
  writeFileSync(join(folder, 'SUMS'), sumsText([{ path: 'a\\b', sha256 }]));
  expect(runTool('sha256sum', ['--strict', '-c', 'SUMS'], { cwd: folder })).toContain('OK');
});

test('a program that is not of Go: an SBOM of its libraries, valid by the schema; the same bytes again', async () => {
  const { folder, manifest } = stagedFolder(scratch, '/bin/true');
  const documents = documentsOf(manifest, folder);
  await expectValidSbom(textOf(documents, 'sbom.cdx.json'));
  const reordered = JSON.parse(JSON.stringify(manifest)) as Manifest;
  reordered.build.environment = Object.fromEntries(Object.entries(manifest.build.environment).reverse());
  expect(textOf(documentsOf(reordered, folder), 'provenance.intoto.jsonl')).toBe(
    textOf(documents, 'provenance.intoto.jsonl'),
  );
  expect(documentsOf(manifest, folder)).toEqual(documents);
  expect(textOf(documents, 'sbom.cdx.json')).not.toContain('serialNumber');
});

needs({ go: true })('a Go program: module, replacement and Go stand in provenance and SBOM', async () => {
  const { folder, manifest } = stagedFolder(scratch, goProgram());
  const documents = documentsOf(manifest, folder);
  const sbom = textOf(documents, 'sbom.cdx.json');
  await expectValidSbom(sbom);
  const { components } = JSON.parse(sbom) as { components: { name: string; purl?: string }[] };
  expect(components.map(({ name }) => name).sort()).toEqual(['./pouch', 'libpouch.so', 'stdlib']);
  const line = textOf(documents, 'provenance.intoto.jsonl');
  expect(line.indexOf('\n')).toBe(line.length - 1);
  const statement = JSON.parse(line) as Record<string, unknown>;
  expect(statement).toMatchObject({
    _type: 'https://in-toto.io/Statement/v1',
    predicateType: 'https://slsa.dev/provenance/v1',
    subject: manifest.files.map(({ path, sha256 }) => ({ name: path, digest: { sha256 } })),
    predicate: {
      buildDefinition: {
        externalParameters: { tag: 'v2.0.0-1', target: { upgrade: 'v2' } },
        internalParameters: { compiler: 'gcc 12', commands: [['make', 'build']] },
        resolvedDependencies: [
          { uri: 'git+https://example.org/quokka@v2.0.0-1', digest: { gitCommit: 'c'.repeat(40) } },
          { uri: 'pkg:golang/stdlib@1.19.2' },
          { annotations: { replaces: 'example.org/pouch@v1.2.3' } },
          { name: 'libpouch.so', uri: 'pkg:golang/example.org/Pouch@v1.0.0' },
        ],
      },
      runDetails: { metadata: { startedOn: '2024-01-08T09:00:00.000Z' } },
    },
  });
});

test('sums of go.sum stand as in-toto and CycloneDX write them', async () => {
  const { manifest } = stagedFolder(scratch, '/bin/true');
  const h1 = '9afc9229f49627e50a5228b8e8ce342cebf259f374b3653ee3afe30ddd1ee829';
  const module = { path: 'example.org/Upper/v2', version: 'v2.0.0+incompatible', h1, replaces: undefined };
  const url = 'pkg:golang/example.org/Upper/v2@v2.0.0%2Bincompatible';
  expect(provenanceText(manifest, [module])).toContain(JSON.stringify({ uri: url, digest: { goModuleH1: h1 } }));
  const sbom = sbomText(manifest, [module]);
  await expectValidSbom(sbom);
  const { components } = JSON.parse(sbom) as { components: { purl?: string }[] };
  expect(components.find(({ purl }) => purl === url)).toMatchObject({ hashes: [{ alg: 'SHA-256', content: h1 }] });
});
