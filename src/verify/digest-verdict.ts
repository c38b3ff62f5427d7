// L0, second half: the bytes are those that the manifest recorded when the folder was staged.
import type { Manifest } from '../evidence/manifest.js';
import type { FoundFile } from './digests.js';
import type { Finding } from './finding.js';

/** What the folder says of itself: its manifest, none at all, or one that cannot be read, and why. */
export type ManifestState = Manifest | undefined | { readonly damaged: string };

export interface DigestVerdict {
  readonly findings: readonly Finding[];
  /** Every file of the folder that may be loaded has the recorded bytes: it may be executed. */
  readonly vouched: boolean;
}

const again = 'Somebody changed it after it was staged: stage it again with --force, and find out who did.';

/** @param found all files of bin/ and lib/ */
export function judgeDigests(manifest: ManifestState, found: readonly FoundFile[], daemon: string): DigestVerdict {
  if (manifest === undefined) {
    const text = 'nothing says what its bytes must be: it has no manifest, so it was not staged by cvtool';
    return { findings: [row('unknown', text)], vouched: false };
  }
  if ('damaged' in manifest) {
    return { findings: [row('fail', manifest.damaged, 'Stage it again with --force.')], vouched: false };
  }
  const recorded = new Map(manifest.files.map((file) => [file.path, file]));
  const here = new Map(found.map((file) => [file.path, file]));
  const binary = `bin/${daemon}`;
  const findings: Finding[] = [];
  if (!recorded.has(binary)) {
    findings.push(row('fail', `the manifest says nothing of ${binary}: it is that of ${manifest.daemon}`, again));
  }
  for (const { path, sha256, size } of manifest.files) {
    const file = here.get(path);
    if (file === undefined) findings.push(row('fail', `${path} is missing: the manifest has it`, again));
    else if (file.sha256 === '') findings.push(row('fail', `${path} is no regular file that can be read`, again));
    else if (file.size !== size) {
      findings.push(row('fail', `${path} has ${file.size} bytes, and ${size} were recorded at staging`, again));
    } else if (file.sha256 !== sha256) {
      findings.push(
        row('fail', `${path} has other bytes than at staging: sha256 ${file.sha256}, not ${sha256}`, again),
      );
    }
  }
  const strangers = found.filter(({ path }) => !recorded.has(path) && path !== binary).map(({ path }) => path);
  if (strangers.length > 0) {
    const text = `the manifest says nothing of ${strangers.join(', ')}`;
    findings.push(row('warn', text, 'Remove what does not belong there, or stage it again.'));
  }
  const vouched = findings.length === 0;
  if (!findings.some(({ status }) => status === 'fail')) {
    const count = manifest.files.length;
    findings.unshift(row('pass', `${count === 1 ? 'the file is' : `all ${count} files are`} as staged, byte for byte`));
  }
  return { findings, vouched };
}

function row(status: Finding['status'], text: string, hint?: string): Finding {
  return { level: 'L0', status, text, hint };
}
