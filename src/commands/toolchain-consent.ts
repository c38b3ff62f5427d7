// May cvtool fetch a Go by itself? --yes says so, and CI=true; a person at a terminal is asked, once a run.
import { CvtoolError } from '../errors/cvtool-error.js';
import { confirm } from '../report/confirm.js';
import type { StagingRequest } from '../stage/request.js';
import { goToolchain, type GoVersion } from '../values/go-version.js';

/** @returns a question that remembers its answer; it throws GO_MISSING where there is nobody to answer it */
export function toolchainConsent(
  yes: boolean,
  { attended, environment, folders }: StagingRequest,
  signal: AbortSignal,
): (versions: readonly GoVersion[]) => Promise<boolean> {
  let answer: Promise<boolean> | undefined = yes || environment.CI === 'true' ? Promise.resolve(true) : undefined;
  return (versions) => {
    const names = versions.map(goToolchain).join(' or ');
    if (answer === undefined && !attended) {
      throw new CvtoolError(
        'GO_MISSING',
        `${names} is missing, and there is nobody to ask whether cvtool may fetch it`,
        {
          hint: 'Run it with --yes to have it fetched from GOPROXY, or install Go 1.21 or later (https://go.dev/dl).',
        },
      );
    }
    answer ??= confirm(
      `No Go here is ${names} or can fetch it. May cvtool fetch what it needs (up to 150 MB each) into ${folders.toolchains}?`,
      signal,
    );
    return answer;
  };
}
