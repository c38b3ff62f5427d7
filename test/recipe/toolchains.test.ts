import { readFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { parseRecipe } from '../../src/recipe/parse.js';
import { toolchainHash } from '../../src/recipe/release-table.js';
import { parseGoVersion } from '../../src/values/go-version.js';
import { needs } from '../support/needs.js';
import { runTool } from '../support/run-tool.js';

const hash = `h1:${'A'.repeat(43)}=`;

function recipe(toolchains: string): ReturnType<typeof parseRecipe> {
  return parseRecipe(`schema: 1
name: small
daemon: smalld
home: ~/.small
go: [{ version: 1.22.0, alternatives: [1.22.12], tags: [v1*] }]
build: { commands: [[make]], timeLimit: 5m }
artifact: build/smalld
version: { fields: { version: version } }
releases: []
toolchains: ${toolchains}
`);
}

test('a toolchain is known by its version and platform', () => {
  const parsed = recipe(`{ 1.22.0: { linux-amd64: '${hash}' }, 1.22.12: {} }`);
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'));
  expect(toolchainHash(parsed.recipe, parseGoVersion('1.22.0'), 'linux-amd64')).toBe(hash);
  expect(toolchainHash(parsed.recipe, parseGoVersion('1.22.0'), 'linux-arm64')).toBeUndefined();
  expect(toolchainHash(parsed.recipe, parseGoVersion('1.22.12'), 'linux-amd64')).toBeUndefined();
  expect(toolchainHash(parsed.recipe, parseGoVersion('1.19.2'), 'constructor')).toBeUndefined();
});

test.each([
  [`{ 1.22.0: { linux-amd64: '${'0'.repeat(64)}' } }`, 'is no hash of a Go module'],
  [`{ 1.22.0: { linux/amd64: '${hash}' } }`, 'is no platform of Go'],
  [`{ latest: { linux-amd64: '${hash}' } }`, 'is no version of Go'],
  [`{ 1.19.2: { linux-amd64: '${hash}' } }`, 'is a Go that builds no tag here'],
  ['[]', 'must be a group of keys'],
])('%s', (toolchains, problem) => {
  expect(recipe(toolchains)).toEqual({ problems: [expect.stringContaining(problem)] });
});

needs({ go: true, network: true, slow: true })(
  "panacea's hashes are those that the go command records of what it has fetched",
  () => {
    const text = readFileSync(new URL('../../recipes/panacea.yaml', import.meta.url), 'utf8');
    const parsed = parseRecipe(text);
    if ('problems' in parsed) throw new Error(parsed.problems.join('\n'));
    const all = Object.entries(parsed.recipe.toolchains).flatMap(([version, hashes]) =>
      Object.entries(hashes).map(([platform, own]) => ({ version, platform, own })),
    );
    expect(all.length).toBeGreaterThan(0);
    for (const { version, platform, own } of all) {
      const module = `golang.org/toolchain@v0.0.1-go${version}.${platform}`;
      const said = runTool('go', ['mod', 'download', '-json', module], { environment: { GOFLAGS: '' } });
      expect((JSON.parse(said) as { Sum: string }).Sum, module).toBe(own);
    }
  },
  600_000,
);
