// `cvtool replace <name|genesis|current> <path>`: another binary within an upgrade.
import { readSupervisorConfig } from '../config/supervisor-config.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { readCurrent } from '../home/current-link.js';
import { homePaths, type HomePaths, type StagingTarget } from '../home/paths.js';
import { onInterrupt } from '../report/interrupt.js';
import { replaceByHand } from '../stage/by-hand/replace.js';
import { parsePlanName } from '../values/plan-name.js';
import { cosmovisorVerb, sourcesOf } from './cosmovisor-verb.js';
import { ownRecipe } from './own-recipe.js';
import { telling } from './telling.js';

export interface ReplaceOptions {
  readonly force?: boolean;
  readonly cosmovisorConfig?: string;
}

/** @returns the exit status */
export function replaceCommand(word: string, file: string, options: ReplaceOptions): Promise<number> {
  const signal = onInterrupt({ quiet: false, left: 'the old binary is in its place, or the new one' });
  return cosmovisorVerb(async () => {
    const { environment, ...sources } = sourcesOf(options.cosmovisorConfig);
    const config = await readSupervisorConfig({ environment, ...sources, folders: 'command' });
    const home = homePaths(config.home, config.daemon);
    const recase = !config.disableRecase;
    const target = targetOf(home, word, recase);
    const recipe = await ownRecipe(config.daemon, environment);
    const request = { home, target, file, force: options.force === true, recase, recipe, environment, now: new Date() };
    await replaceByHand(request, telling(config, environment), signal);
    return 0;
  });
}

function targetOf(home: HomePaths, word: string, recase: boolean): StagingTarget {
  if (word === 'genesis') return { kind: 'genesis' };
  if (word !== 'current') return { kind: 'upgrade', plan: parsePlanName(word, { recase }) };
  const current = readCurrent(home);
  if (current !== undefined) return current;
  throw new CvtoolError('NOT_STAGED', `there is no link ${home.current}`, {
    hint: 'Say which one: genesis, or the name of an upgrade.',
  });
}
