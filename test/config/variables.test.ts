import { readFileSync, writeFileSync } from 'node:fs';

import { expect, test } from 'vitest';

import { fields, tomlKey, variables, type Variable } from '../../src/config/variables.js';

const manual = new URL('../../docs/variables.md', import.meta.url);

test('docs/variables.md is the table (to write it anew: CVTOOL_UPDATE=1 npm test -- test/config/variables)', () => {
  if (process.env.CVTOOL_UPDATE === '1') writeFileSync(manual, render());
  expect(readFileSync(manual, 'utf8')).toBe(render());
});

test('no two variables have one name', () => {
  expect(new Set(fields.map((field) => variables[field].name)).size).toBe(fields.length);
});

function render(): string {
  const rows = fields.map((field) => {
    const variable: Variable = variables[field];
    const kind = variable.choice?.words.map((word) => `\`${word}\``).join(', ') ?? kinds[variable.kind];
    const byDefault = variable.default === undefined ? (variable.otherwise ?? '') : `\`${variable.default}\``;
    return `| \`${variable.name}\` | ${kind} | ${byDefault} | ${variable.means} |`;
  });
  return [
    '# Variables of the supervisor',
    '',
    "cosmovisor's, by their names and with their meaning, and below them cvtool's own. `cvtool config` prints their values.",
    '',
    '| variable | value | default | meaning |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
    'An empty variable counts as unset, but for COSMOVISOR_TIMEFORMAT_LOGS. A duration is a number with its unit, or several:',
    '`300ms`, `1.5h`, `1h15m30s`. All that is wrong is told at once, before anything is started or changed.',
    '',
    '## config.toml',
    '',
    'Each variable has a key there, its name in small letters:',
    '',
    '```toml',
    `${tomlKey(variables.daemon.name)} = 'demod'`,
    `${tomlKey(variables.restartDelay.name)} = '1m30s' # or 90000000000, in nanoseconds`,
    `${tomlKey(variables.skipBackup.name)} = false`,
    '```',
    '',
    'A file is read only where it is named: `cvtool run --cosmovisor-config <file> …`. The one that `init` leaves in `cosmovisor/` is',
    "not read by itself. The environment wins over the file for every key. A key that is left out, `''`, and `0` for a duration mean",
    'that it is not set there. A file that was named and is absent, or is no TOML, is an error.',
    '',
    'This page is made from `src/config/variables.ts`, and a test compares the two.',
    '',
  ].join('\n');
}

const kinds: Record<Variable['kind'], string> = {
  'absolute path': 'absolute path',
  'file name': 'file name',
  boolean: '`true` or `false`, in any case',
  duration: 'duration, more than 0',
  count: 'integer, 0 or more',
  text: 'text',
  choice: 'one word',
};
