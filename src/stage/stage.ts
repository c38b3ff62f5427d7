// A staging from its request to what was staged: two pipelines, with the plan between them.
import { rmSync } from 'node:fs';
import { join } from 'node:path';

import { keepBuildFolder, openBuildFolder } from '../build/build-folder.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { mendStaging } from '../home/replace-folder.js';
import { toolVersions } from '../host/tools.js';
import type { StagingPlan } from './plan.js';
import type { StagingRequest } from './request.js';
import { Pipeline, type StepTime } from './step.js';
import { build } from './steps/build.js';
import { checkOut } from './steps/check-out.js';
import { collect } from './steps/collect.js';
import { makePortable } from './steps/make-portable.js';
import { preflight, type Host } from './steps/preflight.js';
import { prepareGo } from './steps/prepare-go.js';
import type { Ready } from './ready.js';
import { publish, type Published } from './steps/publish.js';
import { resolve, type Resolved } from './steps/resolve.js';
import { syncSource } from './steps/sync-mirror.js';
import { verify } from './steps/verify.js';

/** Runs a pipeline and shows it: report/'s `runPipeline`, or a plain loop. */
export type RunPipeline = <Context extends object>(
  pipeline: Pipeline<Context>,
  start: object,
) => Promise<{ readonly context: Context; readonly times: readonly StepTime[] }>;

export interface Staged {
  readonly plan: StagingPlan;
  readonly times: readonly StepTime[];
  /** undefined where the target held it already, and nothing was built. */
  readonly ready: (Ready & { published: Published }) | undefined;
  /** With --keep-source. */
  readonly keptSource: string | undefined;
}

const resolving = Pipeline.from<{ request: StagingRequest; mirrorsFolder: string }>().then(preflight).then(resolve);

type Prepared = {
  request: StagingRequest;
  resolved: Resolved;
  host: Host;
  buildFolder: string;
  log: string;
  versions: Ready['versions'];
};

const building = Pipeline.from<Prepared>()
  .then(syncSource)
  .then(checkOut)
  .then(prepareGo)
  .then(build)
  .then(collect)
  .then(makePortable)
  .then(verify)
  .then(publish);

/**
 * Stages what `request` asks for.
 * @param approve is asked once the plan is whole, before anything is built; false ends it with nothing done
 * @throws what a step throws; then nothing is staged, and the log of a failed build is the only thing left
 */
export async function stage(
  request: StagingRequest,
  {
    run,
    approve,
  }: { readonly run: RunPipeline; readonly approve: (plan: StagingPlan, alreadyStaged: boolean) => Promise<boolean> },
): Promise<Staged> {
  mendStaging(request.home);
  const buildFolder = openBuildFolder(request.folders.builds, request.folders.logs);
  const mirrorsFolder = request.fresh ? join(buildFolder.folder, 'mirrors') : request.folders.mirrors;
  let keep = false;
  try {
    const { context, times } = await run(resolving, { request, mirrorsFolder });
    const { resolved, host } = context;
    const { plan, alreadyStaged } = resolved;
    if (!(await approve(plan, alreadyStaged)))
      throw new CvtoolError('INTERRUPTED', 'not confirmed; nothing was staged', { exit: 1 });
    if (alreadyStaged) return { plan, times, ready: undefined, keptSource: undefined };
    const versions = await toolVersions(host);
    const start: Prepared = {
      request,
      resolved,
      host,
      buildFolder: buildFolder.folder,
      log: buildFolder.log,
      versions,
    };
    const built = await run(building, start);
    rmSync(buildFolder.log, { force: true });
    keep = request.keepSource;
    const keptSource = keep ? keepBuildFolder(buildFolder.folder) : undefined;
    return { plan, times: [...times, ...built.times], ready: built.context, keptSource };
  } finally {
    buildFolder.close(keep);
  }
}

/** Makes the plan and nothing else: what --dry-run shows. Only the cache may change, where the repository had to be asked. */
export async function planOnly(request: StagingRequest, run: RunPipeline): Promise<Resolved> {
  const { context } = await run(resolving, { request, mirrorsFolder: request.folders.mirrors });
  return context.resolved;
}
