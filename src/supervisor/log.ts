// The supervisor's own lines: on stdout, each whole in one write. Nothing that can happen to a log stops the supervisor, or waits
// for a reader: a line that does not go out at once is lost. Errors go to stderr.
import type { Environment } from '../config/environment.js';
import type { SupervisorConfig } from '../config/supervisor-config.js';
import type { CvtoolError } from '../errors/cvtool-error.js';
import { zoneName } from '../host/time-zone.js';
import { formatTime } from '../values/go-time.js';
import { maskCredentials, printable } from '../values/printable.js';
import { consoleLine, jsonText, type Fields, type Level } from './console-line.js';
import { isTerminal, outlet, type Outlet } from './outlet.js';

export interface Log {
  /**
   * @param event a stable name for scripts: `daemon.started`; only JSON lines show it
   * @param message the sentence for people
   */
  info(event: string, message: string, fields?: Fields): void;
  warn(event: string, message: string, fields?: Fields): void;
  error(event: string, message: string, fields?: Fields): void;
}

export type LogConfig = Pick<SupervisorConfig, 'disableLogs' | 'colorLogs' | 'timeFormat' | 'logFormat'>;

/** @param environment for TZ and NO_COLOR */
export function makeLog(config: LogConfig, environment: Environment, stdout: Outlet = outlet(1)): Log {
  const colour = config.colorLogs && environment.NO_COLOR === undefined && isTerminal(1);
  const line = (level: Level, event: string, message: string, fields: Fields): string =>
    config.logFormat === 'json'
      ? jsonLine(level, event, message, fields)
      : consoleLine({ level, time: timeText(config, environment), message, fields }, colour);
  const at =
    (level: Level) =>
    (event: string, message: string, fields: Fields = {}): void => {
      if (!config.disableLogs) stdout.write(`${line(level, event, message, fields)}\n`);
    };
  return { info: at('info'), warn: at('warn'), error: at('error') };
}

const stderr = outlet(2);

/** `Error: …` on stderr; `more` are lines below it, such as the way on. */
export function errorLine(text: string, ...more: readonly string[]): void {
  stderr.write([`Error: ${printable(text)}`, ...more.map(printable)].map((line) => `${line}\n`).join(''));
}

/** An error of ours in full: what it is, its details, the way on. */
export function tellError({ message, details, hint }: CvtoolError): void {
  errorLine(message, ...details.map((line) => `  ${line}`), ...(hint === undefined ? [] : hint.split('\n')));
}

/** zerolog hands its console whole seconds. */
function timeText({ timeFormat }: LogConfig, environment: Environment): string {
  if (timeFormat === '') return '<nil>';
  const now = new Date();
  now.setMilliseconds(0);
  return formatTime(timeFormat, now, () => zoneName(now, environment));
}

function jsonLine(level: Level, event: string, message: string, fields: Fields): string {
  const now = new Date();
  const time = formatTime('rfc3339nano', now, () => '');
  return maskCredentials(jsonText({ time, level, event, message, ...fields }));
}
