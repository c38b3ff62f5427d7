// Fills the folders of one backup. The space is asked for when everything that takes none is there: then it is exact.
import { freeBytes } from '../host/folders.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { quoted } from '../values/printable.js';
import { bytePath, type BytePath } from './bytes.js';
import { startCopier } from './copy-file.js';
import { spaceHint, writing } from './failure.js';
import { copyTree, finishFolder, shareTree, type Surveyed } from './fill-tree.js';
import type { Pace } from './pace.js';
import { tellProgress, type OnProgress } from './progress.js';
import { writeRecord, type RecordCounts, type RecordHead, type RecordWriter, type Tally } from './record.js';
import { shareIn, type BackupMode } from './share.js';
import type { Source } from './sources.js';

export interface Part extends Source {
  readonly partial: BytePath;
  readonly whole: BytePath;
}

interface Filling {
  readonly mode: BackupMode;
  readonly backupDir: string;
  readonly onProgress?: OnProgress | undefined;
}

/** All is durable when it returns, but for the partial folders' own names. @throws NO_SPACE, BACKUP_FAILED, an abort's reason */
export async function fillParts(
  parts: readonly Part[],
  head: RecordHead,
  { mode, backupDir, onProgress }: Filling,
  pace: Pace,
): Promise<RecordCounts> {
  const sharing = shareIn(mode);
  const copier = startCopier(pace);
  const begun: (Part & { record: RecordWriter })[] = [];
  try {
    for (const part of parts) begun.push({ ...part, record: writeRecord(part.partial, head) });
    const surveyed: ((typeof begun)[number] & Surveyed)[] = [];
    for (const part of begun) {
      const { record } = part;
      surveyed.push({ ...part, ...(await shareTree(part, { sharing, copier, pace, record })) });
    }
    refuseWithoutSpace(backupDir, sum(surveyed.map(({ neededBytes }) => neededBytes)));
    const onBytes = tellProgress(sum(surveyed.map(({ copyBytes }) => copyBytes)), onProgress);
    for (const part of surveyed) {
      await copyTree(part, { copier, pace, onBytes });
      part.record.finish(part.counts);
      finishFolder(part.partial, part.stat);
    }
    return surveyed.map(({ counts }) => counts).reduce(together);
  } finally {
    for (const { record } of begun) record.close();
    copier.close();
  }
}

function refuseWithoutSpace(dir: string, needed: number): void {
  const free = writing(bytePath(dir), () => freeBytes(dir));
  if (needed <= free) return;
  const lacking = `the backup needs ${mebibytes(needed)}, and ${mebibytes(free)} are free`;
  throw new CvtoolError('NO_SPACE', `no space left in ${quoted(dir)}: ${lacking}`, { hint: spaceHint });
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function together(a: RecordCounts, b: RecordCounts): RecordCounts {
  return {
    folders: a.folders + b.folders,
    links: a.links + b.links,
    linked: added(a.linked, b.linked),
    cloned: added(a.cloned, b.cloned),
    copied: added(a.copied, b.copied),
    special: [...a.special, ...b.special],
    leadingOut: [...a.leadingOut, ...b.leadingOut],
  };
}

function added(a: Tally, b: Tally): Tally {
  return { files: a.files + b.files, bytes: a.bytes + b.bytes };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
