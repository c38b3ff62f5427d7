// A staging from its request to what was staged: two pipelines, with the plan between them.
import { hasCode } from '../errors/cvtool-error.js';
import { mendStaging } from '../home/replace-folder.js';
import type { Published } from '../install/publish-folder.js';
import { inBuildFolder } from './build-place.js';
import { approved, building, prepared, resolving } from './building.js';
import { refuseOtherRelease } from './occupant.js';
import type { Approve, StagingPlan } from './plan.js';
import type { Ready } from './ready.js';
import type { StagingRequest } from './request.js';
import type { RunPipeline, StepTime } from './step.js';
import { publish } from './steps/publish.js';
import type { Resolved } from './steps/resolve.js';
import { verify } from './steps/verify.js';

export interface Staged {
  readonly plan: StagingPlan;
  readonly times: readonly StepTime[];
  /** undefined where the target held it already, and nothing was built. */
  readonly ready: (Ready & { published: Published }) | undefined;
  /** With --keep-source. */
  readonly keptSource: string | undefined;
}

const staging = building.then(verify).then(publish);

/**
 * Stages what `request` asks for.
 * @param approve is asked once the plan is whole, before anything is built; false ends it with nothing done
 * @throws what a step throws; then nothing is staged, and the log of a failed build is the only thing left
 */
export async function stage(
  request: StagingRequest,
  { run, approve }: { readonly run: RunPipeline; readonly approve: Approve },
): Promise<Staged> {
  mend(request.home);
  return inBuildFolder(request, async (place) => {
    const { context, times } = await run(resolving, { request, mirrorsFolder: place.mirrorsFolder });
    const { plan, alreadyStaged, other } = context.resolved;
    if (other !== undefined) refuseOtherRelease(request, other);
    await approved(context, approve, alreadyStaged);
    if (alreadyStaged) return { plan, times, ready: undefined, keptSource: undefined };
    const built = await run(staging, await prepared(context, place));
    return { plan, times: [...times, ...built.times], ready: built.context, keptSource: place.endWell() };
  });
}

/** What a killed run left in the home; where it cannot be mended the preflight says why the home cannot be used. */
function mend(home: StagingRequest['home']): void {
  try {
    mendStaging(home);
  } catch (error) {
    if (!hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'ELOOP')) throw error;
  }
}

/** Makes the plan and nothing else: what --dry-run shows. Only the cache may change, where the repository had to be asked. */
export async function planOnly(request: StagingRequest, run: RunPipeline): Promise<Resolved> {
  const { context } = await run(resolving, {
    request,
    mirrorsFolder: request.shared?.mirrorsFolder ?? request.folders.mirrors,
  });
  return context.resolved;
}
