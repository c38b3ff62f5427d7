// How cosmovisor's verbs tell what they do: in the supervisor's log lines; warnings on stderr, also where those are off.
import type { Environment } from '../config/environment.js';
import { printError } from '../report/terminal.js';
import type { Tell } from '../stage/by-hand/tell.js';
import { makeLog, type LogConfig } from '../supervisor/log.js';
import { printable } from '../values/printable.js';

export function telling(config: LogConfig, environment: Environment): Tell {
  const log = makeLog(config, environment);
  return {
    info: (event, message, fields) => log.info(event, message, fields),
    warn: (message, hint) =>
      printError(`Warning: ${printable(message)}`, ...(hint === undefined ? [] : [`  ${printable(hint)}`])),
  };
}
