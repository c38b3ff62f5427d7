// How a release's Go will be had on this host, by what is installed and by which downloads the recipe vouches for.
import { CvtoolError } from '../errors/cvtool-error.js';
import {
  chooseGo,
  goPlatform,
  goSettings,
  type GoChoice,
  type GoSettings,
  type GoToolchain,
} from '../host/go-toolchains.js';
import { parseGoProxies, type GoProxy } from '../install/go-proxy-list.js';
import { toolchainHash } from '../recipe/release-table.js';
import type { GoVersion } from '../values/go-version.js';
import type { ModuleHash } from '../values/module-hash.js';
import type { PlannedGo } from './plan.js';
import type { StagingRequest } from './request.js';

/** @returns undefined where this host can neither run nor fetch it */
export function howToGetGo(
  { version, alternatives }: PlannedGo,
  installed: readonly GoToolchain[],
  request: StagingRequest,
): GoChoice | undefined {
  const canDownload = (wanted: GoVersion): boolean => hashOf(request, wanted) !== undefined;
  return chooseGo(version, alternatives, installed, request.offline, canDownload);
}

/** Those of `versions` that the recipe vouches for, each with its hash. */
export function vouchedGos(
  request: StagingRequest,
  versions: readonly GoVersion[],
): readonly { readonly version: GoVersion; readonly hash: ModuleHash }[] {
  return versions.flatMap((version) => {
    const hash = hashOf(request, version);
    return hash === undefined ? [] : [{ version, hash }];
  });
}

function hashOf({ recipe: { recipe } }: StagingRequest, version: GoVersion): ModuleHash | undefined {
  return toolchainHash(recipe, version, goPlatform());
}

/** Why cvtool cannot ask any module proxy; undefined where it can. */
export async function whyNoGoProxy(
  installed: readonly GoToolchain[],
  request: StagingRequest,
): Promise<string | undefined> {
  const settings = await goSettings(installed[0], request.environment);
  try {
    if (goProxies(settings).some(({ kind }) => kind === 'proxy')) return undefined;
    return `GOPROXY=${settings.GOPROXY ?? ''} names no module proxy`;
  } catch (error) {
    if (error instanceof CvtoolError) return error.message;
    throw error;
  }
}

/** @throws GO_MISSING where nobody says which module proxy is to be asked, CONFIG_INVALID */
export function goProxies({ GOPROXY: list }: GoSettings): readonly GoProxy[] {
  if (list !== undefined) return parseGoProxies(list);
  throw new CvtoolError(
    'GO_MISSING',
    'GOPROXY is not set, and no installed Go says which module proxy is to be asked',
    {
      hint: 'Set GOPROXY to the address of a Go module proxy, or install Go 1.21 or later (https://go.dev/dl).',
    },
  );
}
