import { expect, test } from 'vitest';

import { compareGoVersions, goToolchain, parseGoVersion } from '../../src/values/go-version.js';
import { askGo } from '../support/ask-go.js';
import { needs } from '../support/needs.js';

test.each([
  ['1.19.2', '1.19.2'],
  ['go1.19.2', '1.19.2'],
  ['1.21rc2', '1.21rc2'],
  ['1.20', '1.20'],
])('%s is Go %s', (text, version) => expect(parseGoVersion(text)).toBe(version));

test.each([
  '',
  'go',
  '1',
  'v1.19.2',
  '1.19.2.1',
  '1.019',
  '1.19.2rc1',
  '1.21-rc2',
  'go1.22.0-custom',
  'devel',
  '1.19\n',
  '1.19.2 X:foo',
])('%j is none', (text) =>
  expect(() => parseGoVersion(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' })),
);

test.each([
  ['1.16.5', 'go1.16.5'],
  ['1.20', 'go1.20'],
  ['1.20.0', 'go1.20'],
  ['1.21', 'go1.21.0'],
  ['1.22.0', 'go1.22.0'],
  ['1.21rc2', 'go1.21rc2'],
])('Go %s is released as %s', (text, toolchain) => expect(goToolchain(parseGoVersion(text))).toBe(toolchain));

test('later patch releases come after', () => {
  const sorted = ['1.21.0', '1.9', '1.21rc2', '1.16.15', '1.16.5', '1.21'].map(parseGoVersion).sort(compareGoVersions);
  expect(sorted).toEqual(['1.9', '1.16.5', '1.16.15', '1.21', '1.21rc2', '1.21.0']);
});

needs({ go: true })(
  'the order is that of go/version.Compare, and each is valid to Go',
  () => {
    const all = [
      '1.9',
      '1.9.0',
      '1.16.5',
      '1.16.15',
      '1.20alpha1',
      '1.20beta1',
      '1.20rc1',
      '1.20rc12',
      '1.20',
      '1.20.0',
      '1.20.1',
    ];
    all.push('1.21', '1.21rc2', '1.21rc10', '1.21beta1', '1.21.0', '1.21.1', '1.22.0', '2.0', '2.1rc1');
    const pairs = all.flatMap((a) => all.map((b) => [a, b] as const));
    const body = `	a, b, _ := strings.Cut(question, " ")
	if !version.IsValid("go"+a) {
		return "invalid"
	}
	return strconv.Itoa(version.Compare("go"+a, "go"+b))`;
    const fromGo = askGo(
      ['go/version', 'strconv', 'strings'],
      body,
      pairs.map(([a, b]) => `${a} ${b}`),
    );
    pairs.forEach(([a, b], index) => {
      const ours = Math.sign(compareGoVersions(parseGoVersion(a), parseGoVersion(b)));
      expect([a, b, String(ours)]).toEqual([a, b, fromGo[index]]);
    });
  },
  180_000,
); // Go compiles its standard library first
