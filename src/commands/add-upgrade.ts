// `cvtool add-upgrade <upgrade-name> <path to executable>` (cosmovisor 1.7.1, cmd/add_upgrade.go).
import { readAddition } from '../stage/by-hand/additions.js';
import { addingVerb } from './adding-verb.js';

export interface AddUpgradeOptions {
  readonly force?: boolean;
  readonly upgradeHeight: string;
  readonly cosmovisorConfig?: string;
}

/** @returns the exit status */
export function addUpgradeCommand(name: string, path: string, options: AddUpgradeOptions): Promise<number> {
  const force = options.force === true;
  return addingVerb(options.cosmovisorConfig, (recase) => ({
    additions: [readAddition(name, path, options.upgradeHeight, recase)],
    force,
    replace: force,
    givesWay: force ? 'same name' : 'nothing',
  }));
}
