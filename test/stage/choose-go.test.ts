// Which way a release's Go comes, by what is installed and what the recipe vouches for.
import { expect, test } from 'vitest';

import { chooseGo, type GoToolchain } from '../../src/host/go-toolchains.js';
import { goProxies } from '../../src/stage/choose-go.js';
import { parseGoVersion, type GoVersion } from '../../src/values/go-version.js';

function installed(version: string, from: GoToolchain['from'] = 'installed'): GoToolchain {
  return { version: parseGoVersion(version), root: `/go${version}`, from };
}

/** Of 1.19.2 with the alternative 1.19.13. */
function choice(gos: readonly GoToolchain[], vouched: readonly string[], offline = false): string {
  const [wanted, other] = ['1.19.2', '1.19.13'].map(parseGoVersion) as [GoVersion, GoVersion];
  const found = chooseGo(wanted, [other], gos, offline, (version) => vouched.includes(version));
  if (found === undefined) return 'none';
  return found.kind === 'installed' ? found.go.version : `${found.kind} ${found.versions.join(' ')}`;
}

test.each([
  ['no Go', [], ['1.19.2', '1.19.13'], 'download 1.19.2 1.19.13'],
  ['no Go, and no hash of the wanted one', [], ['1.19.13'], 'download 1.19.13'],
  ['no Go, and no hash', [], [], 'none'],
  ["Debian 12's Go", [installed('1.19.8')], ['1.19.2'], 'download 1.19.2'],
  ["Debian 12's Go, and no hash", [installed('1.19.8')], [], 'none'],
  ['a Go that fetches itself', [installed('1.21.0')], ['1.19.2'], 'fetch 1.19.2 1.19.13'],
  ['the very one', [installed('1.19.2')], ['1.19.2'], '1.19.2'],
  ['an alternative that was fetched', [installed('1.19.13', 'fetched')], ['1.19.2'], '1.19.13'],
  [
    'an alternative that is installed: the wanted one goes before',
    [installed('1.19.13')],
    ['1.19.2'],
    'download 1.19.2',
  ],
  ['an alternative that is installed, and no hash', [installed('1.19.13')], [], '1.19.13'],
])('%s', (_, gos, vouched, expected) => {
  expect(choice(gos, vouched)).toBe(expected);
});

test('offline nothing is fetched', () => {
  expect(choice([], ['1.19.2'], true)).toBe('none');
  expect(choice([installed('1.21.0')], ['1.19.2'], true)).toBe('none');
});

test('where nobody says which module proxy is to be asked, the error says what to set', () => {
  expect(() => goProxies({})).toThrow(
    expect.objectContaining({ code: 'GO_MISSING', hint: expect.stringContaining('Set GOPROXY') as string }),
  );
});
