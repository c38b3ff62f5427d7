import fc from 'fast-check';
import { expect, test } from 'vitest';

import { goQuote } from '../../src/values/go-quote.js';
import { askGo } from '../support/ask-go.js';
import { needs } from '../support/needs.js';

test.each([
  ['a b', '"a b"'],
  ['say "hi"\\', '"say \\"hi\\"\\\\"'],
  ['\x07\b\f\n\r\t\v\x00\x1b\x7f', '"\\a\\b\\f\\n\\r\\t\\v\\x00\\x1b\\x7f"'],
  ['é 한 🚀', '"é 한 🚀"'],
  ['\u0085\u00a0\u200b\u202e\ufeff\u{e0001}', '"\\u0085\\u00a0\\u200b\\u202e\\ufeff\\U000e0001"'],
  ['\ud800', '"\ufffd"'],
])('%j', (text, quoted) => expect(goQuote(text)).toBe(quoted));

needs({ go: true })(
  'every text is quoted as Go quotes it',
  () => {
    // characters that are as old as Unicode: of others Go and Node may have heard at different times
    const old = fc.oneof(
      fc.integer({ min: 0, max: 0x24f }),
      fc.constantFrom(0x301, 0x2028, 0x202e, 0x3000, 0x4e00, 0xac00, 0xe000, 0xfeff, 0xfffd, 0x10ffff),
    );
    const texts = fc.sample(
      fc
        .array(
          old.map((code) => String.fromCodePoint(code)),
          { maxLength: 12 },
        )
        .map((parts) => parts.join('')),
      3000,
    );
    const fromGo = askGo(['strconv'], '\treturn strconv.Quote(question)', texts);
    texts.forEach((text, index) => expect([text, goQuote(text)]).toEqual([text, fromGo[index]]));
  },
  180_000,
);
