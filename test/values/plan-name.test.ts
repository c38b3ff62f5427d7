import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { describePlanName, escapePlanName, parsePlanName, unescapePlanName } from '../../src/values/plan-name.js';
import { askGo } from '../support/ask-go.js';
import { needs } from '../support/needs.js';

const refusal = (work: () => unknown) => {
  try {
    work();
  } catch (error) {
    return error as { code: string; message: string };
  }
  throw new Error('was not refused');
};

test.each([
  ['v2.2.0', 'v2.2.0'],
  ['a/b', 'a%2Fb'],
  ['é', '%C3%A9'],
  ['a b', 'a%20b'],
  ['V2-Rho', 'v2-rho'],
  ['a b/c', 'a%20b%2Fc'],
  ['x%y', 'x%25y'],
  ['ÜN', '%C3%BCn'],
  ['$&+:=@-_.~', '$&+:=@-_.~'],
  ["'()*!,;?#", '%27%28%29%2A%21%2C%3B%3F%23'],
  ['%24', '%2524'],
  ['...', '...'],
  ['.a', '.a'],
])('%j has the folder %s', (typed, folder) => {
  const name = parsePlanName(typed);
  expect(escapePlanName(name)).toBe(folder);
  expect(unescapePlanName(folder)).toBe(name);
});

test.each([
  ['', /is empty/],
  ['.', /folder of its own/],
  ['..', /folder of its own/],
  ['a\nb', /line break/],
  ['a\u0000b', /control/],
  ['a\u009bb', /control/],
  ['a\u2028b', /control/],
  ['\ud800', /Unicode/],
  ['-x', /like an option/],
  ['--force', /like an option/],
  ['x'.repeat(256), /256 bytes/],
  ['é'.repeat(43), /258 bytes/],
])('%j is refused', (typed, reason) => {
  const error = refusal(() => parsePlanName(typed));
  expect(error.code).toBe('NAME_INVALID');
  expect(error.message).toMatch(reason);
  expect(error.message).not.toMatch(/\p{Cc}/u);
});

test('a folder name of 255 bytes is the longest', () => {
  expect(escapePlanName(parsePlanName(`${'é'.repeat(42)}xxx`))).toHaveLength(255);
});

test('a name stays as it is where recasing is off', () => {
  expect(parsePlanName('V2-Rho', { recase: false })).toBe('V2-Rho');
});

describe('a folder that no name has', () => {
  test.each(['a b', 'a%2fb', '%41', '%', '%zz', '%ff', '..', '%2E', '', 'a%0Ab'])('%j is refused', (folder) => {
    expect(refusal(() => unescapePlanName(folder)).code).toBe('NAME_INVALID');
  });
});

test.each([
  ['v2.2.0', undefined],
  ['V2.2.0', /lower-cased .*upgrades\/v2\.2\.0$/],
  ['a b', /is escaped as .*upgrades\/a%20b$/],
  ['A b', /lower-cased and escaped .*upgrades\/a%20b$/],
])('what happens to %j is said', (typed, said) => {
  const sentence = describePlanName(typed, parsePlanName(typed));
  if (said === undefined) expect(sentence).toBeUndefined();
  else expect(sentence).toMatch(said);
});

test('every name comes back from its folder', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 20 }), fc.boolean(), (typed, recase) => {
      let name;
      try {
        name = parsePlanName(typed, { recase });
      } catch (error) {
        expect(error).toHaveProperty('code', 'NAME_INVALID');
        return;
      }
      const folder = escapePlanName(name);
      expect(folder).toMatch(/^[^/\p{Cc}]{1,255}$/u);
      expect(unescapePlanName(folder)).toBe(name);
    }),
    { numRuns: 2000 },
  );
});

needs({ go: true })(
  'folders are those that Go makes: url.PathEscape(strings.ToLower(name))',
  () => {
    const letters = Array.from({ length: 0x300 }, (_, code) => String.fromCodePoint(code));
    const special = ['İ', 'ΑΣ', 'ΣΑΣ Σ', 'ẞ', 'ǅ', 'ﬀ', 'Ⅷ', 'Ⓐ', '𐐀', 'ά', 'K', 'Å', '🚀'];
    const random = fc.sample(
      fc.string({ unit: fc.oneof(fc.string({ unit: 'grapheme', maxLength: 1 }), fc.constantFrom(...special)) }),
      1500,
    );
    const names = [...letters, ...special, ...random].filter((typed) => {
      try {
        return parsePlanName(typed) !== '';
      } catch {
        return false;
      }
    });
    expect(names.length).toBeGreaterThan(1000);
    const fromGo = askGo(['net/url', 'strings'], '\treturn url.PathEscape(strings.ToLower(question))', names);
    names.forEach((typed, index) =>
      expect([typed, escapePlanName(parsePlanName(typed))]).toEqual([typed, fromGo[index]]),
    );
  },
  180_000,
); // Go compiles its standard library first
