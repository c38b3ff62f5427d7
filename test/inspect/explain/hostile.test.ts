// Whatever bytes come, and in whatever pieces: an answer of bounded size, and the same one.
import fc from 'fast-check';
import { expect, test } from 'vitest';

import { explain } from '../../../src/inspect/explain/explanation.js';
import { LineCutter } from '../../../src/inspect/explain/line-cutter.js';
import { LogReading } from '../../../src/inspect/explain/reading.js';
import { signatures } from '../../../src/inspect/explain/signatures/table.js';
import { explainData, explainLines } from '../../../src/report/explain.js';
import { load } from '../../recipe/places.js';
import { recorded } from './recorded.js';

const recipe = await load('panacea');

/** All of it, as the command does it. */
function told(chunks: readonly Uint8Array[]): { text: string; data: string } {
  const reading = new LogReading();
  const cutter = new LineCutter((line) => reading.add(line));
  for (const chunk of chunks) cutter.push(Buffer.from(chunk));
  cutter.end();
  const explanation = explain(reading.result, { home: undefined, recipe });
  const all = { reading: reading.result, explanation, home: undefined, whyNoHome: 'none' };
  return { text: explainLines(all).join('\n'), data: JSON.stringify(explainData(all)) };
}

function expectBounded({ text, data }: ReturnType<typeof told>): void {
  expect(text.length).toBeLessThan(200_000);
  expect(data.length).toBeLessThan(200_000);
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
}

/** Pieces of what is looked for, cut and put together at random, among other bytes. */
const pieces = fc.oneof(
  fc.constantFrom(...signatures.flatMap(({ words }) => words), ...recorded.map(({ line }) => line)),
  fc.constantFrom(
    '\n',
    '\r\n',
    '"',
    '\\"',
    '\x1b[31m',
    '\0',
    '{"MESSAGE":',
    '{"log":"',
    '}',
    '[1,2]',
    ' height=1',
    '\ud800',
  ),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

test('random bytes', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 2000 }), { maxLength: 8 }), (chunks) =>
      expectBounded(told(chunks)),
    ),
  );
});

test('random pieces of known lines; the same in whatever chunks they come', () => {
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 60 }), fc.array(fc.nat(3000), { maxLength: 8 }), (parts, cuts) => {
      const bytes = Buffer.from(parts.join(''));
      const places = [0, ...cuts.map((at) => at % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
      const chunks = places.slice(1).map((end, index) => bytes.subarray(places[index], end));
      const whole = told([bytes]);
      expectBounded(whole);
      expect(told(chunks)).toEqual(whole);
    }),
    { numRuns: 400 },
  );
});

test('what fits no UTF-8 is still searched', () => {
  const bytes = Buffer.concat([
    Buffer.from([0xff, 0xfe, 0x80, 0x20]),
    Buffer.from('panic: UPGRADE "v2" NEEDED at height: 3: \xff', 'latin1'),
  ]);
  expect(told([bytes]).text).toContain('upgrade v2 at height 3');
});

test('lines of 64 MiB, with and without an end: their beginning counts, and no more is kept', () => {
  const megabyte = Buffer.alloc(1 << 20, 'x');
  const long = Array.from({ length: 64 }, () => megabyte);
  const before = process.memoryUsage().rss;
  const { text } = told([
    Buffer.from('panic: UPGRADE "v2" NEEDED at height: 3: '),
    ...long,
    Buffer.from('\npanic: UPGRADE "v3" NEEDED at height: 4: '),
    ...long,
  ]);
  expect(text).toContain('upgrade v3 at height 4');
  expect(process.memoryUsage().rss - before).toBeLessThan(300 << 20);
});

test('lines made to keep a search busy', () => {
  const words = signatures.flatMap((row) => row.words);
  for (const word of words) expectBounded(told([Buffer.from(word.repeat(Math.ceil(40_000 / word.length)))]));
  for (const { line } of recorded) {
    const parts = [line.slice(0, -1), line.slice(0, line.length >> 1), `${line.slice(0, 12)}"`];
    for (const part of parts) expectBounded(told([Buffer.from(part.repeat(Math.ceil(40_000 / part.length)))]));
  }
  expectBounded(told([Buffer.from(`{"MESSAGE":"${'{\\"MESSAGE\\":'.repeat(3000)}`)]));
  expectBounded(told([Buffer.from(`{"MESSAGE":${'['.repeat(20_000)}1${']'.repeat(20_000)}}`)]));
});
