import { expect, test } from 'vitest';

import { takeConfigFlag } from '../../src/config/config-flag.js';

test.each([
  ['start --x', undefined, 'start --x'],
  ['--cosmovisor-config F start', 'F', 'start'],
  ['start --x --Cosmovisor-CONFIG F', 'F', 'start --x'],
  ['start --cosmovisor-config F --cosmovisor-config G', 'F', 'start --cosmovisor-config G'],
  ['start --cosmovisor-config --help', '--help', 'start'],
  ['start -c F --cosmovisor-config=F -- --help', undefined, 'start -c F --cosmovisor-config=F -- --help'],
])('%s', (words, configFile, args) => {
  expect(takeConfigFlag(words.split(' '))).toEqual({ configFile, args: args.split(' ') });
});

test('an empty path is none', () => {
  expect(takeConfigFlag(['--cosmovisor-config', '', 'start'])).toEqual({ configFile: undefined, args: ['start'] });
});

test('as the last argument it is an error', () => {
  expect(() => takeConfigFlag(['start', '--cosmovisor-config'])).toThrow(
    'failed to parse cosmovisor config: --cosmovisor-config requires an argument',
  );
});
