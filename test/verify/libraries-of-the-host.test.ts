import { expect, test } from 'vitest';

import { resolveLibraries } from '../../src/verify/library-search.js';
import { dynamicFiles, librariesWithPaths } from './dynamic-files.js';
import { asLoaded, askLoader, hostLoader } from './real-loader.js';

test('for every dynamically linked file of /usr/bin the paths are those of the loader', () => {
  let count = 0;
  for (const [file, interpreter] of dynamicFiles('/usr/bin')) {
    expect(asLoaded(resolveLibraries(file)), file).toEqual(askLoader(file, { through: interpreter }));
    count += 1;
  }
  expect(count).toBeGreaterThan(100);
}, 300_000);

const privateOnes = librariesWithPaths('/usr/lib', 40);
test.skipIf(privateOnes.length === 0)('and so they are for libraries of /usr/lib that have an RPATH or RUNPATH', () => {
  const interpreter = hostLoader ?? '';
  for (const file of privateOnes) {
    const ours = resolveLibraries(file, { interpreter });
    expect(asLoaded(ours), file).toEqual(askLoader(file, { through: interpreter }));
  }
});
