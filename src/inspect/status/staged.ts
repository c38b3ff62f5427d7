// A quick verdict on each staged folder: L0 with the bytes against the manifest, and L1. Nothing is started, symbols are not bound,
// and the release table is not asked: `cvtool verify` does all that.
import { CvtoolError } from '../../errors/cvtool-error.js';
import type { Manifest } from '../../evidence/manifest.js';
import type { HomePaths, StagingTarget } from '../../home/paths.js';
import { judgeDigests } from '../../verify/digest-verdict.js';
import { digestsOf, type FoundFile } from '../../verify/digests.js';
import { judgeFile } from '../../verify/file-verdict.js';
import { worstStatus, type Finding, type Status } from '../../verify/finding.js';
import { judgeLibraries } from '../../verify/library-verdict.js';
import { manifestState } from '../../verify/manifest-state.js';
import { allSubjects } from '../../verify/staged-subjects.js';
import type { Subject } from '../../verify/subject.js';

/** What the verdict rests on. */
export const quickLevels = ['L0', 'L1'] as const;

export interface StagedState {
  readonly name: string;
  readonly folder: string;
  /** undefined: a folder that no plan can have. */
  readonly target: StagingTarget | undefined;
  readonly verdict: Status;
  /** Those that do not pass. */
  readonly findings: readonly Finding[];
  /** What its manifest says; undefined where there is none that can be read. */
  readonly manifest: Manifest | undefined;
}

/** All at once: the bytes are hashed by threads while libraries are looked for. */
export async function stagedStates(home: HomePaths): Promise<readonly StagedState[]> {
  const begun = allSubjects(home).map((subject) => {
    const digests = digestsOf(subject.folder);
    digests.catch(() => undefined); // whoever awaits it is told
    return { subject, digests };
  });
  return Promise.all(begun.map(({ subject, digests }) => stateOf(home, subject, digests)));
}

async function stateOf(
  home: HomePaths,
  subject: Subject,
  digests: Promise<readonly FoundFile[]>,
): Promise<StagedState> {
  const manifest = manifestState(subject.folder);
  const file = judgeFile(subject);
  const before = [...file.findings, ...(file.kind === 'elf' ? libraryRows(subject) : [])];
  const { findings } = judgeDigests(manifest, await digests, home.daemon);
  const all = [...before, ...findings];
  return {
    ...{ name: subject.name, folder: subject.folder, target: subject.target, verdict: worstStatus(all) },
    findings: all.filter(({ status }) => status !== 'pass'),
    manifest: manifest === undefined || 'damaged' in manifest ? undefined : manifest,
  };
}

function libraryRows(subject: Subject): readonly Finding[] {
  try {
    return judgeLibraries(subject.binary, { stagedFolder: subject.folder, environment: {} }).findings;
  } catch (error) {
    if (!(error instanceof CvtoolError) || error.code !== 'ELF_INVALID') throw error;
    return [{ level: 'L0', status: 'fail', text: error.message }];
  }
}
