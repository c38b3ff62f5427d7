import fc from 'fast-check';
import { expect, test } from 'vitest';

import {
  formatGoDuration,
  goDurationMilliseconds,
  parseGoDuration,
  type GoDuration,
} from '../../src/values/go-duration.js';
import { askGo } from '../support/ask-go.js';
import { needs } from '../support/needs.js';

/** `nanoseconds printed`, or the error. */
const ours = (text: string): string => {
  let duration;
  try {
    duration = parseGoDuration(text);
  } catch (error) {
    expect(error).toHaveProperty('code', 'CONFIG_INVALID');
    return (error as Error).message;
  }
  return `${duration.toString()} ${formatGoDuration(duration)}`;
};

test.each([
  ['300ms', '300000000 300ms'],
  ['1h1m1.5s', '3661500000000 1h1m1.5s'],
  ['0', '0 0s'],
  ['-1.5h', '-5400000000000 -1h30m0s'],
  ['5', 'time: missing unit in duration "5"'],
  ['x', 'time: invalid duration "x"'],
  ['', 'time: invalid duration ""'],
  ['1 s', 'time: unknown unit " s" in duration "1 s"'],
  ['9223372036854775808ns', 'time: invalid duration "9223372036854775808ns"'],
  ['-9223372036854775808ns', '-9223372036854775808 -2562047h47m16.854775808s'],
])('%j is %s', (text, answer) => expect(ours(text)).toBe(answer));

test('a timer waits at least as long', () => {
  expect(goDurationMilliseconds(parseGoDuration('1ns'))).toBe(1);
  expect(goDurationMilliseconds(parseGoDuration('300ms'))).toBe(300);
  expect(goDurationMilliseconds(parseGoDuration('1.0005s'))).toBe(1001);
});

test('what is printed is read back', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }), (amount) => {
      expect(parseGoDuration(formatGoDuration(amount as GoDuration))).toBe(amount);
    }),
  );
});

needs({ go: true })(
  'values, texts and errors are those of Go',
  () => {
    const part = fc.constantFrom(
      '0',
      '1',
      '9',
      '36',
      '.',
      '.5',
      '123456789',
      '9223372036',
      '99999999999999999999',
      '-',
      '+',
      ' ',
    );
    const unit = fc.constantFrom(
      'ns',
      'us',
      '\u00b5s',
      '\u03bcs',
      'ms',
      's',
      'm',
      'h',
      'd',
      'é',
      '"',
      '\\',
      '\n',
      '\x7f',
      '\ufffd',
      '🚀',
    );
    const written = fc.array(fc.oneof(part, unit), { maxLength: 6 }).map((parts) => parts.join(''));
    const sound = fc
      .array(fc.tuple(fc.double({ min: 0, max: 1e5, noNaN: true }), fc.constantFrom('ns', 'us', 'ms', 's', 'm', 'h')), {
        minLength: 1,
        maxLength: 4,
      })
      .map((parts) => parts.map(([count, name]) => `${count.toFixed(12)}${name}`).join(''));
    const edges = [
      '2562047h47m16.854775807s',
      '2562047h47m16.854775808s',
      '-2562047h47m16.854775808s',
      '.s',
      '-.s',
      '1.s',
      '+.5s',
      '--1s',
      `0.${'3'.repeat(400)}h`,
      '.99999999999999999999h',
    ];
    const texts = [...edges, ...fc.sample(written, 3000), ...fc.sample(sound, 1000)];
    const body = `	d, err := time.ParseDuration(question)
	if err != nil {
		return err.Error()
	}
	return strconv.FormatInt(int64(d), 10) + " " + d.String()`;
    const fromGo = askGo(['strconv', 'time'], body, texts);
    texts.forEach((text, index) => expect([text, ours(text)]).toEqual([text, fromGo[index]]));
    expect(fromGo.filter((answer) => !answer.startsWith('time:')).length).toBeGreaterThan(1000);
  },
  180_000,
); // Go compiles its standard library first
