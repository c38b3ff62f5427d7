import { expect, test } from 'vitest';

import { buildEnvironment, fixedVariables, type BuildInputs } from '../../src/build/environment.js';
import type { GoToolchain } from '../../src/host/go-toolchains.js';
import { parseGoVersion } from '../../src/values/go-version.js';

test.each([
  ['1.16.15', '-trimpath'],
  ['1.17.13', '-trimpath'],
  ['1.18', '-trimpath -buildvcs=false'],
  ['1.22.0', '-trimpath -buildvcs=false'],
])('Go %s builds with %s', (version, flags) => {
  expect(fixedVariables(parseGoVersion(version), {}).GOFLAGS).toBe(flags);
});

test('nothing from outside that decides the bytes arrives', () => {
  const hostile = {
    ...{
      GOFLAGS: '-tags=evil',
      GOENV: '/evil',
      GOTOOLCHAIN: 'go1.99.0',
      GOROOT: '/evil',
      GOEXPERIMENT: 'evil',
      GOWORK: '/evil',
    },
    ...{
      CGO_CFLAGS: '-O0',
      CGO_LDFLAGS: '-levil',
      CGO_CPPFLAGS: '-I/evil',
      CGO_ENABLED: '0',
      GOARCH: 'mips',
      GOOS: 'plan9',
      GOAMD64: 'v4',
    },
    ...{
      LDFLAGS: '-X evil',
      BUILD_TAGS: 'evil',
      CC: 'evil',
      CXX: 'evil',
      CFLAGS: '-O0',
      CPATH: '/evil',
      LIBRARY_PATH: '/evil',
    },
    ...{ MAKEFLAGS: '-n', MFLAGS: '-n', MAKEFILES: '/evil', VERSION: 'v9', COMMIT: 'evil', LEDGER_ENABLED: 'false' },
    ...{
      LD_LIBRARY_PATH: '/evil',
      LD_PRELOAD: '/evil',
      LD_RUN_PATH: '/evil',
      GCC_EXEC_PREFIX: '/evil',
      COMPILER_PATH: '/evil',
    },
    ...{
      GIT_DIR: '/evil',
      GIT_CONFIG_GLOBAL: '/evil',
      LANG: 'de_DE',
      LC_ALL: 'de_DE',
      TZ: 'Asia/Seoul',
      SOURCE_DATE_EPOCH: '1',
    },
    ...{ BASH_ENV: '/evil', ENV: '/evil', SHELLOPTS: 'xtrace', PYTHONPATH: '/evil', GOCOVERDIR: '/evil' },
  };
  const made = buildEnvironment({ ...hostile, PATH: '/bin', HOME: '/home/me' }, inputs());
  expect(JSON.stringify(made)).not.toMatch(/evil|mips|plan9|v4"|-O0|Seoul|de_DE|xtrace|"-n"|v9/);
  expect(made).toMatchObject({ GOENV: 'off', GOTOOLCHAIN: 'local', GOWORK: 'off', LC_ALL: 'C', TZ: 'UTC' });
  expect(made.SOURCE_DATE_EPOCH).toBe('1700000000');
  expect(made.GIT_CONFIG_GLOBAL).toBe('/dev/null');
  const allowed = [
    'CGO_CFLAGS',
    'CGO_CXXFLAGS',
    'GOMODCACHE',
    'GOCACHE',
    'GOFLAGS',
    'GIT_CONFIG_NOSYSTEM',
    'HOME',
    'PATH',
  ];
  const ours = [...allowed, 'GOENV', 'GOTOOLCHAIN', 'GOWORK', 'LC_ALL', 'TZ', 'SOURCE_DATE_EPOCH', 'GIT_CONFIG_GLOBAL'];
  expect(Object.keys(made).filter((name) => !ours.includes(name))).toEqual([]);
});

test('what only leads to the modules is kept', () => {
  const kept = {
    ...{ HTTP_PROXY: 'a', HTTPS_PROXY: 'b', NO_PROXY: 'c', https_proxy: 'd', no_proxy: 'e', ALL_PROXY: 'f' },
    ...{ SSL_CERT_FILE: 'g', SSL_CERT_DIR: 'h', SSH_AUTH_SOCK: 'i', GIT_SSH_COMMAND: 'j', NETRC: 'k', TMPDIR: 'l' },
  };
  const settings = { GOPROXY: 'https://proxy.example', GONOSUMDB: 'x', GOPRIVATE: 'y', GOPATH: '/go' };
  expect(buildEnvironment({ ...kept, HOME: '/home/me' }, inputs({ settings }))).toMatchObject({ ...kept, ...settings });
});

test('the Go of the build comes first on PATH', () => {
  expect(buildEnvironment({ PATH: '/a:/b', HOME: '/' }, inputs()).PATH).toBe('/go 1.22/bin:/a:/b');
  expect(buildEnvironment({ HOME: '/' }, inputs()).PATH).toBe('/go 1.22/bin:/usr/local/bin:/usr/bin:/bin');
});

test("the recipe's variables are in, and go before what is fixed", () => {
  const made = buildEnvironment(
    { HOME: '/' },
    inputs({ fixed: { LEDGER_ENABLED: 'false', CGO_CFLAGS: '-O1', CC: 'clang' } }),
  );
  expect(made).toMatchObject({ LEDGER_ENABLED: 'false', CGO_CFLAGS: '-O1', CC: 'clang' });
});

test('C code of a module does not learn where the module lay', () => {
  const { CGO_CFLAGS: flags } = buildEnvironment({ HOME: '/' }, inputs({ moduleCache: '/alias/mmm' }));
  expect(flags).toBe('-g -O2 -ffile-prefix-map=/alias/mmm=/modules');
  expect(fixedVariables(parseGoVersion('1.22.0'), {}).CGO_CFLAGS).toBe('-g -O2 -ffile-prefix-map=$GOMODCACHE=/modules');
});

test('caches: the alias of the modules, and a Go cache of its own where one is asked for', () => {
  const settings = { GOCACHE: '/user/cache', GOMODCACHE: '/user/mod' };
  expect(buildEnvironment({ HOME: '/' }, inputs({ settings, moduleCache: '/alias', goCache: '/own' }))).toMatchObject({
    GOMODCACHE: '/alias',
    GOCACHE: '/own',
  });
});

test('offline Go fetches nothing, whatever proxy is set', () => {
  const settings = { GOPROXY: 'https://proxy.example' };
  expect(buildEnvironment({ HOME: '/' }, inputs({ settings, offline: true })).GOPROXY).toBe('off');
});

test('-v names the packages, and is no part of what decides the bytes', () => {
  expect(buildEnvironment({ HOME: '/' }, inputs()).GOFLAGS).toBe('-trimpath -buildvcs=false -v');
});

test('a chain without Go gets none of its variables', () => {
  const made = buildEnvironment(
    { HOME: '/', PATH: '/bin', GOPROXY: 'x' },
    inputs({ go: undefined, settings: { GOPROXY: 'x' }, moduleCache: undefined, goCache: undefined, offline: true }),
  );
  expect(Object.keys(made).filter((name) => /^(GO|CGO)/.test(name))).toEqual([]);
  expect(made).toMatchObject({ PATH: '/bin', LC_ALL: 'C', TZ: 'UTC' });
});

function inputs(changes: Partial<BuildInputs> = {}): BuildInputs {
  const go: GoToolchain = { version: parseGoVersion('1.22.0'), root: '/go 1.22', from: 'installed' };
  const usual = { go, settings: {}, moduleCache: '/mod', goCache: '/cache', fixed: {}, sourceDate: 1_700_000_000 };
  return { ...usual, offline: false, ...changes };
}
