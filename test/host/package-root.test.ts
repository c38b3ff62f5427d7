import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { packageRoot } from '../../src/host/package-root.js';

test('the folder of our own package.json, whatever the working folder is', async () => {
  const before = process.cwd();
  try {
    process.chdir('/');
    expect(JSON.parse(await readFile(join(packageRoot(), 'package.json'), 'utf8'))).toMatchObject({ name: 'cvtool' });
    expect(await readFile(join(packageRoot(), 'templates/demo-chain/common/Makefile'), 'utf8')).toContain('build:');
  } finally {
    process.chdir(before);
  }
});
