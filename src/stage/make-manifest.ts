// The manifest of what was built: from the plan and from what the steps found.
import { arch, platform } from 'node:os';

import type { Manifest } from '../evidence/manifest.js';
import type { StagedFile } from '../evidence/staged-files.js';
import type { Ready } from './ready.js';

export function makeManifest(ready: Ready, files: readonly StagedFile[]): Manifest {
  const { request, resolved, source, setting, built, collected, portable, verified, versions } = ready;
  const { plan } = resolved;
  return {
    schema: 1,
    cvtool: request.cvtool,
    target: request.target.kind === 'genesis' ? { genesis: true } : { upgrade: request.target.plan },
    daemon: request.home.daemon,
    recipe: { name: request.recipe.recipe.name, sha256: request.recipe.digest },
    source: { repository: plan.repository, tag: plan.tag, commit: plan.commit, commitTime: source.commitTime },
    build: {
      go: setting.go?.version ?? null,
      goFrom: plan.go?.from ?? null,
      cc: versions.cc ?? null,
      ld: versions.ld ?? null,
      libc: versions.libc ?? null,
      platform: `${platform()}/${arch()}`,
      environment: { ...plan.environment },
      commands: plan.commands.map((command) => [...command]),
      startedAt: built.startedAt,
      finishedAt: built.finishedAt,
    },
    files: files.map((file) => ({ ...file })),
    libraries: collected.libraries.map(({ name }) => ({
      name,
      module: verified.modules.get(name)?.path ?? null,
      version: verified.modules.get(name)?.version ?? null,
      sha256: files.find(({ path }) => path === `lib/${name}`)?.sha256 ?? '',
    })),
    rewritten: [...portable.rewritten],
    runpath: portable.runpath ?? null,
    glibcFloor: verified.glibcFloor ?? null,
    version: { ...verified.version },
    ...(verified.handlers === undefined ? {} : { handlers: [...verified.handlers] }),
  };
}
