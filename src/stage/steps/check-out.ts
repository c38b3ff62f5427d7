import { join } from 'node:path';

import { checkOut as checkOutCommit, commitTime } from '../../git/checkout.js';
import type { StagingRequest } from '../request.js';
import type { Step } from '../step.js';
import { reachOptions, type Resolved } from './resolve.js';

export interface Source {
  readonly folder: string;
  /** Seconds since the epoch. */
  readonly commitTime: number;
}

/** Where a build's checkout lies. */
export function sourceIn(buildFolder: string): string {
  return join(buildFolder, 'source');
}

/** A clean checkout of the plan's commit, with its tag. */
export const checkOut: Step<{ request: StagingRequest; resolved: Resolved; buildFolder: string }, { source: Source }> =
  {
    title: 'Check out',
    async run({ request, resolved: { plan, mirror }, buildFolder }, tools) {
      const folder = sourceIn(buildFolder);
      const reach = reachOptions(request, tools);
      await checkOutCommit(mirror, { tag: plan.tag, commit: plan.commit, folder }, reach);
      return { source: { folder, commitTime: await commitTime(folder, reach) } };
    },
    outcome: ({ resolved: { plan } }) => plan.commit.slice(0, 12),
  };
