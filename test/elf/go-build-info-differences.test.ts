import { expect, test } from 'vitest';

import { goBuildInfoDifferences } from '../../src/elf/go-build-info-differences.js';
import type { GoBuildInfo } from '../../src/elf/go-build-info.js';

const sum = 'h1:one=';
const info: GoBuildInfo = {
  goVersion: 'go1.19.2',
  path: 'example.org/chain/cmd/chaind',
  main: { path: 'example.org/chain', version: '(devel)', sum: '' },
  deps: [
    { path: 'example.org/a', version: 'v1.0.0', sum },
    { path: 'example.org/b', version: 'v1.0.0', sum, replace: { path: 'example.org/c', version: 'v2.0.0', sum } },
  ],
  settings: { '-tags': 'ledger', CGO_ENABLED: '1' },
  range: [],
};

test('a program and itself: none', () => {
  expect(goBuildInfoDifferences(info, structuredClone(info))).toEqual([]);
});

test.each<[string, Partial<GoBuildInfo>, string, string | undefined]>([
  ['Go', { goVersion: 'go1.19.3' }, 'go1.19.2', 'go1.19.3'],
  ['main package', { path: 'x' }, 'example.org/chain/cmd/chaind', 'x'],
  ['module example.org/a', { deps: info.deps.slice(1) }, `v1.0.0 ${sum}`, undefined],
  [
    'module example.org/a',
    { deps: [{ path: 'example.org/a', version: 'v1.0.0', sum: 'h1:two=' }, ...info.deps.slice(1)] },
    `v1.0.0 ${sum}`,
    'v1.0.0 h1:two=',
  ],
  [
    'module example.org/b',
    { deps: [...info.deps.slice(0, 1), { path: 'example.org/b', version: 'v1.0.0', sum }] },
    `v1.0.0 ${sum} => example.org/c v2.0.0 ${sum}`,
    `v1.0.0 ${sum}`,
  ],
  ['setting -tags', { settings: { CGO_ENABLED: '1' } }, 'ledger', undefined],
])('%s: what each side says of it', (what, change, one, other) => {
  expect(goBuildInfoDifferences(info, { ...info, ...change })).toEqual([{ what, one, other }]);
  expect(goBuildInfoDifferences({ ...info, ...change }, info)).toEqual([{ what, one: other, other: one }]);
});

test('what is no Go program says nothing at all', () => {
  const [first] = goBuildInfoDifferences(undefined, info);
  expect(first).toEqual({ what: 'Go', one: undefined, other: 'go1.19.2' });
});
