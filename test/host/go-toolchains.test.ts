import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { expect, test } from 'vitest';

import {
  chooseGo,
  fetchGo,
  goPlatform,
  goSettings,
  installedGos,
  type GoChoice,
  type GoToolchain,
} from '../../src/host/go-toolchains.js';
import { findCommand } from '../../src/host/find-command.js';
import { parseGoVersion } from '../../src/values/go-version.js';
import { needs } from '../support/needs.js';
import { removeTree } from '../../src/home/remove-tree.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';

const scratch = scratchFolder();
const platform = goPlatform();
let count = 0;

test.each([
  ['go version go1.19.2 linux/amd64', '1.19.2'],
  ['go version go1.20 linux/arm64', '1.20'],
  ['go version go1.24.1 X:nocoverageredesign linux/amd64', '1.24.1'],
  ['go version go1.22.9 (Red Hat 1.22.9-2.el9_5) linux/amd64', '1.22.9'],
  ['go version devel go1.23-abcdef Mon linux/amd64', undefined],
  ['go version go1.21.0-custom linux/amd64', undefined],
  ['gccgo something', undefined],
  ['', undefined],
])('PATH has a go that says %j: %s', async (said, version) => {
  const root = fakeGo(`[ "$1" = version ] && echo '${said}' || echo "$(dirname "$(dirname "$0")")"`);
  const [first] = await gosOf({ PATH: `${root}/bin:/usr/bin:/bin` });
  if (version === undefined) expect(first?.root).not.toBe(root);
  else expect(first).toEqual({ version, root, from: 'installed' });
});

test.each([
  ['fails', 'exit 1'],
  ['says no GOROOT', `[ "$1" = version ] && echo 'go version go1.19.2 linux/amd64' || echo ''`],
  ['says a GOROOT that has no go', `[ "$1" = version ] && echo 'go version go1.19.2 linux/amd64' || echo /nowhere`],
])('a go that %s is passed over', async (_, body) => {
  const root = fakeGo(body);
  expect((await gosOf({ PATH: `${root}/bin:/usr/bin:/bin` })).map((go) => go.root)).not.toContain(root);
});

test('a go is asked in an environment of its own, and writes into no home', async () => {
  const root = fakeGo(
    `env > "$(dirname "$0")/env"; [ "$1" = version ] && echo 'go version go1.19.2 linux/amd64' || echo "$(dirname "$(dirname "$0")")"`,
  );
  await gosOf({
    PATH: `${root}/bin:/usr/bin:/bin`,
    GOFLAGS: '-mod=mod',
    GOROOT: '/elsewhere',
    GOTOOLCHAIN: 'go1.99.0',
  });
  const said = runTool('cat', [join(root, 'bin/env')]);
  expect(said).toMatch(/^GOTOOLCHAIN=local$/m);
  expect(said).toMatch(/^GOENV=off$/m);
  expect(said).not.toMatch(/^GOROOT=|^GOFLAGS=./m);
  expect(existsSync('/nonexistent')).toBe(false);
});

test('toolchains that were fetched before: those of this machine, whole and executable', async () => {
  const cache = join(scratch, 'cache');
  const name = (version: string, of = platform) => join(cache, 'golang.org', `toolchain@v0.0.1-go${version}.${of}`);
  const whole = name('1.19.2');
  fakeGoIn(whole, 'exit 1'); // its folder's name says what it is
  fakeGoIn(name('1.20.1'), 'exit 1');
  fakeGoIn(name('1.20.2', 'linux-mips64'), 'exit 1');
  fakeGoIn(name('1.20.3'), 'exit 1');
  const marks = join(cache, 'cache/download/golang.org/toolchain/@v');
  mkdirSync(marks, { recursive: true });
  writeFileSync(join(marks, `v0.0.1-go1.20.1.${platform}.partial`), ''); // of a fetch that was killed
  chmodSync(join(name('1.20.3'), 'bin/go'), 0o644);
  mkdirSync(name('1.20.4'));
  const found = await installedGos({ PATH: '/usr/bin:/bin', HOME: '/dev/null' }, cache);
  expect(found.filter(({ from }) => from === 'fetched')).toEqual([{ version: '1.19.2', root: whole, from: 'fetched' }]);
});

test('odd things where Go may lie are passed over', async () => {
  const home = join(scratch, 'odd home');
  mkdirSync(join(home, 'go'), { recursive: true });
  writeFileSync(join(home, 'sdk'), 'a file');
  writeFileSync(join(home, 'go/pkg'), 'a file');
  await expect(gosOf({ PATH: '/usr/bin:/bin', HOME: home })).resolves.toBeInstanceOf(Array);
});

const old = go('1.19.2');
const newer = go('1.22.0');
test.each([
  ['the exact one is here', '1.19.2', [], [newer, old], false, 'installed 1.19.2'],
  ['the exact one, also offline', '1.19.2', [], [newer, old], true, 'installed 1.19.2'],
  ['1.20.0 is 1.20', '1.20.0', [], [go('1.20')], true, 'installed 1.20'],
  ['the exact one before an alternative', '1.22.0', ['1.22.5'], [go('1.22.5'), newer], false, 'installed 1.22.0'],
  ['a Go of 1.21 or later fetches it', '1.16.15', [], [old, newer], false, 'fetch 1.16.15 by 1.22.0'],
  ['1.21.0 itself does', '1.16.15', [], [go('1.21.0')], false, 'fetch 1.16.15 by 1.21.0'],
  ['1.21rc2 does not', '1.16.15', [], [go('1.21rc2')], false, undefined],
  ['an older one does not', '1.16.15', [], [old], false, undefined],
  ['offline nobody does', '1.16.15', [], [newer], true, undefined],
  ['none is here', '1.16.15', ['1.16.16'], [], false, undefined],
  ['alternatives are fetched after it', '1.22.1', ['1.22.2'], [newer], false, 'fetch 1.22.1,1.22.2 by 1.22.0'],
  [
    'an installed alternative waits for the fetch',
    '1.22.1',
    ['1.22.2'],
    [go('1.22.2')],
    false,
    'fetch 1.22.1,1.22.2 by 1.22.2',
  ],
  ['offline it will do', '1.22.1', ['1.22.2'], [go('1.22.2')], true, 'installed 1.22.2'],
  ['where nobody can fetch it will do', '1.19.1', ['1.19.2'], [old], false, 'installed 1.19.2'],
  ['the first alternative wins', '1.19.1', ['1.19.3', '1.19.2'], [old, go('1.19.3')], true, 'installed 1.19.3'],
  [
    'one that was fetched before will do',
    '1.22.1',
    ['1.22.2'],
    [newer, go('1.22.2', 'fetched')],
    false,
    'installed 1.22.2',
  ],
  ['a later one that nobody listed will not', '1.19.1', [], [old, newer], true, undefined],
] as const)('%s', (_, wanted, alternatives, installed, offline, expected) => {
  const choice = chooseGo(parseGoVersion(wanted), alternatives.map(parseGoVersion), installed, offline);
  expect(textOf(choice)).toBe(expected);
});

test.each([
  ['where no Go can fetch it we do', [], false, 'download 1.16.15'],
  ['a Go that can goes before', [newer], false, 'fetch 1.16.15,1.16.16 by 1.22.0'],
  ['offline we do not', [], true, undefined],
  ['an installed alternative waits for it', [go('1.16.16')], false, 'download 1.16.15'],
  ['the exact one needs nobody', [go('1.16.15')], false, 'installed 1.16.15'],
] as const)('what cvtool can download by itself: %s', (_, installed, offline, expected) => {
  const [wanted, other] = [parseGoVersion('1.16.15'), parseGoVersion('1.16.16')];
  expect(textOf(chooseGo(wanted, [other], installed, offline, (version) => version === wanted))).toBe(expected);
});

test('without a Go the settings are what the environment says', async () => {
  expect(await goSettings(undefined, { GOPROXY: 'https://proxy.example', GOFLAGS: '-x', GONOSUMDB: '' })).toEqual({
    GOPROXY: 'https://proxy.example',
  });
});

test('a Go that does not say its settings is told, with its words', async () => {
  const root = fakeGo('echo "the file is broken" >&2; exit 2');
  const broken: GoToolchain = { version: parseGoVersion('1.22.0'), root, from: 'installed' };
  await expect(goSettings(broken, { PATH: '/usr/bin:/bin' })).rejects.toMatchObject({
    code: 'HOST_NOT_READY',
    details: expect.arrayContaining([expect.stringContaining('the file is broken')]),
  });
});

needs({ go: true })('the real Go is found, and is the one of PATH', async () => {
  const [first] = await gosOf(process.env);
  expect(first).toMatchObject({
    version: /go version go(\S+)/.exec(runTool('go', ['version'], { environment: { GOTOOLCHAIN: 'local' } }))?.[1],
    root: runTool('go', ['env', 'GOROOT'], { environment: { GOTOOLCHAIN: 'local' } }).trim(),
  });
  expect(first?.root).not.toBe('');
});

needs({ go: true })('what `go env -w` has set is kept, and the environment goes before it', async () => {
  const file = join(scratch, 'go-env');
  const environment = { PATH: process.env.PATH, HOME: scratch, GOENV: file };
  runTool(
    'go',
    ['env', '-w', 'GOPROXY=https://a.example,direct', 'GONOSUMDB=b.example', 'GOFLAGS=-mod=mod', 'CGO_CFLAGS=-O0'],
    {
      environment: { ...environment, GOPROXY: '', GONOSUMDB: '' },
    },
  );
  const settings = await goSettings(await realGo(), { ...environment, GONOSUMDB: 'c.example' });
  expect(settings).toMatchObject({ GOPROXY: 'https://a.example,direct', GONOSUMDB: 'c.example' });
  expect(Object.keys(settings)).not.toContain('GOFLAGS');
  expect(Object.keys(settings)).not.toContain('CGO_CFLAGS');
  expect(settings.GOMODCACHE).toBe(join(scratch, 'go/pkg/mod'));
});

needs({ go: true })('a GOROOT of the caller does not break the question', async () => {
  const settings = await goSettings(await realGo(), { PATH: process.env.PATH, HOME: scratch, GOROOT: '/nowhere' });
  expect(settings.GOPATH).toBe(join(scratch, 'go'));
});

needs({ go: true })('a Go that cannot be had is named, with what the proxy said of each', async () => {
  const environment = { PATH: process.env.PATH, HOME: scratch };
  const settings = { GOPROXY: 'https://user:secret@127.0.0.1:1' };
  const versions = [parseGoVersion('1.99.1'), parseGoVersion('1.99.2')];
  const error: unknown = await fetchGo(
    ...([
      await realGo(),
      versions,
      settings,
      environment,
      join(scratch, 'toolchains'),
      new AbortController().signal,
    ] as const),
  ).catch((error: unknown) => error);
  expect(error).toMatchObject({ code: 'GO_MISSING', message: 'Go 1.99.1 or 1.99.2 cannot be fetched' });
  const { details } = error as { details: string[] };
  expect(details).toHaveLength(2);
  expect(details[0]).toMatch(/^go1\.99\.1: .*127\.0\.0\.1:1.*connection refused/);
  expect(details[1]).toMatch(/^go1\.99\.2: /);
  expect(details.join()).not.toContain('secret');
});

needs({ go: true })('an abort ends the fetch with its reason', async () => {
  const signal = AbortSignal.abort(new Error('the operator left'));
  const environment = { PATH: process.env.PATH, HOME: scratch };
  await expect(
    fetchGo(await realGo(), [parseGoVersion('1.99.1')], {}, environment, join(scratch, 'toolchains'), signal),
  ).rejects.toThrow('the operator left');
});

needs({ go: true, network: true })('a version that the proxy does not have is refused in its words', async () => {
  const environment = { ...process.env, HOME: scratch };
  const settings = await goSettings(await realGo(), process.env);
  await expect(
    fetchGo(
      ...([await realGo(), [parseGoVersion('1.19.99')], settings, environment, join(scratch, 'none')] as const),
      new AbortController().signal,
    ),
  ).rejects.toMatchObject({ code: 'GO_MISSING', details: [expect.stringMatching(/^go1\.19\.99: .*go1\.19\.99.*\S/)] });
});

needs({ go: true, network: true, slow: true })(
  'an old Go is fetched into a folder of ours, and found there the next time',
  async () => {
    const folder = join(scratch, 'fetched toolchains');
    try {
      const settings = await goSettings(await realGo(), process.env);
      const version = parseGoVersion('1.19.2');
      const fetched = await fetchGo(
        await realGo(),
        [version],
        settings,
        process.env,
        folder,
        new AbortController().signal,
      );
      expect(dirname(dirname(fetched.root))).toBe(folder);
      expect(runTool(join(fetched.root, 'bin/go'), ['version'])).toContain('go1.19.2');
      expect(readdirSync(join(folder, 'golang.org'))).toHaveLength(1);
      expect(await installedGos(process.env, folder)).toContainEqual(fetched);
    } finally {
      removeTree(folder); // Go makes it read-only
    }
  },
  300_000,
);

function textOf(choice: GoChoice | undefined): string | undefined {
  switch (choice?.kind) {
    case undefined:
      return undefined;
    case 'installed':
      return `installed ${choice.go.version}`;
    case 'fetch':
      return `fetch ${choice.versions.join(',')} by ${choice.by.version}`;
    case 'download':
      return `download ${choice.versions.join(',')}`;
  }
}

function go(version: string, from: GoToolchain['from'] = 'installed'): GoToolchain {
  return { version: parseGoVersion(version), root: `/go${version}`, from };
}

async function realGo(): Promise<GoToolchain> {
  const [first] = await gosOf(process.env);
  if (first === undefined) throw new Error(`no Go at ${String(findCommand('go', process.env.PATH))}`);
  return first;
}

function gosOf(environment: NodeJS.ProcessEnv) {
  return installedGos(environment, join(scratch, 'no toolchains'));
}

/** @returns its root */
function fakeGo(body: string): string {
  const root = join(scratch, `fake-${(count += 1)}`);
  fakeGoIn(root, body);
  return root;
}

function fakeGoIn(root: string, body: string): void {
  mkdirSync(join(root, 'bin'), { recursive: true });
  writeFileSync(join(root, 'bin/go'), `#!/bin/sh\n${body}\n`, { mode: 0o755 });
}
