import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';

import { afterEach, beforeEach, expect, test } from 'vitest';

import type { Finding } from '../../src/verify/finding.js';
import { judgeLinkage, type LinkageOptions } from '../../src/verify/linkage.js';
import { Workshop } from './make-libraries.js';

let shop: Workshop;
beforeEach(() => {
  shop = new Workshop();
});
afterEach(() => {
  rmSync(shop.root, { recursive: true });
});

const source = 'int one(void); int main(void) { return one(); }';
const one = 'int one(void) { return 1; }';

/** A staged folder as cvtool makes it: bin/a with lib/libva.so. */
function stage({ runpath = '$ORIGIN/../lib' } = {}): string {
  shop.library('staged/lib/libva.so', { source: one });
  return shop.program('staged/bin/a', { source, with: ['staged/lib/libva.so'], runpath });
}

function judge(program: string, options: Partial<LinkageOptions> = {}): readonly Finding[] {
  return judgeLinkage(program, { stagedFolder: shop.path('staged'), environment: {}, ...options });
}

function failures(findings: readonly Finding[]): string[] {
  return findings.filter(({ status }) => status === 'fail').map(({ level, text }) => `${level} ${text}`);
}

test('a whole staged folder passes both levels, even where everything around it is hidden', () => {
  const findings = judge(stage(), { hidden: [shop.root, homedir(), '/tmp'] });
  expect(findings.map(({ level, status }) => `${level} ${status}`)).toEqual(['L1 pass', 'L2 pass', 'L2 pass']);
  expect(findings[0]?.text).toBe('libva.so from the staged folder, 1 from the system');
});

test('a library that is missing fails L1 and says where it was looked for; L2 is then unknown', () => {
  const program = stage();
  rmSync(shop.path('staged/lib/libva.so'));
  const findings = judge(program);
  expect(failures(findings)).toEqual([expect.stringMatching(/^L1 libva\.so, which \S+ needs, is not found$/)]);
  expect(findings[0]?.hint).toContain(`${shop.path('staged/bin')}/../lib/`);
  expect(findings.find(({ level }) => level === 'L2')?.status).toBe('unknown');
});

test('a library that only the hidden module cache has fails L1 and names that place', () => {
  shop.library('pkg/mod/wasmvm/api/libva.so', { source: one });
  const cache = shop.path('pkg/mod');
  const runpath = shop.path('pkg/mod/wasmvm/api');
  const program = shop.program('staged/bin/a', { source, with: ['pkg/mod/wasmvm/api/libva.so'], runpath });
  const found = failures(judge(program, { hidden: [cache] }));
  expect(found[0]).toContain(`is found in ${runpath}/libva.so only`);
  expect(found[1]).toMatch(/^L1 the RUNPATH of \S+ leads to \S+, which is in a Go module cache$/);
  expect(failures(judge(program))[0]).toMatch(
    /^L1 libva\.so comes from \S+, which is in a Go module cache \(found by runpath\)$/,
  );
});

test('a library that a library needs is judged too', () => {
  shop.library('staged/lib/libvb.so', { source: one });
  const middle = 'int one(void); int both(void) { return one(); }';
  shop.library('staged/lib/libva.so', { source: middle, with: ['staged/lib/libvb.so'] });
  const program = shop.program('staged/bin/a', {
    source: 'int both(void); int main(void) { return both(); }',
    with: ['staged/lib/libva.so'],
    runpath: '$ORIGIN/../lib',
  });
  expect(failures(judge(program))).toEqual(['L1 libvb.so, which libva.so needs, is not found']);
});

test.each([
  ['/home/builder/lib', 'fail', "somebody's home"],
  ['/home/val/go/pkg/mod/x/api', 'fail', 'a Go module cache'],
  ['/Users/me/lib', 'fail', "somebody's home"],
  ['/var/tmp/x', 'fail', 'temporary files'],
  ['/srv/ci/build/lib', 'fail', 'a build folder'],
  ['lib', 'fail', 'the relative folder lib'],
  ['', 'fail', 'an empty element'],
  ['/srv/libraries', 'warn', 'out of the staged folder'],
  ['$ORIGIN/../../lib', 'warn', 'out of the staged folder'],
])('a RUNPATH that also has %j: %s', (element, status, said) => {
  const findings = judge(stage({ runpath: `$ORIGIN/../lib:${element}` }));
  const found = findings.filter((each) => each.level === 'L1' && each.status !== 'pass');
  expect(found).toEqual([expect.objectContaining({ status, text: expect.stringContaining(said) })]);
});

test("a system folder in a staged library's RUNPATH is nobody's fault", () => {
  expect(failures(judge(stage({ runpath: '$ORIGIN/../lib:/usr/lib/x86_64-linux-gnu' })))).toEqual([]);
});

test('LD_LIBRARY_PATH with other bytes in a staged place fails L1; with the same bytes it is a warning', () => {
  const program = stage();
  shop.library('staged/stray/libva.so', { source: `${one} int more;` });
  const environment = { LD_LIBRARY_PATH: shop.path('staged/stray') };
  expect(failures(judge(program, { environment }))).toEqual([
    expect.stringMatching(
      /^L1 LD_LIBRARY_PATH puts \S+stray\/libva\.so in the place of the staged libva\.so: other bytes$/,
    ),
  ]);
  copyFileSync(shop.path('staged/lib/libva.so'), shop.path('staged/stray/libva.so'));
  const findings = judge(program, { environment });
  expect(failures(findings)).toEqual([]);
  expect(findings.find(({ status }) => status === 'warn')?.text).toContain('the same bytes, for now');
});

test('a preload that answers to the name of a staged library fails L1', () => {
  const program = stage();
  const stray = shop.library('staged/stray/other.so', { source: `${one} int more;`, soname: 'libva.so' });
  const found = failures(judge(program, { environment: { LD_PRELOAD: stray } }));
  expect(found).toEqual([expect.stringContaining('in the place of the staged libva.so: other bytes')]);
});

test('a symbol that the staged library lacks passes L1 and fails L2', () => {
  const program = stage();
  shop.library('staged/lib/libva.so', { source: 'int two;' });
  const findings = judge(program);
  expect(findings[0]).toMatchObject({ level: 'L1', status: 'pass' });
  expect(failures(findings)).toEqual([expect.stringMatching(/^L2 \S+ needs the symbol one, which none /)]);
});

test('a glibc floor above the target is a failure that names both', () => {
  const program = stage();
  expect(failures(judge(program, { targetGlibc: '2.1' }))).toEqual([
    expect.stringMatching(/^L2 \S+ needs glibc 2\.\d+(\.\d+)?; the target has 2\.1$/),
  ]);
  expect(failures(judge(program, { targetGlibc: '2.999' }))).toEqual([]);
});

test('a static program passes', () => {
  mkdirSync(shop.path('staged'));
  const program = shop.program('staged/bin/a', { flags: ['-static'] });
  expect(judge(program).map(({ level, status }) => `${level} ${status}`)).toEqual(['L1 pass', 'L2 pass']);
});

test('an interpreter that is not here fails L1', () => {
  const program = shop.program('staged/bin/a', { flags: ['-Wl,--dynamic-linker=/lib/ld-musl-nowhere.so.1'] });
  expect(failures(judge(program))).toEqual(['L1 the interpreter /lib/ld-musl-nowhere.so.1 is not on this host']);
});
