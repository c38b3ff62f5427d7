// Everything that this host must have before anything is begun; what is missing is said at once, all of it.
import { dirname } from 'node:path';

import { CvtoolError } from '../../errors/cvtool-error.js';
import { freeBytes, nearestExisting, whyNotWritable } from '../../host/folders.js';
import { goPlatform, installedGos, type GoToolchain } from '../../host/go-toolchains.js';
import { findCommand } from '../../host/find-command.js';
import { isAtLeast } from '../../host/tools.js';
import { targetFolder } from '../../home/paths.js';
import { goToolchain } from '../../values/go-version.js';
import { howToGetGo, whyNoGoProxy } from '../choose-go.js';
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
    if (recipe.go !== undefined) missing.push(...(await goProblems(request, gos)));
    const needed = leastSpace[recipe.go === undefined ? 'other' : 'go'];
    const places = [home.cosmovisor, dirname(targetFolder(home, request.target))];
    const unusable = defined([
      unwritable('home', home.root, places),
      unwritable('cache', folders.root, [folders.root]),
    ]);
    const full = (): string[] =>
      defined([tooFull('home', home.root, needed.home), tooFull('cache', folders.root, needed.cache)]);
    refuse(missing, unusable, unusable.length === 0 ? full() : []);
    return { host: { git, make, cc, ccName: ccName === 'gcc' ? undefined : ccName, gos } };
  },
};

/** The Go that the table names before the repository was looked at. */
function wantedGo(request: StagingRequest): PlannedGo | undefined {
  const { recipe } = request.recipe;
  const found = findRelease(recipe, request);
  return found && plannedGo(recipe, found.tag);
}

async function goProblems(request: StagingRequest, gos: readonly GoToolchain[]): Promise<string[]> {
  const { recipe } = request.recipe;
  const install = 'install Go 1.21 or later (https://go.dev/dl), which fetches every other one';
  const here =
    gos.length === 0 ? 'no Go is installed' : `installed: ${gos.map(({ version }) => goToolchain(version)).join(', ')}`;
  const wanted = wantedGo(request);
  if (wanted === undefined) {
    const some = gos.length > 0 || (Object.keys(recipe.toolchains).length > 0 && !request.offline);
    return some ? [] : [`Go is missing: ${install}`]; // which one the source wants is not known yet
  }
  const names = [wanted.version, ...wanted.alternatives].map(goToolchain).join(' or ');
  const choice = howToGetGo(wanted, gos, request);
  if (choice?.kind === 'download') {
    const why = await whyNoGoProxy(gos, request);
    const way = 'set GOPROXY to the address of a Go module proxy';
    return why === undefined
      ? []
      : [`${names} is missing (${here}) and cannot be fetched: ${why}. Either ${way}, or ${install}`];
  }
  if (choice !== undefined) return [];
  if (request.offline) return [`${names} is missing, and --offline forbids fetching it (${here})`];
  return [`${names} is missing (${here}), and the recipe has no hash of its toolchain for ${goPlatform()}: ${install}`];
}

function unwritable(what: string, folder: string, places: readonly string[]): string | undefined {
  const [why] = defined(places.map(whyNotWritable));
  return why === undefined ? undefined : `the ${what} ${folder} cannot be used: ${why}`;
}

function tooFull(what: string, folder: string, needed: number): string | undefined {
  const free = freeBytes(folder);
  const text = (bytes: number): string => `${Math.floor(bytes / mebibyte)} MiB`;
  return free >= needed
    ? undefined
    : `the ${what} ${folder} has ${text(free)} free on ${nearestExisting(folder)}, and at least ${text(needed)} are needed`;
}

function defined(texts: readonly (string | undefined)[]): string[] {
  return texts.filter((text) => text !== undefined);
}

/** One error for all that is wrong; where it is of one kind only, of that kind. */
function refuse(missing: readonly string[], unusable: readonly string[], full: readonly string[]): void {
  const all = [...missing, ...unusable, ...full];
  const [first] = all;
  if (first === undefined) return;
  const code =
    all.length === unusable.length ? 'HOME_UNWRITABLE' : all.length === full.length ? 'NO_SPACE' : 'HOST_NOT_READY';
  const hint = 'Nothing was changed.';
  if (all.length === 1) throw new CvtoolError(code, first, { hint });
  throw new CvtoolError(code, `this host is not ready: ${all.length} things are in the way`, { details: all, hint });
}
