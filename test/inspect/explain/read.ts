// A log for the tests of `explain`: lines to what was seen in them.
import { explain, type Explanation } from '../../../src/inspect/explain/explanation.js';
import type { HomeFacts } from '../../../src/inspect/explain/home-facts.js';
import { LineCutter } from '../../../src/inspect/explain/line-cutter.js';
import { LogReading, type Reading } from '../../../src/inspect/explain/reading.js';
import type { Recipe } from '../../../src/recipe/schema.js';

export function readText(text: string | Buffer): Reading {
  const reading = new LogReading();
  const cutter = new LineCutter((line) => reading.add(line));
  cutter.push(Buffer.from(text));
  cutter.end();
  return reading.result;
}

export function explainText(
  text: string | Buffer,
  known: { readonly home?: HomeFacts; readonly recipe?: Recipe } = {},
): Explanation {
  return explain(readText(text), { home: known.home, recipe: known.recipe });
}

/** In one line: the id of what the log ends on, with what it found. */
export function lastOf(text: string | Buffer): string | undefined {
  return explainText(text).last?.id;
}
