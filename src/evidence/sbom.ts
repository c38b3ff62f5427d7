// What a staged program is made of, as CycloneDX 1.6 JSON: the Go modules in its build information, its Go, its libraries. No
// serial number and no time of today: the same program gives the same bytes.
import * as Enums from '@cyclonedx/cyclonedx-library/Enums';
import * as Models from '@cyclonedx/cyclonedx-library/Models';
import * as Serialize from '@cyclonedx/cyclonedx-library/Serialize';
import * as Spec from '@cyclonedx/cyclonedx-library/Spec';

import { moduleUrl, type LinkedModule } from './go-modules.js';
import { documentNames, type Manifest } from './manifest.js';

export const sbomName = documentNames[2];

const { Component, Property } = Models;
const { ComponentType, HashAlgorithm } = Enums;

export function sbomText(manifest: Manifest, modules: readonly LinkedModule[]): string {
  const { source, daemon, build } = manifest;
  const program = new Component(ComponentType.Application, daemon, {
    bomRef: `bin/${daemon}`,
    version: source.tag,
    hashes: sha256(manifest.files.find(({ path }) => path === `bin/${daemon}`)?.sha256),
    properties: new Models.PropertyRepository([
      new Property('cvtool:repository', source.repository),
      new Property('cvtool:commit', source.commit),
      new Property('cvtool:platform', build.platform),
    ]),
  });
  const parts = [
    ...(build.go === null ? [] : [goComponent(build.go)]),
    ...modules.map(moduleComponent),
    ...manifest.libraries.map(libraryComponent),
  ];
  for (const { bomRef } of parts) program.dependencies.add(bomRef);
  const bom = new Models.Bom({
    metadata: new Models.Metadata({
      timestamp: new Date(source.commitTime * 1000),
      component: program,
      tools: new Models.Tools({
        components: new Models.ComponentRepository([
          new Component(ComponentType.Application, 'cvtool', { version: manifest.cvtool }),
        ]),
      }),
    }),
    components: new Models.ComponentRepository(parts),
  });
  const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return `${new Serialize.JsonSerializer(factory).serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function goComponent(version: string): Models.Component {
  const purl = moduleUrl('stdlib', version);
  return new Component(ComponentType.Library, 'stdlib', { bomRef: purl, version, purl });
}

function moduleComponent({ path, version, h1, replaces }: LinkedModule): Models.Component {
  const purl = moduleUrl(path, version);
  return new Component(ComponentType.Library, path, {
    bomRef: purl,
    version,
    purl,
    hashes: sha256(h1), // of the module as go.sum hashes it, which is how Go's own SBOM tools write it
    properties: new Models.PropertyRepository(
      replaces === undefined ? [] : [new Property('cvtool:replaces', replaces)],
    ),
  });
}

function libraryComponent({ name, sha256: digest, module, version }: Manifest['libraries'][number]): Models.Component {
  return new Component(ComponentType.Library, name, {
    bomRef: `lib/${name}`,
    ...(version === null ? {} : { version }),
    hashes: sha256(digest),
    properties: new Models.PropertyRepository(module === null ? [] : [new Property('cvtool:module', module)]),
  });
}

function sha256(digest: string | undefined): Models.HashDictionary {
  return new Models.HashDictionary(
    digest === undefined || digest === '' ? [] : [[HashAlgorithm['SHA-256'], digest] as const],
  );
}
