// Everything that this host must have before anything is begun; what is missing is said at once, all of it.
import { CvtoolError } from '../../errors/cvtool-error.js';
import { freeBytes, nearestExisting, whyNotWritable } from '../../host/folders.js';
import { chooseGo, installedGos, type GoToolchain } from '../../host/go-toolchains.js';
import { findCommand, isAtLeast } from '../../host/tools.js';
import { goToolchain } from '../../values/go-version.js';
import { findRelease } from '../find-release.js';
import { plannedGo, type PlannedGo } from '../plan.js';
import type { StagingRequest } from '../request.js';
import type { Step } from '../step.js';

/** What was found on this host. */
export interface Host {
  readonly git: string;
  readonly make: string;
  readonly cc: string;
  /** The C compiler's name where it is not gcc, which Go would look for. */
  readonly ccName: string | undefined;
  readonly gos: readonly GoToolchain[];
}

/** The first that takes all options that src/git/ uses. */
const leastGit = '2.17.0';
const mebibyte = 1024 * 1024;
/** Free space without which it is not worth beginning; a build of a Cosmos SDK chain with cold caches wants 3 GiB. */
const leastSpace = {
  go: { cache: 1024 * mebibyte, home: 256 * mebibyte },
  other: { cache: 32 * mebibyte, home: 8 * mebibyte },
};

export const preflight: Step<{ request: StagingRequest }, { host: Host }> = {
  title: 'Preflight',
  async run({ request }) {
    const { environment, folders, home } = request;
    const { recipe } = request.recipe;
    const missing: string[] = [];
    const command = (name: string, install: string): string => {
      const file = findCommand(name, environment.PATH);
      if (file === undefined) missing.push(`${name} is missing: ${install}`);
      return file ?? '';
    };
    const git = command('git', 'apt-get install git, or dnf install git');
    const make = command('make', 'apt-get install make, or dnf install make');
    command('flock', 'apt-get install util-linux, or dnf install util-linux-core');
    if (git !== '' && !(await isAtLeast(git, leastGit)))
      missing.push(`git ${leastGit} or later is needed: upgrade ${git}`);
    const ccName = ['gcc', 'cc', 'clang'].find((name) => findCommand(name, environment.PATH) !== undefined);
    const cc = command(ccName ?? 'gcc', 'apt-get install gcc libc6-dev, or dnf install gcc glibc-devel');
    const gos = recipe.go === undefined ? [] : await installedGos(environment, folders.toolchains);
    const wanted = wantedGo(request);
    if (recipe.go !== undefined) missing.push(...goProblems(wanted, gos, request.offline));
    const needed = leastSpace[recipe.go === undefined ? 'other' : 'go'];
    missing.push(...folderProblems('the home', home.root, needed.home));
    missing.push(...folderProblems('the cache', folders.root, needed.cache));
    if (missing.length > 0) throw notReady(missing, home.root);
    return { host: { git, make, cc, ccName: ccName === 'gcc' ? undefined : ccName, gos } };
  },
};

/** The Go that the table names before the repository was looked at. */
function wantedGo({ recipe: { recipe }, target, tag }: StagingRequest): PlannedGo | undefined {
  const found = findRelease(recipe, { target, tag });
  return found && plannedGo(recipe, found.tag);
}

function goProblems(wanted: PlannedGo | undefined, gos: readonly GoToolchain[], offline: boolean): string[] {
  const install = 'install Go 1.21 or later (https://go.dev/dl), which fetches every other one';
  if (wanted === undefined) return gos.length === 0 ? [`Go is missing: ${install}`] : [];
  if (chooseGo(wanted.version, wanted.alternatives, gos, offline) !== undefined) return [];
  const names = [wanted.version, ...wanted.alternatives].map(goToolchain).join(' or ');
  const here =
    gos.length === 0 ? 'no Go is installed' : `installed: ${gos.map(({ version }) => goToolchain(version)).join(', ')}`;
  return [
    offline
      ? `${names} is missing, and --offline forbids fetching it (${here})`
      : `${names} is missing (${here}): ${install}`,
  ];
}

function folderProblems(what: string, folder: string, needed: number): string[] {
  const why = whyNotWritable(folder);
  if (why !== undefined) return [`${what} ${folder} cannot be used: ${why}`];
  const free = freeBytes(folder);
  if (free >= needed) return [];
  const text = (bytes: number): string => `${Math.floor(bytes / mebibyte)} MiB`;
  return [
    `${what} ${folder} has ${text(free)} free on ${nearestExisting(folder)}, and at least ${text(needed)} are needed`,
  ];
}

function notReady(missing: readonly string[], home: string): CvtoolError {
  const [only] = missing;
  const code =
    missing.length === 1 && only?.startsWith(`the home ${home} cannot`) === true ? 'HOME_UNWRITABLE' : 'HOST_NOT_READY';
  if (missing.length === 1) return new CvtoolError(code, only ?? '', { hint: 'Nothing was changed.' });
  return new CvtoolError(code, `this host is not ready: ${missing.length} things are missing`, {
    details: missing,
    hint: 'Nothing was changed.',
  });
}
