// `cvtool add-batch-upgrade` (cosmovisor 1.7.1, cmd/batch_upgrade.go): binaries that are there give way, and so does the list.
import { CvtoolError } from '../errors/cvtool-error.js';
import { readListFile, readLists, type Addition } from '../stage/by-hand/additions.js';
import { addingVerb } from './adding-verb.js';

export interface AddBatchUpgradeOptions {
  readonly upgradeFile?: string;
  readonly upgradeList?: readonly string[];
  readonly force?: boolean;
  readonly cosmovisorConfig?: string;
}

/** @returns the exit status */
export function addBatchUpgradeCommand(options: AddBatchUpgradeOptions): Promise<number> {
  return addingVerb(options.cosmovisorConfig, (recase) => ({
    additions: readAdditions(options, recase),
    force: options.force === true,
    replace: true,
    givesWay: 'all',
  }));
}

function readAdditions({ upgradeFile, upgradeList }: AddBatchUpgradeOptions, recase: boolean): readonly Addition[] {
  if (upgradeFile !== undefined && upgradeList === undefined) return readListFile(upgradeFile, recase);
  if (upgradeList !== undefined && upgradeFile === undefined) return readLists(upgradeList, recase);
  const message =
    upgradeFile === undefined
      ? 'either --upgrade-file or --upgrade-list must be provided'
      : '--upgrade-file and --upgrade-list exclude each other: [upgrade-file upgrade-list] were all set';
  throw new CvtoolError('USAGE', message, { hint: '`cvtool help add-batch-upgrade` shows what each of them is.' });
}
