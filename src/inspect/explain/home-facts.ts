// What a home knows that a log does not: the facts of `status`, and what `verify` says of the binaries that matter. Read only.
import { isSystemError, messageOf } from '../../errors/cvtool-error.js';
import type { HomePaths, StagingTarget } from '../../home/paths.js';
import { targetName } from '../../home/paths.js';
import { lastApplied, type AppliedUpgrade } from '../../home/plan-files.js';
import { freeBytes, isFolder } from '../../host/folders.js';
import { processFacts } from '../../host/processes.js';
import { heldDatabaseLock } from '../../supervisor/database-lock.js';
import { holdersOf } from '../../supervisor/processes.js';
import { samePlanName, type PlanName } from '../../values/plan-name.js';
import type { Finding } from '../../verify/finding.js';
import { allSubjects } from '../../verify/staged-subjects.js';
import type { Subject } from '../../verify/subject.js';
import type { Examination } from '../doctor/examination.js';
import { verifyStaged } from '../doctor/verify-all.js';
import { settingOf } from '../doctor/who-runs.js';
import { homeStatus, type HomeStatus } from '../status/status.js';

export interface HomeFacts {
  readonly status: HomeStatus;
  readonly lastApplied: AppliedUpgrade | undefined;
  /** The rows of `verify` for what runs and for the upgrades that the log names, by `targetName`. */
  readonly findings: ReadonlyMap<string, readonly Finding[]>;
  /** A database below data/ that a process holds now. */
  readonly heldLock: { readonly file: string; readonly pid: number; readonly command: string } | undefined;
  /** Bytes free where data/ is. */
  readonly free: number;
}

/**
 * @param named the upgrades that the log speaks of
 * @returns why there are none, where the home is not there or closed to this user
 */
export async function homeFacts(
  request: Examination,
  named: readonly PlanName[],
): Promise<HomeFacts | { readonly why: string }> {
  const { home, recipe, environment } = request;
  if (!isFolder(home.root)) return { why: `there is no home ${home.root} that this user can see` };
  try {
    const status = await homeStatus(home, () => Promise.resolve(recipe), environment);
    const { setting } = await settingOf(request);
    const current = status.current.kind === 'link' ? status.current.target : undefined;
    const verdicts = await verifyStaged(
      allSubjects(home).filter((subject) => isWanted(subject, current, named)),
      request,
      setting,
    );
    return {
      ...{ status, lastApplied: lastApplied(home), heldLock: lockHolder(home), free: freeBytes(home.data) },
      findings: new Map(
        verdicts.flatMap(({ subject: { target }, findings }) => (target ? [[targetName(target), findings]] : [])),
      ),
    };
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return { why: `the home ${home.root} cannot be read: ${messageOf(error)}` };
  }
}

function isWanted({ target }: Subject, current: StagingTarget | undefined, named: readonly PlanName[]): boolean {
  if (target === undefined) return false;
  if (current !== undefined && targetName(target) === targetName(current)) return true;
  return target.kind === 'upgrade' && named.some((name) => samePlanName(name, target.plan));
}

function lockHolder({ data }: HomePaths): HomeFacts['heldLock'] {
  const held = heldDatabaseLock(data);
  if (held === undefined) return undefined;
  const pid = holdersOf(held.file)[0] ?? held.pid; // who took the lock may have ended, and another have it from it
  return { file: held.file, pid, command: processFacts(pid)?.arguments.join(' ') ?? 'its name is not shown' };
}
