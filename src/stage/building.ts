// The way from a request to files that are portable, which a staging and a reproduction have in common: two pipelines, with the
// plan between them.
import { CvtoolError } from '../errors/cvtool-error.js';
import { toolVersions } from '../host/tools.js';
import type { BuildPlace } from './build-place.js';
import { howToGetGo } from './choose-go.js';
import type { Approve } from './plan.js';
import type { Ready } from './ready.js';
import type { StagingRequest } from './request.js';
import { Pipeline } from './step.js';
import { build } from './steps/build.js';
import { checkOut } from './steps/check-out.js';
import { collect } from './steps/collect.js';
import { makePortable } from './steps/make-portable.js';
import { preflight, type Host } from './steps/preflight.js';
import { prepareGo } from './steps/prepare-go.js';
import { resolve, type Resolved } from './steps/resolve.js';
import { syncSource } from './steps/sync-mirror.js';

export const resolving = Pipeline.from<{ request: StagingRequest; mirrorsFolder: string }>()
  .then(preflight)
  .then(resolve);

interface Planned {
  readonly request: StagingRequest;
  readonly host: Host;
  readonly resolved: Resolved;
}

export type Prepared = Planned & {
  readonly buildFolder: string;
  readonly log: string;
  readonly versions: Ready['versions'];
};

export const building = Pipeline.from<Prepared>()
  .then(syncSource)
  .then(checkOut)
  .then(prepareGo)
  .then(build)
  .then(collect)
  .then(makePortable);

/**
 * @param nothingToBuild then nothing need be downloaded
 * @throws INTERRUPTED where the plan is not approved
 */
export async function approved(
  { request, host, resolved: { plan } }: Planned,
  approve: Approve,
  nothingToBuild = false,
): Promise<void> {
  const choice = nothingToBuild || plan.go === undefined ? undefined : howToGetGo(plan.go, host.gos, request);
  if (await approve(plan, choice?.kind === 'download' ? choice.versions : [])) return;
  throw new CvtoolError('INTERRUPTED', 'not confirmed; nothing was staged', { exit: 1 });
}

/** What `building` starts with. */
export async function prepared({ request, host, resolved }: Planned, { folder, log }: BuildPlace): Promise<Prepared> {
  return { request, host, resolved, buildFolder: folder, log, versions: await toolVersions(host) };
}
