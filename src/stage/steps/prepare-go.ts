import { join } from 'node:path';

import { buildEnvironment } from '../../build/environment.js';
import { aliasModuleCache } from '../../build/module-cache-alias.js';
import { userHome } from '../../config/folders.js';
import { fetchGo, goPlatform, goSettings, type GoSettings, type GoToolchain } from '../../host/go-toolchains.js';
import { CvtoolError } from '../../errors/cvtool-error.js';
import { goToolchain } from '../../values/go-version.js';
import { goProxies, howToGetGo, vouchedGos } from '../choose-go.js';
import type { StagingRequest } from '../request.js';
import type { Step } from '../step.js';
import type { Source } from './check-out.js';
import type { Host } from './preflight.js';
import type { Resolved } from './resolve.js';

export interface BuildSetting {
  readonly go: GoToolchain | undefined;
  readonly environment: Readonly<Record<string, string>>;
  /** The real module cache; undefined without Go. */
  readonly moduleCache: string | undefined;
  /** The name under which the build sees it. */
  readonly moduleAlias: string | undefined;
}

/** The Go of the plan, fetched where it is not here, and the environment of the build around it. */
export const prepareGo: Step<
  { request: StagingRequest; resolved: Resolved; host: Host; source: Source; buildFolder: string },
  { setting: BuildSetting }
> = {
  title: 'Prepare the toolchain',
  async run({ request, resolved: { plan }, host, source, buildFolder }, { signal, progress }) {
    const common = { fixed: fixedBy(request, host), sourceDate: source.commitTime, offline: request.offline };
    if (plan.go === undefined) {
      const nothing = { go: undefined, settings: {}, moduleCache: undefined, goCache: undefined };
      return {
        setting: {
          ...nothing,
          moduleAlias: undefined,
          environment: buildEnvironment(request.environment, { ...common, ...nothing }),
        },
      };
    }
    const settings = await goSettings(host.gos[0], request.environment);
    const go = await takeGo(plan.go, host, settings, request, signal, progress);
    const moduleCache =
      settings.GOMODCACHE ?? join(settings.GOPATH ?? join(userHome(request.environment), 'go'), 'pkg', 'mod');
    const moduleAlias = aliasModuleCache(moduleCache, request.folders.alias);
    const goCache = request.fresh ? join(buildFolder, 'go-build') : settings.GOCACHE;
    const inputs = { ...common, go, settings, moduleCache: moduleAlias, goCache };
    return { setting: { go, moduleCache, moduleAlias, environment: buildEnvironment(request.environment, inputs) } };
  },
  outcome: ({ setting: { go } }) => (go === undefined ? 'the C compiler' : `${goToolchain(go.version)}, ${go.from}`),
};

function fixedBy(request: StagingRequest, host: Host): Record<string, string> {
  return { ...(host.ccName === undefined ? {} : { CC: host.ccName }), ...request.recipe.recipe.build.environment };
}

async function takeGo(
  wanted: NonNullable<Resolved['plan']['go']>,
  host: Host,
  settings: GoSettings,
  request: StagingRequest,
  signal: AbortSignal,
  progress: (line: string) => void,
): Promise<GoToolchain> {
  const choice = howToGetGo(wanted, host.gos, request);
  if (choice === undefined) {
    throw new CvtoolError(
      'GO_MISSING',
      `${goToolchain(wanted.version)} is not installed, and nothing here can fetch it`,
      {
        hint: 'Install it, or a Go of 1.21 or later, which fetches every other one (https://go.dev/dl).',
      },
    );
  }
  if (choice.kind === 'installed') return choice.go;
  if (choice.kind === 'download') {
    const { downloadGo } = await import('../../install/go-toolchain.js'); // with an HTTP client, which few stagings need
    return downloadGo(vouchedGos(request, choice.versions), {
      ...{ environment: request.environment, stallLimit: request.stallLimit, signal, progress },
      ...{ proxies: goProxies(settings), platform: goPlatform(), toolchainsFolder: request.folders.toolchains },
    });
  }
  progress(`fetching ${goToolchain(wanted.version)} from the module proxy`);
  return fetchGo(choice.by, choice.versions, settings, request.environment, request.folders.toolchains, signal);
}
