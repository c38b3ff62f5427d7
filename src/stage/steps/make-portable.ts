import { makePortable as rewrite, type Portable } from '../../build/portable.js';
import type { Collected } from '../../build/collect.js';
import type { Step } from '../step.js';
import type { Source } from './check-out.js';
import type { BuildSetting } from './prepare-go.js';

/** RUNPATH `$ORIGIN/../lib`, and nothing of this host left in the bytes. */
export const makePortable: Step<
  { source: Source; setting: BuildSetting; collected: Collected },
  { portable: Portable }
> = {
  title: 'Make portable',
  async run({ source, setting, collected }) {
    const { moduleCache, moduleAlias, go } = setting;
    const hostPaths =
      go === undefined ? [] : [source.folder, moduleAlias, moduleCache].filter((path) => path !== undefined);
    return { portable: rewrite(collected, { hostPaths, byGo: go !== undefined }) };
  },
  outcome: ({ portable: { runpath } }) => (runpath === undefined ? 'needs no library of ours' : `RUNPATH ${runpath}`),
};
