// Open files: a node with many peers and tables needs thousands. `cvtool run` is Node, which raises its soft limit to the hard one
// and hands it on, so there the hard limit counts; for a daemon that runs, what it has.
import type { FileLimits } from '../../host/limits.js';
import { row, type Row } from './row.js';

const least = 4096;
const wanted = 65_535;

export interface FileLimitFacts {
  /** Of the daemon that runs. */
  readonly daemon: FileLimits | undefined;
  /** Of whoever started us. */
  readonly shell: FileLimits | undefined;
  /** The unit that starts the daemon sets its own: the shell's do not matter then. */
  readonly hasUnit: boolean;
}

export function judgeOpenFiles({ daemon, shell, hasUnit }: FileLimitFacts): Row {
  if (daemon !== undefined) return judgeLimit('open-files', 'the daemon that runs', daemon, daemon.soft);
  if (shell === undefined) return row('open-files', 'unknown', 'how many files may be open is not told by this system');
  if (hasUnit) return row('open-files', 'pass', `here ${limitsText(shell)}; the service has its own limits, see below`);
  return judgeLimit('open-files', 'what is started from here', shell, shell.hard);
}

/** @param counts the one of the two that decides */
export function judgeLimit(check: 'open-files' | 'unit-limits', who: string, limits: FileLimits, counts: number): Row {
  const text = `${who} may open ${limitsText(limits)} files`;
  if (counts >= wanted) return row(check, 'pass', text);
  const hint =
    check === 'unit-limits'
      ? `In [Service]: LimitNOFILE=${wanted}`
      : `In its unit: LimitNOFILE=${wanted}; in a shell: ulimit -n ${wanted}, or a line in /etc/security/limits.d.`;
  const short = counts < least ? `: fewer than ${least} are too few for a node` : `, and ${wanted} are usual`;
  return row(check, counts < least ? 'fail' : 'warn', text + short, hint);
}

function limitsText({ soft, hard }: FileLimits): string {
  return soft === hard ? countText(soft) : `${countText(soft)} (hard limit: ${countText(hard)})`;
}

function countText(count: number): string {
  return count === Infinity ? 'any number of' : String(count);
}
