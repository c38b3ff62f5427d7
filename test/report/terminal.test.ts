import { afterEach, expect, test } from 'vitest';

import { chooseStyle } from '../../src/report/terminal.js';

const before = Object.getOwnPropertyDescriptor(process.stdout, 'isTTY');
afterEach(() => {
  if (before === undefined) Reflect.deleteProperty(process.stdout, 'isTTY');
  else Object.defineProperty(process.stdout, 'isTTY', before);
});

const plain = { json: false, verbose: false };
test.each([
  ['a terminal is drawn on', true, {}, plain, 'live'],
  ['what is no terminal gets whole lines', false, {}, plain, 'plain'],
  ['a dumb terminal too', true, { TERM: 'dumb' }, plain, 'plain'],
  ['a build server too, although it may show a terminal', true, { CI: 'true' }, plain, 'plain'],
  ['--verbose too', true, {}, { json: false, verbose: true }, 'plain'],
  ['GitHub Actions gets groups', false, { GITHUB_ACTIONS: 'true', CI: 'true' }, plain, 'groups'],
  ['--json leaves stdout to the document', true, {}, { json: true, verbose: true }, 'silent'],
  ['--json on GitHub Actions too', false, { GITHUB_ACTIONS: 'true' }, { json: true, verbose: false }, 'silent'],
] as const)('%s', (_, isTTY, environment, wanted, style) => {
  Object.defineProperty(process.stdout, 'isTTY', { value: isTTY, configurable: true });
  expect(chooseStyle(environment, wanted)).toBe(style);
});
