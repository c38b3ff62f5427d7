// The one owner of the interrupt signals outside `run`: the first asks the work to end itself, and what it started to end with it.
import { CvtoolError } from '../errors/cvtool-error.js';
import type { ExitStatus } from '../errors/catalogue.js';
import { printError } from './terminal.js';

const statuses = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const satisfies Record<string, ExitStatus>;

/** An abort signal that fires at the first SIGINT, SIGTERM or SIGHUP, with INTERRUPTED as its reason. */
export function onInterrupt(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) return;
      printError(`${name}: stopping; nothing is staged`);
      controller.abort(new CvtoolError('INTERRUPTED', `stopped by ${name}`, { exit: statuses[name] }));
    });
  }
  return controller.signal;
}
