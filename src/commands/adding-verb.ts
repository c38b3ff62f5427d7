// What `add-upgrade` and `add-batch-upgrade` have in common: the configuration, the recipe, and how they tell what they do.
import { readSupervisorConfig } from '../config/supervisor-config.js';
import { homePaths } from '../home/paths.js';
import { onInterrupt } from '../report/interrupt.js';
import { addByHand, type ByHand } from '../stage/by-hand/add.js';
import { cosmovisorVerb, sourcesOf } from './cosmovisor-verb.js';
import { ownRecipe } from './own-recipe.js';
import { telling } from './telling.js';

type Asked = Pick<ByHand, 'additions' | 'force' | 'replace' | 'givesWay'>;

/** @param asked what is to be added, once it is known whether names are lower-cased @returns the exit status */
export function addingVerb(configFile: string | undefined, asked: (recase: boolean) => Asked): Promise<number> {
  const signal = onInterrupt({ quiet: false, left: 'each binary is in its place whole, or not at all' });
  return cosmovisorVerb(async () => {
    const { environment, ...sources } = sourcesOf(configFile);
    const config = await readSupervisorConfig({ environment, ...sources, folders: 'command' });
    const home = homePaths(config.home, config.daemon);
    const recase = !config.disableRecase;
    const what = asked(recase);
    const recipe = await ownRecipe(config.daemon, environment);
    await addByHand({ ...what, home, recase, recipe, environment }, telling(config, environment), signal);
    return 0;
  });
}
