import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect, test } from 'vitest';

import { makeBuildIdsCanonical } from '../../src/elf/build-ids.js';
import { compileC } from '../support/compile-c.js';
import { buildGo, runGo, writeFiles } from '../support/go-program.js';
import { needs } from '../support/needs.js';
import { runTool } from '../support/run-tool.js';
import { scratchFolder } from '../support/scratch-folder.js';

const folder = scratchFolder();

function gnuId(path: string): string | undefined {
  return /Build ID: (\S+)/.exec(runTool('readelf', ['-n', path]))?.[1];
}

function written(name: string, image: Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, image, { mode: 0o755 });
  return path;
}

test('files that differ in nothing but the GNU id become equal', () => {
  const [one, other] = ['11', '22'].map((byte) =>
    readFileSync(
      compileC(folder, 'same-name', 'int main(void) { return 0; }', [`-Wl,--build-id=0x${byte.repeat(20)}`]),
    ),
  );
  expect(one!.equals(other!)).toBe(false);
  const ids = makeBuildIdsCanonical(one!);
  makeBuildIdsCanonical(other!);
  expect(one!.equals(other!)).toBe(true);
  expect(ids.go).toBeUndefined();
  const path = written('canonical', one!);
  expect(gnuId(path)).toBe(ids.gnu);
  runTool(path, []);
});

test('the id follows the content: one other byte, another id', () => {
  const [zero, one] = [0, 1].map((status) =>
    readFileSync(compileC(folder, `status${status}`, `int main(void) { return ${status}; }`)),
  );
  expect(makeBuildIdsCanonical(zero!).gnu).not.toBe(makeBuildIdsCanonical(one!).gnu);
});

test('done again it changes nothing', () => {
  const image = readFileSync(compileC(folder, 'again', 'int main(void) { return 0; }'));
  const ids = makeBuildIdsCanonical(image);
  const first = Buffer.from(image);
  expect(makeBuildIdsCanonical(image)).toEqual(ids);
  expect(image.equals(first)).toBe(true);
});

test('a file without ids stays as it is', () => {
  const image = readFileSync(compileC(folder, 'none', 'int main(void) { return 0; }', ['-Wl,--build-id=none']));
  const original = Buffer.from(image);
  expect(makeBuildIdsCanonical(image)).toEqual({ go: undefined, gnu: undefined });
  expect(image.equals(original)).toBe(true);
});

needs({ go: true, network: true, slow: true })(
  "a Go program keeps the shape of its id, and Go's own tools still read it",
  () => {
    for (const toolchain of ['go1.16.15', 'go1.19.2', 'go1.22.0', 'local']) {
      const module = join(folder, toolchain);
      writeFiles(module, {
        'go.mod': 'module example.org/ids\n\ngo 1.16\n',
        'main.go': 'package main\n\nfunc main() { println("runs") }\n',
      });
      const path = buildGo(module, 'program', { toolchain });
      const image = readFileSync(path);
      const old = runGo(module, ['tool', 'buildid', path], { toolchain }).trim();
      const { go } = makeBuildIdsCanonical(image);
      const after = written(`${toolchain}-after`, image);
      expect(runGo(module, ['tool', 'buildid', after], { toolchain }).trim()).toBe(go);
      expect(go).not.toBe(old);
      expect(go?.split('/').map((part) => part.length)).toEqual(old.split('/').map((part) => part.length));
      expect(image.includes(old.slice(0, 20))).toBe(false); // no copy elsewhere
      expect(runGo(module, ['version', '-m', after], { toolchain: 'local' })).toContain('example.org/ids');
      runTool(after, []);
    }
  },
  300_000,
);

needs({ go: true })('a Go id that was set by hand stays', () => {
  const module = join(folder, 'by-hand');
  writeFiles(module, {
    'go.mod': 'module example.org/ids\n\ngo 1.16\n',
    'main.go': 'package main\n\nfunc main() {}\n',
  });
  const path = buildGo(module, 'program', { toolchain: 'local', flags: ['-ldflags=-buildid=mine'] });
  const image = readFileSync(path);
  expect(makeBuildIdsCanonical(image).go).toBeUndefined();
  const after = written('by-hand-after', image);
  expect(runGo(module, ['tool', 'buildid', after], { toolchain: 'local' }).trim()).toBe('mine');
});
