import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';

import { expect, test } from 'vitest';

import { EM } from '../../src/elf/constants.js';
import { readHardware, searchedSubfolders } from '../../src/verify/hardware-capabilities.js';
import { readProgramLoader } from '../../src/verify/program-loader.js';
import { Workshop } from './make-libraries.js';
import { hostLoader } from './real-loader.js';

const v2 = 'cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3';
const v3 = `${v2} avx avx2 bmi1 bmi2 f16c fma abm movbe`;
const v4 = `${v3} avx512f avx512bw avx512cd avx512dq avx512vl`;
const cpu = (vendor: string, flags: string) => `processor\t: 0\nvendor_id\t: ${vendor}\nflags\t\t: fpu ${flags}\n`;

test.each([
  ['', []],
  [v2, ['x86-64-v2']],
  [v3, ['x86-64-v3', 'x86-64-v2']],
  [v4, ['x86-64-v4', 'x86-64-v3', 'x86-64-v2']],
  [v4.replace('fma', ''), ['x86-64-v2']],
])('flags %s mean the levels %j', (flags, levels) => {
  expect(readHardware(cpu('AuthenticAMD', flags), EM.X86_64).levels).toEqual(levels);
});

test.each([
  ['AuthenticAMD', v4, 'x86_64', ['x86_64']],
  ['GenuineIntel', v2, 'x86_64', ['x86_64']],
  ['GenuineIntel', v3, 'haswell', ['x86_64']],
  ['GenuineIntel', v4, 'haswell', ['x86_64', 'avx512_1']],
])('%s with %s: platform %s, %j', (vendor, flags, platform, legacyNames) => {
  expect(readHardware(cpu(vendor, flags), EM.X86_64)).toMatchObject({ platform, legacyNames });
});

test('a text without flags means no subfolders, as does another machine', () => {
  expect(readHardware('', EM.X86_64).levels).toEqual([]);
  expect(readHardware('', EM.RISCV)).toEqual({ levels: [], platform: undefined, legacyNames: [] });
});

test("the host's loader searches the same subfolders and the same system folders, in the same order", () => {
  const shop = new Workshop();
  try {
    const interpreter = hostLoader ?? '';
    shop.library('lib/libva.so');
    const program = shop.program('bin/a', { with: ['lib/libva.so'], runpath: '/usr' });
    rmSync(shop.path('lib/libva.so'));
    const env = { LD_DEBUG: 'libs', LD_TRACE_LOADED_OBJECTS: '1' };
    const { stderr } = spawnSync(interpreter, ['--inhibit-cache', program], { encoding: 'utf8', env });
    const paths = (label: string) => [
      ...new Set(new RegExp(`search path=(\\S+)\\s+\\(${label}`).exec(stderr)?.[1]?.split(':') ?? []),
    ];

    const loader = readProgramLoader(interpreter);
    if (loader.kind !== 'glibc') throw new Error('the host has another loader');
    const machine = process.arch === 'arm64' ? EM.AARCH64 : EM.X86_64;
    const subfolders = searchedSubfolders(readHardware(readFileSync('/proc/cpuinfo', 'utf8'), machine), loader);
    const below = (folder: string) => subfolders.map((subfolder) => `${folder}/${subfolder}`.replace(/\/$/, ''));
    expect(paths('RUNPATH')).toEqual(below('/usr'));
    const system = loader.systemFolders.flatMap((folder) => below(folder.replace(/\/$/, '')));
    expect(paths('system search path')).toEqual(system);
  } finally {
    rmSync(shop.root, { recursive: true });
  }
});
