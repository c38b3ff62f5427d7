// The folder of one build, from its making to its end: what is left of it when the build fails, and where that is, is said with
// the error.
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { keepBuildFolder, openBuildFolder } from '../build/build-folder.js';
import type { ErrorCode } from '../errors/catalogue.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import type { StagingRequest } from './request.js';
import { sourceIn } from './steps/check-out.js';

export interface BuildPlace {
  readonly folder: string;
  /** The full log of the build commands. */
  readonly log: string;
  /** In the folder itself where nothing of an earlier run is to be used. */
  readonly mirrorsFolder: string;
  /** The build has ended well: its log goes. @returns where its source is kept, with --keep-source */
  readonly endWell: () => string | undefined;
}

/**
 * Makes a folder for a build, and removes it when `work` has ended.
 * @throws what `work` throws; then the log of a failed build is the only thing left, and with --keep-source its checkout
 */
export async function inBuildFolder<Result>(
  request: StagingRequest,
  work: (place: BuildPlace) => Promise<Result>,
): Promise<Result> {
  const buildFolder = openBuildFolder(request.folders.builds, request.folders.logs);
  const ownMirrors = request.fresh ? join(buildFolder.folder, 'mirrors') : request.folders.mirrors;
  let keep = false;
  const endWell = (): string | undefined => {
    rmSync(buildFolder.log, { force: true });
    keep = request.keepSource;
    return keep ? keepBuildFolder(buildFolder.folder) : undefined;
  };
  try {
    return await work({
      folder: buildFolder.folder,
      log: buildFolder.log,
      mirrorsFolder: request.shared?.mirrorsFolder ?? ownMirrors,
      endWell,
    });
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
