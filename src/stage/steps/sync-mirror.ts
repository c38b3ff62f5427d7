import { mirrorExists } from '../../git/mirror.js';
import type { StagingRequest } from '../request.js';
import type { Step } from '../step.js';
import { confirmTag, reachOptions, type Resolved } from './resolve.js';

/** The mirror has the tag, and the tag leads to the plan's commit. */
export const syncSource: Step<{ request: StagingRequest; resolved: Resolved }, { sourceFrom: string }> = {
  title: 'Fetch the source',
  async run({ request, resolved: { plan, mirror } }, tools) {
    const before = mirrorExists(mirror);
    const commit = await confirmTag(request, plan.tag, mirror, reachOptions(request, tools));
    if (commit !== plan.commit)
      throw new Error(`the tag moved from ${plan.commit} to ${commit} in the middle of a run`);
    return { sourceFrom: before ? 'in the cache' : `cloned from ${plan.repository}` };
  },
  outcome: ({ sourceFrom }) => sourceFrom,
};
