// Whatever lies in a staged folder, the answer is a verdict: never a crash, never a start of what nobody vouched for.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';

import { StagedFixture } from './staged-fixture.js';

const staged = new StagedFixture().build();
afterAll(() => rmSync(staged.shop.root, { recursive: true }));
const manifest = staged.manifest();

test('a binary and a library with bytes changed, cut out or added get a verdict that fails', async () => {
  const files = [staged.binary, join(staged.folder, 'lib/libva.so')].map((path) => ({
    path,
    bytes: readFileSync(path),
  }));
  const change = fc.record({
    file: fc.constantFrom(0, 1),
    at: fc.integer({ min: 0, max: 20_000 }),
    bytes: fc.uint8Array({ minLength: 1, maxLength: 16 }),
    cut: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const images = files.map(({ bytes }) => Buffer.from(bytes));
      for (const { file, at, bytes, cut } of changes) {
        const image = images[file] ?? Buffer.alloc(0);
        if (cut) images[file] = image.subarray(0, at % (image.length + 1));
        else
          image.set(
            bytes.subarray(0, image.length),
            Math.min(at % (image.length + 1), Math.max(0, image.length - bytes.length)),
          );
      }
      if (images.some((image) => image.length < 20)) images[0] = Buffer.alloc(20);
      files.forEach(({ path }, index) => writeFileSync(path, images[index] ?? ''));
      const isChanged = files.some(({ bytes }, index) => images[index]?.equals(bytes) !== true);
      const verdict = await staged.judge({ manifest });
      expect(verdict.worst).toBe(isChanged ? 'fail' : 'pass');
      if (isChanged) expect(verdict.said ?? manifest.version).toBe(manifest.version); // it was not started
    }),
    { numRuns: 60 },
  );
});
