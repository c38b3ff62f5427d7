// The last step: from the build folder into the home.
import { chmodSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import fsExtra from 'fs-extra';

import { documentsOf } from '../../evidence/documents.js';
import { sameFiles, stagedFiles, type StagedFile } from '../../evidence/staged-files.js';
import { publishFolder, type Published } from '../../install/publish-folder.js';
import { makeManifest } from '../make-manifest.js';
import type { Ready } from '../ready.js';
import type { Step } from '../step.js';

export const publish: Step<Ready, { published: Published }> = {
  title: 'Stage',
  async run(ready, { signal, progress }) {
    const { home, target, force } = ready.request;
    const files = stagedFiles(ready.collected.folder);
    const published = await publishFolder(
      { home, target, files, force, fill: (scratch) => fill(scratch, ready, files) },
      signal,
      (holder) => progress(`waiting for process ${holder ?? 'unknown'}, which is staging into this home`),
    );
    return { published };
  },
  outcome: ({ published: { folder, unchanged } }) => (unchanged ? `${folder} holds the same bytes already` : folder),
};

function fill(scratch: string, ready: Ready, files: readonly StagedFile[]): void {
  fsExtra.copySync(ready.collected.folder, scratch, { errorOnExist: true, overwrite: false });
  if (!sameFiles(stagedFiles(scratch), files)) throw new Error(`${scratch} does not hold what was copied there`);
  for (const { name, text } of documentsOf(makeManifest(ready, files), scratch)) {
    writeFileSync(join(scratch, name), text);
    chmodSync(join(scratch, name), 0o644);
  }
  for (const folder of [scratch, ...files.map(({ path }) => dirname(join(scratch, path)))]) chmodSync(folder, 0o755); // whatever the umask is
  for (const { path } of files) chmodSync(join(scratch, path), 0o755);
}
