// Each way in which a staged binary can be wrong, and the one level that must tell it.
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, test } from 'vitest';

import { failures, levelsOf, oneSource, StagedFixture } from './staged-fixture.js';

let staged: StagedFixture;
beforeEach(() => {
  staged = new StagedFixture();
});
afterEach(() => rmSync(staged.shop.root, { recursive: true, force: true }));

const inLib = (name: string) => join(staged.folder, 'lib', name);

test('a whole staged folder passes, and was started with every symbol bound', async () => {
  const verdict = await staged.build().judge();
  expect(failures(verdict)).toEqual([]);
  expect(levelsOf(verdict, 'pass')).toEqual(['L0', 'L1', 'L2', 'L3', 'L4', 'L5', 'L6']);
  expect(verdict.said).toEqual({ version: '1.0.0', commit: '0123456' });
  expect(verdict.findings.map(({ text }) => text)).toContain('it starts: version --long with every symbol bound');
  expect(verdict.files.map(({ path, sha256 }) => `${path} ${sha256.length}`)).toEqual([
    'bin/quokkad 64',
    'lib/libva.so 64',
  ]);
});

test('L0: a truncated library, and a truncated binary', async () => {
  const manifest = staged.build().manifest();
  truncateSync(inLib('libva.so'), 1000);
  expect(levelsOf(await staged.judge({ manifest }), 'fail')).toEqual(['L0', 'L1']);
  staged.build();
  truncateSync(staged.binary, 4000);
  const verdict = await staged.judge({ manifest });
  expect(levelsOf(verdict, 'fail')).toEqual(['L0']);
  expect(failures(verdict).join()).toMatch(/it was cut off.*bytes, and \d+ were recorded at staging/);
  expect(levelsOf(verdict, 'unknown')).toEqual(['L1', 'L2', 'L3', 'L4', 'L5']);
});

test.each([
  ['another machine', 18, [183, 0], 'for aarch64, and this host is'],
  ['another class', 4, [1], ''],
  ['a core file', 16, [4, 0], 'it is no program: ELF type 4'],
])('L0: a header of %s', async (_, offset, bytes, said) => {
  const image = readFileSync(staged.build().binary);
  image.set(process.arch === 'arm64' && offset === 18 ? [62, 0] : bytes, offset);
  writeFileSync(staged.binary, image);
  const verdict = await staged.judge();
  expect(levelsOf(verdict, 'fail')).toEqual(['L0']);
  if (process.arch === 'x64') expect(failures(verdict).join()).toContain(said);
});

test('L0: an interpreter that is not on this host', async () => {
  const image = readFileSync(staged.build().binary, 'latin1');
  writeFileSync(
    staged.binary,
    image.replace(/\/lib(64)?\/ld-/, (found) => found.replace('ld-', 'xd-')),
    'latin1',
  );
  const verdict = await staged.judge();
  expect(levelsOf(verdict, 'fail')).toEqual(['L0']);
  expect(failures(verdict)[0]).toMatch(/its interpreter \S+ is not on this host/);
});

test.each([0o644, 0o750, 0o700])('L0: a binary of mode %o', async (mode) => {
  chmodSync(staged.build().binary, mode);
  const verdict = await staged.judge();
  expect(levelsOf(verdict, 'fail')).toEqual(['L0']);
  expect(verdict.findings.find(({ status }) => status === 'fail')?.hint).toBe(`chmod 755 ${staged.binary}`);
});

test('L0: a folder that others cannot search', async () => {
  chmodSync(join(staged.build().folder, 'lib'), 0o700);
  expect(levelsOf(await staged.judge(), 'fail')).toEqual(['L0']);
});

test.each(['folder', 'nothing', 'link to nothing'])('L0: a %s in the place of the binary', async (what) => {
  staged.build();
  rmSync(staged.binary);
  if (what === 'folder') renameSync(join(staged.folder, 'lib'), staged.binary);
  if (what === 'link to nothing') symlinkSync('nowhere', staged.binary);
  const verdict = await staged.judge({ manifest: undefined });
  expect(levelsOf(verdict, 'fail')).toEqual(['L0']);
});

test('L0: one byte changed since the staging; such a binary is not started', async () => {
  const ran = staged.shop.path('ran');
  const program = `#include <stdio.h>
int one(void); int main(void) { FILE *f = fopen("${ran}", "w"); fclose(f); return one() - 1; }`;
  const manifest = staged.build({ program }).manifest();
  appendFileSync(staged.binary, '\0');
  const verdict = await staged.judge({ manifest });
  expect(levelsOf(verdict, 'fail')).toEqual(['L0']);
  expect(existsSync(ran)).toBe(false);
  await staged.judge({ manifest: undefined });
  expect(existsSync(ran)).toBe(false); // nobody vouched for it
  await staged.judge({}, { execute: false });
  expect(existsSync(ran)).toBe(false);
  await staged.judge();
  expect(existsSync(ran)).toBe(true); // else this test would prove nothing
});

test('L0: one byte changed, of which neither size nor header tells', async () => {
  const manifest = staged.build().manifest();
  const image = readFileSync(staged.binary);
  const at = image.indexOf('commit: 0123456');
  image.write('commit: 6543210', at);
  writeFileSync(staged.binary, image);
  const verdict = await staged.judge({ manifest });
  expect(failures(verdict)).toEqual([expect.stringMatching(/^L0 bin\/quokkad has other bytes than at staging/)]);
  expect(verdict.said).toBeUndefined();
});

test('it is started in a home of its own, with every symbol bound, and nothing of our environment', async () => {
  const program = `#include <stdio.h>
#include <string.h>
extern char **environ;
int one(void);
int main(void) {
  for (char **each = environ; *each; each++) {
    char *value = strchr(*each, '=');
    printf("%.*s: %s\\n", (int)(value - *each), *each, value + 1);
  }
  return one() - 1;
}`;
  const { said = {} } = await staged
    .build({ program })
    .judge({ manifest: undefined, asked: { version: '', commit: '' } });
  expect(Object.keys(said).sort()).toEqual(['HOME', 'LC_ALL', 'LD_BIND_NOW', 'PATH']);
  expect(said.HOME).not.toBe(homedir());
  expect(existsSync(said.HOME ?? '')).toBe(false);
});

test('L0: a file that the manifest does not know is named, and keeps the binary from being started', async () => {
  const manifest = staged.build().manifest();
  writeFileSync(inLib('libvb.so'), 'stray');
  const verdict = await staged.judge({ manifest });
  expect(verdict.findings.find(({ status }) => status === 'warn')).toMatchObject({
    level: 'L0',
    text: expect.stringContaining('lib/libvb.so'),
  });
  expect(verdict.findings.map(({ text }) => text)).toContain('it was not started: nobody vouched for its bytes');
});

test('without a manifest what only it proves is unknown, and nothing fails', async () => {
  const verdict = await staged.build().judge({ manifest: undefined });
  expect(failures(verdict)).toEqual([]);
  expect(levelsOf(verdict, 'unknown')).toEqual(['L0', 'L2', 'L4']);
});

test('a script is judged as what it is: nothing is known of what it starts', async () => {
  staged.build();
  writeFileSync(staged.binary, '#!/bin/sh\nexec true\n');
  const verdict = await staged.judge({ manifest: undefined });
  expect(verdict.worst).toBe('unknown');
  expect(verdict.findings[0]).toMatchObject({
    level: 'L0',
    status: 'unknown',
    text: expect.stringContaining('/bin/sh'),
  });
});

test('L1: a library that is missing', async () => {
  const manifest = staged.build().manifest();
  rmSync(inLib('libva.so'));
  const verdict = await staged.judge({ manifest: { ...manifest, files: manifest.files.slice(0, 1), libraries: [] } });
  expect(levelsOf(verdict, 'fail')).toEqual(['L1']);
});

test('L1: a library that a library needs', async () => {
  staged.shop.library('staged/lib/libvb.so', { source: oneSource });
  staged.shop.library('staged/lib/libva.so', {
    source: 'int one(void); int both(void) { return one(); }',
    with: ['staged/lib/libvb.so'],
  });
  staged.shop.program('staged/bin/quokkad', {
    source: 'int both(void); int main(void) { return both() - 1; }',
    with: ['staged/lib/libva.so'],
    runpath: '$ORIGIN/../lib',
  });
  const verdict = await staged.judge();
  expect(failures(verdict)).toEqual(['L1 libvb.so, which libva.so needs, is not found']);
});

test('L1: a RUNPATH into a home folder', async () => {
  const verdict = await staged.build({ runpath: `$ORIGIN/../lib:${homedir()}/lib` }).judge();
  expect(levelsOf(verdict, 'fail')).toEqual(['L1']);
  expect(failures(verdict)[0]).toContain("in somebody's home");
});

test('L1: an LD_LIBRARY_PATH with other bytes fails in the second judging alone; with the same bytes it is a warning', async () => {
  staged.build();
  const stray = staged.shop.library('stray/libva.so', { source: `${oneSource} int more;` });
  const daemonEnvironment = { LD_LIBRARY_PATH: staged.shop.path('stray') };
  const wrong = await staged.judge({}, { daemonEnvironment });
  expect(levelsOf(wrong, 'fail')).toEqual(['L1']);
  expect(wrong.findings.filter(({ status }) => status === 'fail').map(({ environment }) => environment)).not.toContain(
    undefined,
  );
  expect(wrong.findings.map(({ text }) => text)).toContain('it starts: version --long with every symbol bound'); // in a clean one
  copyFileSync(inLib('libva.so'), stray);
  const same = await staged.judge({}, { daemonEnvironment });
  expect(failures(same)).toEqual([]);
  expect(same.findings.filter(({ status }) => status === 'warn')).toEqual([
    expect.objectContaining({
      level: 'L1',
      environment: 'daemon',
      text: expect.stringContaining('the same bytes, for now'),
    }),
  ]);
  expect((await staged.judge({}, { daemonEnvironment: { LD_LIBRARY_PATH: '/usr/lib' } })).worst).toBe('pass');
});

test('L2: a symbol that the staged library lacks', async () => {
  staged.build();
  staged.shop.library('staged/lib/libva.so', { source: 'int two;' });
  chmodSync(inLib('libva.so'), 0o755);
  const verdict = await staged.judge();
  expect(levelsOf(verdict, 'fail')).toEqual(['L2']);
  expect(failures(verdict)[0]).toContain('needs the symbol one');
});

test("L2: a glibc floor above the host's", async () => {
  const image = readFileSync(staged.build().binary);
  const at = image.indexOf('\0GLIBC_2.34\0');
  expect(at).toBeGreaterThan(0);
  image.write('GLIBC_2.99', at + 1); // the name; the loader compares its hash first
  patchVersionHash(image, 'GLIBC_2.34', 'GLIBC_2.99');
  writeFileSync(staged.binary, image);
  const verdict = await staged.judge();
  expect(levelsOf(verdict, 'fail')).toEqual(['L2']);
  expect(failures(verdict).join()).toMatch(/lacks GLIBC_2\.99.*needs glibc 2\.99; this host has 2\./);
  expect(verdict.glibcFloor).toBe('2.99');
  expect(spawnSync(staged.binary, { encoding: 'utf8' }).stderr).toContain("`GLIBC_2.99' not found"); // the loader agrees
  expect(failures(await staged.judge({}, { targetGlibc: '2.99' }))).toEqual([]); // for a host that has it
});

test('L2: a floor above the glibc of the host that it goes to; on this one it was started all the same', async () => {
  const verdict = await staged.build().judge({}, { targetGlibc: '2.17' });
  expect(levelsOf(verdict, 'fail')).toEqual(['L2']);
  expect(failures(verdict)).toEqual([expect.stringMatching(/^L2 \S+ needs glibc 2\.\d+; the target has 2\.17$/)]);
  expect(verdict.said).toBeDefined();
});

test('L2: a program that does not even tell its version', async () => {
  const program =
    '#include <stdio.h>\nint one(void); int main(void) { fputs("no config\\n", stderr); return one() + 6; }';
  const verdict = await staged.build({ program }).judge();
  expect(failures(verdict)).toEqual([
    expect.stringMatching(/^L2 `LD_BIND_NOW=1 \S+ version --long` ended with exit status 7: no config$/),
  ]);
});

test('L2: what hangs is ended', async () => {
  const stop = new AbortController();
  const verdict = staged
    .build({ program: '#include <unistd.h>\nint one(void); int main(void) { for (;;) pause(); return one(); }' })
    .judge({}, { signal: stop.signal });
  stop.abort(new Error('enough'));
  await expect(verdict).rejects.toThrow('enough');
});

test('L4: another version or commit than was recorded', async () => {
  const manifest = staged.build().manifest({ version: { version: '1.0.1', commit: '7654321' } });
  expect(failures(await staged.judge({ manifest }))).toEqual([
    'L4 the binary says version 1.0.0, and 1.0.1 was recorded at staging',
    'L4 the binary says commit 0123456, and 7654321 was recorded at staging',
  ]);
});

test('a damaged manifest fails L0, and the rest is judged without it', async () => {
  const verdict = await staged.build().judge({ manifest: { damaged: 'manifest.json is damaged' } });
  expect(failures(verdict)).toEqual(['L0 manifest.json is damaged']);
  expect(levelsOf(verdict, 'pass')).toContain('L1');
});

test('a static program needs no library, and is started too', async () => {
  const program = '#include <stdio.h>\nint main(void) { puts("version: 1.0.0\\ncommit: 0123456"); return 0; }';
  staged.build();
  staged.shop.program('staged/bin/quokkad', { source: program, flags: ['-static'] });
  rmSync(inLib('libva.so'));
  const verdict = await staged.judge();
  expect(verdict.findings.filter(({ level }) => level === 'L1' || level === 'L2')).toEqual([
    { level: 'L1', status: 'pass', text: 'a static program: it needs no library' },
    { level: 'L2', status: 'pass', text: 'a static program: all of its symbols are in it' },
    expect.objectContaining({ level: 'L2', status: 'pass' }),
  ]);
});

/** vna_hash is the System V hash of the name (gABI, "Hash Table"). */
function patchVersionHash(image: Buffer, from: string, to: string): void {
  const hash = (name: string): number => {
    let h = 0n;
    for (const char of Buffer.from(name)) {
      h = (h << 4n) + BigInt(char);
      const high = h & 0xf0000000n;
      if (high !== 0n) h ^= high >> 24n;
      h &= ~high;
    }
    return Number(h & 0xffffffffn);
  };
  const old = Buffer.alloc(4);
  old.writeUInt32LE(hash(from));
  const at = image.indexOf(old);
  expect(at).toBeGreaterThan(0);
  image.writeUInt32LE(hash(to), at);
}
