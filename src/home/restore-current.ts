// What `current` should point to where there is no link. Never a silent step back to genesis once an upgrade was applied.
import { join } from 'node:path';

import { CvtoolError } from '../errors/cvtool-error.js';
import { targetFolder, type HomePaths, type StagingTarget } from './paths.js';
import { appliedUpgrades } from './plan-files.js';

/**
 * Genesis where no upgrade was ever applied, else the one that was applied last (spec: The way of a run, 2).
 * @throws CURRENT_NOT_OURS where a torn copy beside others hides which one that is
 */
export function targetWithoutLink(home: HomePaths): StagingTarget {
  const { whole, torn } = appliedUpgrades(home);
  const [last] = whole;
  const [onlyTorn] = torn;
  if (onlyTorn === undefined) return last === undefined ? { kind: 'genesis' } : { kind: 'upgrade', plan: last.plan };
  if (last === undefined && torn.length === 1) return { kind: 'upgrade', plan: onlyTorn };
  const files = torn.map((plan) => join(targetFolder(home, { kind: 'upgrade', plan }), 'upgrade-info.json'));
  throw new CvtoolError(
    'CURRENT_NOT_OURS',
    `there is no link ${home.current}, and which upgrade was applied last cannot be told: ${files.join(', ')} cannot be read`,
    {
      hint: `Make the link point to the folder of the binary that fits the data: ln -s upgrades/<name> ${home.current}`,
    },
  );
}
