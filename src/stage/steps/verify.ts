// Proves, in a scratch folder, that what was collected starts on a host that never saw the build, and that it is what was asked
// for: all levels of `cvtool verify`. The build host's module cache, checkout and caches count as absent.
import type { Collected } from '../../build/collect.js';
import { CvtoolError } from '../../errors/cvtool-error.js';
import { targetFolder, targetName } from '../../home/paths.js';
import type { Finding } from '../../verify/finding.js';
import type { Subject } from '../../verify/subject.js';
import { verifySubject, type Verdict } from '../../verify/verdict.js';
import type { StagingRequest } from '../request.js';
import { handlersInSource } from '../source-handlers.js';
import type { Step } from '../step.js';
import type { Source } from './check-out.js';
import type { BuildSetting } from './prepare-go.js';
import type { Resolved } from './resolve.js';

export interface Verified {
  readonly findings: readonly Finding[];
  /** What the binary said of its version, by the names of its lines. */
  readonly version: Readonly<Record<string, string>>;
  readonly glibcFloor: string | undefined;
  /** By the name of a collected library: the module that it comes from, where the binary's build info names it. */
  readonly modules: Verdict['modules'];
  /** The upgrades that the source handles; undefined where the recipe does not say how they are found. */
  readonly handlers: readonly string[] | undefined;
}

export const verify: Step<
  { request: StagingRequest; resolved: Resolved; source: Source; setting: BuildSetting; collected: Collected },
  { verified: Verified }
> = {
  title: 'Verify',
  async run({ request, resolved: { plan }, source, setting, collected }, { signal, progress }) {
    const { recipe } = request.recipe;
    const { home, target } = request;
    const { folder, binary } = collected;
    const { moduleCache, moduleAlias } = setting;
    progress('all levels, with the module cache left out');
    const handlers = handlersInSource(source.folder, recipe);
    const place = targetFolder(home, target);
    const subject: Subject = { name: targetName(target), folder, binary, target, place };
    const verdict = await verifySubject(
      subject,
      {
        manifest: undefined,
        recipe,
        asked: { version: plan.version, commit: plan.commit },
        handlersInSource: handlers,
      },
      {
        daemonEnvironment: {}, // this host need not be the one that runs it
        targetGlibc: request.targetGlibc,
        execute: true,
        moduleCaches: moduleCache === undefined ? [] : [moduleCache],
        hidden: [source.folder, moduleCache, moduleAlias].filter((path) => path !== undefined),
        recase: true,
        signal,
      },
    );
    refuse(verdict.findings, plan.artifact);
    const { said, glibcFloor, modules, findings } = verdict;
    if (said === undefined) refuse([notStarted(findings)], plan.artifact);
    return { verified: { findings, version: said ?? {}, glibcFloor, modules, handlers } };
  },
  outcome: ({ verified: { glibcFloor: floor, findings } }) => {
    const warnings = findings.filter(({ status }) => status === 'warn').length;
    const count = warnings === 1 ? ', 1 warning' : `, ${warnings} warnings`;
    return `it starts without the build host${floor === undefined ? '' : `, on glibc ${floor} or later`}${warnings === 0 ? '' : count}`;
  },
};

/** What was not started cannot be vouched for, whatever the reason: a script, a program for another glibc than this host's. */
function notStarted(findings: readonly Finding[]): Finding {
  const why = findings.find(({ level, status }) => status === 'unknown' && (level === 'L0' || level === 'L2'));
  return { level: 'L2', status: 'fail', text: `it cannot be started here: ${why?.text ?? 'it said nothing'}` };
}

function refuse(findings: readonly Finding[], artifact: string): void {
  const failed = findings.filter(({ status }) => status === 'fail');
  const [first] = failed;
  if (first === undefined) return;
  throw new CvtoolError(
    'VERIFY_FAILED',
    `${artifact} as it was built is not fit to be staged: ${first.level}: ${first.text}`,
    {
      details: failed.slice(1).map(({ level, text }) => `${level}: ${text}`),
      hint: first.hint ?? 'Nothing was staged.',
    },
  );
}
