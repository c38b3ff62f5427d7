// `cvtool prepare-upgrade` (cosmovisor 1.7.1, cmd/prepare_upgrade.go): asks the node for the chain's plan, ahead of its height, and fetches
// its binary where it is missing.
import { secondsFrom } from '../config/staging.js';
import { readSupervisorConfig } from '../config/supervisor-config.js';
import { homePaths } from '../home/paths.js';
import { prepareUpgrade } from '../prepare/prepare-upgrade.js';
import { onInterrupt } from '../report/interrupt.js';
import { downloadLimit } from '../supervisor/download-news.js';
import { cosmovisorVerb, sourcesOf } from './cosmovisor-verb.js';
import { ownRecipe } from './own-recipe.js';
import { startsUnderRun } from './starts-under-run.js';
import { telling } from './telling.js';

/** @returns the exit status */
export function prepareUpgradeCommand(options: { readonly cosmovisorConfig?: string }): Promise<number> {
  return cosmovisorVerb(async () => {
    const { environment, ...sources } = sourcesOf(options.cosmovisorConfig);
    const config = await readSupervisorConfig({ environment, ...sources, folders: 'command' });
    const home = homePaths(config.home, config.daemon);
    await prepareUpgrade(
      {
        home,
        address: config.grpcAddress,
        recase: !config.disableRecase,
        recipe: () => ownRecipe(config.daemon, environment),
        environment,
        mustHaveChecksum: config.mustHaveChecksum,
        timeLimit: downloadLimit,
        stallLimit: secondsFrom(environment, 'CVTOOL_STALL_SECONDS'),
        checkStart: startsUnderRun,
        interrupted: () => onInterrupt({ quiet: false, left: 'nothing was installed' }),
      },
      telling(config, environment),
    );
    return 0;
  });
}
