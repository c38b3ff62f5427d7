import { join } from 'node:path';

import { collect as collectFiles, type Collected } from '../../build/collect.js';
import type { StagingRequest } from '../request.js';
import type { Step } from '../step.js';
import type { Source } from './check-out.js';
import type { BuildSetting } from './prepare-go.js';
import type { Resolved } from './resolve.js';

/** The artifact and each library that it needs and that is not the system's, in a folder of their own. */
export const collect: Step<
  { request: StagingRequest; resolved: Resolved; source: Source; setting: BuildSetting; buildFolder: string },
  { collected: Collected }
> = {
  title: 'Collect the artifact and its libraries',
  async run({ request, resolved: { plan }, source, buildFolder }) {
    const own = Object.values(request.recipe.recipe.libraries).flatMap(({ files }) => files);
    const artifact = join(source.folder, plan.artifact);
    const { daemon } = request.home;
    return { collected: collectFiles(artifact, { folder: join(buildFolder, 'staged'), daemon, own, environment: {} }) };
  },
  outcome: ({ resolved: { plan }, collected: { libraries } }) =>
    [plan.artifact, ...libraries.map(({ name }) => name)].join(', '),
};
