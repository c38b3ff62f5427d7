import { expect, test } from 'vitest';

import { durationText } from '../../src/report/duration.js';

test.each([
  [0, '0.0 s'],
  [0.04, '0.0 s'],
  [0.25, '0.3 s'],
  [9.94, '9.9 s'],
  [9.95, '10 s'],
  [12.4, '12 s'],
  [59.4, '59 s'],
  [59.6, '1 min 0 s'],
  [125, '2 min 5 s'],
  [3725, '62 min 5 s'],
])('%d seconds: %s', (seconds, text) => expect(durationText(seconds)).toBe(text));
