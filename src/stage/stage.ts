// A staging from its request to what was staged: two pipelines, with the plan between them.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { keepBuildFolder, openBuildFolder } from '../build/build-folder.js';
import type { ErrorCode } from '../errors/catalogue.js';
import { CvtoolError, hasCode } from '../errors/cvtool-error.js';
import { mendStaging } from '../home/replace-folder.js';
import { toolVersions } from '../host/tools.js';
import type { Published } from '../install/publish-folder.js';
import { refuseOtherRelease } from './occupant.js';
import type { GoVersion } from '../values/go-version.js';
import { howToGetGo } from './choose-go.js';
import type { StagingPlan } from './plan.js';
import type { StagingRequest } from './request.js';
import { Pipeline, type StepTime } from './step.js';
import { build } from './steps/build.js';
import { checkOut, sourceIn } from './steps/check-out.js';
import { collect } from './steps/collect.js';
import { makePortable } from './steps/make-portable.js';
import { preflight, type Host } from './steps/preflight.js';
import { prepareGo } from './steps/prepare-go.js';
import type { Ready } from './ready.js';
import { publish } from './steps/publish.js';
import { resolve, type Resolved } from './steps/resolve.js';
import { syncSource } from './steps/sync-mirror.js';
import { verify } from './steps/verify.js';

/** Runs a pipeline and shows it: report/'s `runPipeline`, or a plain loop. */
export type RunPipeline = <Context extends object>(
  pipeline: Pipeline<Context>,
  start: object,
) => Promise<{ readonly context: Context; readonly times: readonly StepTime[] }>;

/**
 * Is this to be built? Asked once the plan is whole; false ends it with nothing done.
 * @param downloads cvtool itself is to fetch the first of these versions of Go that the module proxy has; empty: it needs not
 */
export type Approve = (plan: StagingPlan, downloads: readonly GoVersion[]) => Promise<boolean>;

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
  { run, approve }: { readonly run: RunPipeline; readonly approve: Approve },
): Promise<Staged> {
  mend(request.home);
  const buildFolder = openBuildFolder(request.folders.builds, request.folders.logs);
  const ownMirrors = request.fresh ? join(buildFolder.folder, 'mirrors') : request.folders.mirrors;
  const mirrorsFolder = request.shared?.mirrorsFolder ?? ownMirrors;
  let keep = false;
  try {
    const { context, times } = await run(resolving, { request, mirrorsFolder });
    const { resolved, host } = context;
    const { plan, alreadyStaged, other } = resolved;
    if (other !== undefined) refuseOtherRelease(request, other);
    const choice = alreadyStaged || plan.go === undefined ? undefined : howToGetGo(plan.go, host.gos, request);
    if (!(await approve(plan, choice?.kind === 'download' ? choice.versions : [])))
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
  } catch (error) {
    const told = isToldByLog(error) && existsSync(buildFolder.log);
    if (!told) rmSync(buildFolder.log, { force: true });
    keep = told && request.keepSource && existsSync(sourceIn(buildFolder.folder));
    const places = [
      ...(told && !(error.hint ?? '').includes(buildFolder.log) ? [`The log of the build: ${buildFolder.log}`] : []),
      ...(keep ? [`The source is kept in ${keepBuildFolder(buildFolder.folder)}`] : []),
    ];
    throw places.length > 0 && error instanceof CvtoolError ? withPlaces(error, places) : error;
  } finally {
    buildFolder.close(keep);
  }
}

/** What a killed run left in the home; where it cannot be mended the preflight says why the home cannot be used. */
function mend(home: StagingRequest['home']): void {
  try {
    mendStaging(home);
  } catch (error) {
    if (!hasCode(error, 'EACCES', 'EPERM', 'EROFS', 'ENOSPC', 'EDQUOT', 'ENOTDIR', 'ELOOP')) throw error;
  }
}

/** Errors of which the reason may stand in the build's log, or in its source. */
const ofTheBuild: readonly ErrorCode[] = [
  ...(['BUILD_FAILED', 'BUILD_TIMEOUT', 'ARTIFACT_MISSING', 'SOURCE_INVALID'] as const),
  ...(['ELF_INVALID', 'RUNPATH_FIXED', 'VERIFY_FAILED'] as const),
];

function isToldByLog(error: unknown): error is CvtoolError {
  return error instanceof CvtoolError && ofTheBuild.includes(error.code);
}

function withPlaces(error: CvtoolError, places: readonly string[]): CvtoolError {
  const { code, message, details, hint, cause, exit } = error;
  const lines = [...(hint === undefined ? [] : [hint]), ...places];
  return new CvtoolError(code, message, { details, hint: lines.join('\n'), cause, exit });
}

/** Makes the plan and nothing else: what --dry-run shows. Only the cache may change, where the repository had to be asked. */
export async function planOnly(request: StagingRequest, run: RunPipeline): Promise<Resolved> {
  const { context } = await run(resolving, {
    request,
    mirrorsFolder: request.shared?.mirrorsFolder ?? request.folders.mirrors,
  });
  return context.resolved;
}
