// `npm test`: makes a fresh clone ready, runs vitest with the arguments given, names the tests that were left out and what
// each lacks, and closes with `N passed, N failed`. With CI=true a test that is left out is a failure.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ready, root } from '../.config/ready.mjs';

const inCi = process.env.CI === 'true';

await ready({ tools: true });
const scratch = mkdtempSync(join(tmpdir(), 'cvtool-tests-'));
try {
  const { status, tally } = runTests(join(scratch, 'tally.json'));
  process.exitCode = close(status, tally);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** @returns vitest's exit status and what .config/tally.mjs counted; undefined where vitest did not get so far */
function runTests(file) {
  const settings = [
    '--config',
    '.config/vitest.config.ts',
    '--reporter',
    'default',
    '--reporter',
    './.config/tally.mjs',
  ];
  const command = [join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...settings, ...process.argv.slice(2)];
  const { status } = spawnSync(process.execPath, command, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, CVTOOL_TALLY: file },
  });
  return { status, tally: readTally(file) };
}

function readTally(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  }
}

/** Prints the end of the report. @returns the exit status */
function close(status, { passed, failed, leftOut } = { passed: 0, failed: 0, leftOut: [] }) {
  if (leftOut.length > 0) {
    console.log(`${inCi ? 'Left out, which CI may not' : 'Left out'}:`);
    for (const name of leftOut) console.log(`  - ${name}`);
  }
  let failures = failed + (inCi ? leftOut.length : 0);
  if (failures === 0 && (status !== 0 || passed + leftOut.length === 0)) failures = 1; // vitest says above what went wrong
  const skipped = inCi || leftOut.length === 0 ? '' : `, ${leftOut.length} skipped`;
  console.log(`${passed} passed, ${failures} failed${skipped}`);
  return failures === 0 ? 0 : 1;
}
