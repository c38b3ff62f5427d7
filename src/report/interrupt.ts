// The one owner of the interrupt signals outside `run`: the first asks the work to end itself, and what it started to end with
// it; the work then says whether it had come to its end before.
import { CvtoolError } from '../errors/cvtool-error.js';
import type { ExitStatus } from '../errors/catalogue.js';
import { printError } from './terminal.js';

const statuses = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const satisfies Record<string, ExitStatus>;

/**
 * An abort signal that fires at the first SIGINT, SIGTERM or SIGHUP, with INTERRUPTED as its reason.
 * @param quiet says nothing: somebody else draws on the terminal at that moment
 * @param left what is so after it, for the error
 */
export function onInterrupt({
  quiet,
  left = 'nothing was staged',
}: {
  readonly quiet: boolean;
  readonly left?: string;
}): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) return;
      if (!quiet) printError(`${name}: stopping`);
      if (name === 'SIGHUP') process.once('exit', endHungUp);
      controller.abort(new CvtoolError('INTERRUPTED', `stopped by ${name}; ${left}`, { exit: statuses[name] }));
    });
  }
  return controller.signal;
}

/** Ends by the signal itself: where the terminal is gone, Node 20 aborts (SIGABRT) as it wants to set it back at its end. */
function endHungUp(status: number): void {
  if (status !== statuses.SIGHUP) return;
  process.removeAllListeners('SIGHUP');
  process.kill(process.pid, 'SIGHUP');
}
