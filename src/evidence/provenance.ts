// Where a staged folder's bytes come from, in the form that other tools read: an in-toto Statement v1 with SLSA provenance v1 as
// its predicate (slsa.dev/spec/v1.0/provenance), one line of JSON. Made of manifest and binary alone, so that it can be made again.
import { moduleUrl, type LinkedModule } from './go-modules.js';
import { documentNames, type Manifest } from './manifest.js';

export const provenanceName = documentNames[1];

/** What `externalParameters` and `internalParameters` mean; docs/manifest.md has the words. */
const buildType = 'urn:cvtool:build:1';
const builder = 'urn:cvtool:stage';

interface Resource {
  readonly name?: string;
  readonly uri?: string;
  readonly digest?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export function provenanceText(manifest: Manifest, modules: readonly LinkedModule[]): string {
  const { build, source, recipe, target } = manifest;
  const statement = {
    _type: 'https://in-toto.io/Statement/v1',
    subject: manifest.files.map(({ path, sha256 }) => ({ name: path, digest: { sha256 } })),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType,
        externalParameters: { repository: source.repository, tag: source.tag, target, daemon: manifest.daemon, recipe },
        internalParameters: {
          platform: build.platform,
          environment: sorted(build.environment),
          commands: build.commands,
          compiler: build.cc,
          linker: build.ld,
          libc: build.libc,
          goFrom: build.goFrom,
          rewritten: manifest.rewritten,
        },
        resolvedDependencies: dependencies(manifest, modules),
      },
      runDetails: {
        builder: { id: builder, version: { cvtool: manifest.cvtool } },
        metadata: { startedOn: build.startedAt, finishedOn: build.finishedAt },
      },
    },
  };
  return `${JSON.stringify(statement)}\n`;
}

function dependencies({ source, build, libraries }: Manifest, modules: readonly LinkedModule[]): Resource[] {
  return [
    { name: 'source', uri: `git+${source.repository}@${source.tag}`, digest: { gitCommit: source.commit } },
    ...(build.go === null ? [] : [{ name: 'go', uri: moduleUrl('stdlib', build.go) }]),
    ...modules.map(({ path, version, h1, replaces }) => ({
      uri: moduleUrl(path, version),
      ...(h1 === undefined ? {} : { digest: { goModuleH1: h1 } }), // in-toto's digest_set.md: h1 in hexadecimal
      ...(replaces === undefined ? {} : { annotations: { replaces } }),
    })),
    ...libraries.map(({ name, sha256, module, version }) => ({
      name,
      digest: { sha256 },
      ...(module === null ? {} : { uri: moduleUrl(module, version ?? '') }),
    })),
  ];
}

function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.keys(record)
      .sort()
      .map((key) => [key, record[key] ?? '']),
  );
}
