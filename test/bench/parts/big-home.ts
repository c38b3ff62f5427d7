// A home whose upgrade is a program of some size, staged with a manifest, so that it is hashed, searched and started. Its bulk is random
// constants, which no archive makes smaller.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';

import { manifestText } from '../../../src/evidence/manifest.js';
import { stagedFiles } from '../../../src/evidence/staged-files.js';

const upgrade = 'v2.2.0';

/** @param scratch a folder that is there @returns the home */
export function makeBigHome(scratch: string, megabytes: number): string {
  const home = join(scratch, `home-${megabytes}`);
  const folder = join(home, 'cosmovisor/upgrades', upgrade);
  const binary = join(folder, 'bin/panacead');
  mkdirSync(join(folder, 'bin'), { recursive: true });
  writeFileSync(join(scratch, 'bulk'), randomBytes(megabytes * 1_000_000));
  const source = `#include <stdio.h>
__asm__(".section .rodata\\n.incbin \\"${join(scratch, 'bulk')}\\"\\n.text");
int main(void) { puts("version: 2.2.0-1\\ncommit: 852550ac91cc06aad4e444e47eaa6c3c1a5c393e"); return puts("upgrade: ${upgrade}") < 0; }`;
  writeFileSync(join(scratch, 'bulk.c'), source);
  execFileSync('gcc', ['-o', binary, join(scratch, 'bulk.c')]);
  for (const path of [folder, join(folder, 'bin'), binary]) chmodSync(path, 0o755);
  const manifest = manifestText({
    schema: 1,
    cvtool: 'bench',
    target: { upgrade },
    daemon: 'panacead',
    recipe: { name: 'panacea', sha256: '' },
    source: {
      repository: '/bench',
      tag: 'v2.2.0-1',
      commit: '852550ac91cc06aad4e444e47eaa6c3c1a5c393e',
      commitTime: 0,
    },
    build: {
      ...{
        go: null,
        goFrom: null,
        cc: null,
        ld: null,
        libc: null,
        platform: `${platform()}/${arch()}`,
        environment: {},
        commands: [],
      },
      ...{ startedAt: '', finishedAt: '' },
    },
    files: stagedFiles(folder).map((file) => ({ ...file })),
    libraries: [],
    rewritten: [],
    runpath: null,
    glibcFloor: null,
    version: {},
  });
  writeFileSync(join(folder, 'manifest.json'), manifest);
  return home;
}
