import fc from 'fast-check';
import { expect, test } from 'vitest';

import { parseCsv } from '../../src/values/csv.js';
import { askGo } from '../support/ask-go.js';
import { needs } from '../support/needs.js';

const rows = (text: string): readonly (readonly string[])[] => parseCsv(text).map(({ fields }) => fields);

test.each([
  [
    'v2,/a/b,100\nv3,/c,200\n',
    [
      ['v2', '/a/b', '100'],
      ['v3', '/c', '200'],
    ],
  ],
  ['v2,/a,1\r\n v3, "/b, c" ,2', undefined],
  [
    'v2,/a,1\r\n v3, "/b, ""c""",2',
    [
      ['v2', '/a', '1'],
      ['v3', '/b, "c"', '2'],
    ],
  ],
  ['\ufeffv2,,\n\n \t\n"x\ny"', [['v2', '', ''], ['x\ny']]],
  ['', []],
  ['a"b', undefined],
  ['"a', undefined],
  ['"a"b', undefined],
] as const)('%j', (text, wanted) => {
  if (wanted === undefined) expect(() => rows(text)).toThrow(/^line \d+: /);
  else expect(rows(text)).toEqual(wanted);
});

test('a record tells its line, also after empty lines and one that is longer than a line', () => {
  expect(parseCsv('a\n\n"b\nc"\nd').map(({ line }) => line)).toEqual([1, 3, 5]);
  expect(() => parseCsv('a\nb\nc"')).toThrow('line 3: ');
});

test('no text takes it long, or makes it throw anything else', () => {
  for (const piece of ['"', '""', '","', ',', '\r', '\n', ' ', 'a"']) {
    try {
      parseCsv(piece.repeat(200_000));
    } catch (error) {
      expect(String(error)).toMatch(/^Error: line \d+: /);
    }
  }
});

needs({ go: true })(
  'every text is read as Go reads it, but for lines of blanks alone, which are passed over',
  () => {
    const pieces = fc.constantFrom('a', 'v2', ',', ',', '"', '""', ' ', '\t', '\n', '\r\n', ':', '/');
    const texts = fc.sample(
      fc.array(pieces, { maxLength: 14 }).map((parts) => parts.join('')),
      4000,
    );
    const body = `	reader := csv.NewReader(strings.NewReader(question))
	reader.FieldsPerRecord = -1
	reader.TrimLeadingSpace = true
	records, err := reader.ReadAll()
	if err != nil {
		return "error"
	}
	bytes, _ := json.Marshal(records)
	return string(bytes)`;
    const fromGo = askGo(['encoding/csv', 'strings'], body, texts);
    texts.forEach((text, index) => {
      const said = fromGo[index] ?? '';
      const wanted = said === 'error' ? said : ((JSON.parse(said) ?? []) as string[][]).filter(isNoBlankLine);
      expect([text, oursOr(text)]).toEqual([text, wanted]);
    });
  },
  180_000,
);

function isNoBlankLine(fields: readonly string[]): boolean {
  return fields.length !== 1 || fields[0] !== '';
}

function oursOr(text: string): readonly (readonly string[])[] | 'error' {
  try {
    return rows(text).filter(isNoBlankLine); // `""` alone is such a record too
  } catch {
    return 'error';
  }
}
