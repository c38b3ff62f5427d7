// A folder for a test file's things, removed when the file is done.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll } from 'vitest';

/** To be called outside of tests. With CVTOOL_KEEP=1 the folder stays and is named. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'cvtool-test-'));
  afterAll(() => {
    if (process.env.CVTOOL_KEEP === '1') console.log(`kept: ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}
