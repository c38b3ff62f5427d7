// The words for what the machine has to say: upstream's where upstream says it.
import { CvtoolError, messageOf } from '../errors/cvtool-error.js';
import { errorLine, tellError, type Log } from './log.js';
import type { Plan } from './machine/plan.js';
import type { End, Saying, StepName } from './machine/types.js';

export interface Said {
  readonly plan: Plan | undefined;
  readonly end: End | undefined;
  readonly daemon: string;
  /** What the daemon's end means. */
  readonly hint: string | undefined;
}

const ended = ({ end }: Said): string => (end === undefined ? 'ended' : describeEnd(end));
const named = ({ plan }: Said): string => `upgrade ${plan?.name ?? ''} at height ${String(plan?.height ?? '')}`;

export const sayings: Readonly<Record<Saying, (log: Log, said: Said) => void>> = {
  'upgrade: stopping the daemon': (log, { plan }) =>
    log.info('upgrade-stopping', 'daemon shutting down in an attempt to restart', {
      upgrade: plan?.name,
      height: plan?.height,
    }),
  'upgrade: the daemon has ended': (log, { plan }) =>
    log.info('upgrade-due', 'the daemon has ended on a plan: upgrading', { upgrade: plan?.name, height: plan?.height }),
  'upgrade: resuming': (log, { plan }) =>
    log.info('upgrade-resuming', 'an upgrade was begun before: going on with it', {
      upgrade: plan?.name,
      height: plan?.height,
    }),
  'upgrade: relaunching': (log, { daemon }) =>
    log.info('upgrade-done', 'upgrade detected, relaunching', { app: daemon }),
  'upgrade: done, no restart': (log) =>
    log.info(
      'upgrade-done',
      'upgrade detected, DAEMON_RESTART_AFTER_UPGRADE is off. Verify new upgrade and start cosmovisor again.',
    ),
  'grace exceeded': (log) => log.warn('grace-exceeded', 'DAEMON_SHUTDOWN_GRACE exceeded, killing app'),
  'pre-upgrade: successful': (log) => log.info('pre-upgrade', 'pre-upgrade successful. continuing the upgrade.'),
  'pre-upgrade: no such command': (log) =>
    log.info('pre-upgrade', 'pre-upgrade command does not exist. continuing the upgrade.'),
  'pre-upgrade: retrying': (log, said) =>
    log.error('pre-upgrade', 'pre-upgrade command failed. retrying', { error: ended(said) }),
  'pre-upgrade: unknown status': (log, said) =>
    log.warn('pre-upgrade', `pre-upgrade ${ended(said)}, which means nothing known. continuing the upgrade.`),
  'pre-upgrade: failed': (_, said) =>
    errorLine(
      `pre-upgrade command failed : exit status 30 (${named(said)})`,
      'Its output is in the log above; the old binary is still current.',
    ),
  'pre-upgrade: no more retries': (_, said) =>
    errorLine(
      `pre-upgrade command failed. reached max attempt of retries (${named(said)})`,
      'DAEMON_PREUPGRADE_MAX_RETRIES sets how often it is tried; the old binary is still current.',
    ),
  'pre-upgrade: cannot run': (_, said) =>
    errorLine(
      `pre-upgrade of the new binary ${ended(said)}: it cannot run here (${named(said)})`,
      'Look at it with `cvtool verify`, or stage it again; the old binary is still current.',
    ),
  'no handler': (_, said) =>
    errorLine(
      `the binary of ${said.plan?.name ?? ''} ${ended(said)} after it had written that very plan again: it has no handler for it`,
      'It was built from another tag than the one that has the handler: stage that one with --force.',
    ),
  'daemon failed': (_, said) =>
    errorLine(`${said.daemon} ${ended(said)}`, ...(said.hint === undefined ? [] : [said.hint])),
};

/** How a process of ours ended, as a clause. */
export function describeEnd(end: End): string {
  switch (end.kind) {
    case 'exited':
      return `ended with exit status ${end.status}`;
    case 'signalled':
      return `was ended by ${end.signal}`;
    case 'never started':
      return `could not be started: ${end.cause}`;
  }
}

/** Of a step that failed: the home is as it was, and the next run goes on from there. */
export function tellProblem(error: unknown, plan: Plan | undefined, step: StepName): void {
  if (!(error instanceof CvtoolError)) {
    if (plan === undefined) return errorLine(messageOf(error), 'The system refused that: mend it, then start again.');
    return errorLine(
      `upgrade ${plan.name} at height ${plan.height} failed (${step}): ${messageOf(error)}`,
      'Mend that, then start again: the upgrade goes on from here.',
    );
  }
  return tellError(error);
}
