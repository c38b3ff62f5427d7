// A staged folder of small C programs, with a manifest of its real bytes, and the verdict on it.
import { chmodSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import type { Manifest } from '../../src/evidence/manifest.js';
import { stagedFiles } from '../../src/evidence/staged-files.js';
import type { Finding } from '../../src/verify/finding.js';
import type { Subject } from '../../src/verify/subject.js';
import { verifySubject, type Circumstances, type Evidence, type Verdict } from '../../src/verify/verdict.js';
import { Workshop } from './make-libraries.js';

const source = `#include <stdio.h>
int one(void);
int main(void) { if (one() != 1) return 9; puts("version: 1.0.0\\ncommit: 0123456"); return 0; }`;
export const oneSource = 'int one(void) { return 1; }';

/** bin/quokkad with lib/libva.so beside it, as cvtool stages it. */
export class StagedFixture {
  readonly shop = new Workshop();
  readonly folder = this.shop.path('staged');
  readonly binary = join(this.folder, 'bin/quokkad');

  build({ runpath = '$ORIGIN/../lib', program = source, library = oneSource } = {}): this {
    this.shop.library('staged/lib/libva.so', { source: library });
    this.shop.program('staged/bin/quokkad', { source: program, with: ['staged/lib/libva.so'], runpath });
    for (const part of ['', 'bin', 'lib']) chmodSync(join(this.folder, part), 0o755);
    for (const part of ['bin', 'lib']) {
      for (const name of readdirSync(join(this.folder, part))) chmodSync(join(this.folder, part, name), 0o755);
    }
    return this;
  }

  subject(): Subject {
    return { name: 'genesis', folder: this.folder, binary: this.binary, target: { kind: 'genesis' } };
  }

  /** What cvtool would have recorded of the files as they are now. */
  manifest(more: Partial<Manifest> = {}): Manifest {
    const files = existsSync(this.folder) ? stagedFiles(this.folder).map((file) => ({ ...file })) : [];
    return {
      schema: 1,
      cvtool: '0.0.0',
      target: { genesis: true },
      daemon: 'quokkad',
      recipe: { name: 'quokka', sha256: '' },
      source: { repository: '/quokka', tag: 'v1.0.0', commit: '0123456', commitTime: 0 },
      build: {
        ...{ go: null, goFrom: null, cc: null, ld: null, libc: null, platform: 'linux/x64', environment: {} },
        ...{ commands: [], startedAt: '', finishedAt: '' },
      },
      files,
      libraries: files
        .filter(({ path }) => path.startsWith('lib/'))
        .map(({ path, sha256 }) => ({ name: path.slice(4), module: null, version: null, sha256 })),
      rewritten: [],
      runpath: '$ORIGIN/../lib',
      glibcFloor: null,
      version: { version: '1.0.0', commit: '0123456' },
      ...more,
    };
  }

  judge(evidence: Partial<Evidence> = {}, around: Partial<Circumstances> = {}): Promise<Verdict> {
    const circumstances = { daemonEnvironment: {}, execute: true, moduleCaches: [], recase: true, ...around };
    return verifySubject(this.subject(), { manifest: this.manifest(), recipe: undefined, ...evidence }, circumstances);
  }
}

/** `L1 fail` for each row that is not as it should be; the levels that only a manifest or a chain could tell are left out. */
export function failures({ findings }: { readonly findings: readonly Finding[] }): string[] {
  return findings.filter(({ status }) => status === 'fail').map(({ level, text }) => `${level} ${text}`);
}

export function levelsOf({ findings }: { readonly findings: readonly Finding[] }, status: Finding['status']): string[] {
  return [...new Set(findings.filter((finding) => finding.status === status).map(({ level }) => level))];
}
