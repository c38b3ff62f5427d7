// What a daemon's end means where nobody has read its output: from its exit status or signal, and from what lies in data/. It is
// in `run`'s bundle, and loads nothing.
import type { End } from './machine/types.js';

export interface EndFacts {
  readonly end: End;
  readonly binary: string;
  /** The upgrade that runs; undefined: genesis. */
  readonly running?: string | undefined;
  /** The plan in data/upgrade-info.json, by its name. */
  readonly plan?: string | undefined;
  /** That plan was written while this daemon ran. */
  readonly planIsNew?: boolean | undefined;
  /** A database below data/ that somebody else holds: `heldDatabaseLock`. */
  readonly locked?: { readonly file: string; readonly pid: number } | undefined;
  /** We have sent SIGKILL ourselves. */
  readonly killed?: boolean | undefined;
}

/** Those that a shell, systemd and we ourselves write as 128+n. */
const signals: Readonly<Record<number, string>> = {
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  9: 'SIGKILL',
  11: 'SIGSEGV',
};

const look = 'cvtool verify current';

/** @returns one sentence: what it means, and what to do; undefined where the end alone tells nothing */
export function hintOfEnd({ end, binary, running, plan, planIsNew, locked, killed }: EndFacts): string | undefined {
  if (end.kind === 'never started') return undefined; // the system's own words say it
  const status = end.kind === 'exited' ? end.status : undefined;
  if (status === 0) return undefined;
  if (planIsNew === true && running !== undefined && plan?.toLowerCase() === running.toLowerCase()) {
    return `It has asked for upgrade ${running} itself, so it was built from a tag without that handler: \`${look}\` names the one to stage with --force.`;
  }
  if (status === 127) {
    return `Status 127 is the loader's: a library or a symbol that ${binary} needs was not found: \`${look}\` names it.`;
  }
  if (status === 126) {
    return `Status 126: ${binary} cannot be executed: built for another machine, torn, or without its x bit: \`${look}\` tells.`;
  }
  const signal = end.kind === 'signalled' ? end.signal : signals[(status ?? 0) - 128];
  if (signal === 'SIGKILL') {
    if (killed === true) return undefined;
    return 'SIGKILL came from outside, mostly from the kernel for want of memory: `journalctl -k -g "out of memory"` tells.';
  }
  if (signal === 'SIGILL') {
    return `SIGILL: an instruction that this processor does not have: ${binary} or a library was built for another one, or is damaged: \`${look}\`.`;
  }
  if (signal === 'SIGSEGV' || signal === 'SIGBUS' || signal === 'SIGABRT') {
    return `${signal}: a Go program seldom ends so by itself; a torn file does, and a library that is not the one it was built with: \`${look}\`.`;
  }
  if (status !== undefined && locked !== undefined) {
    return `${locked.file} is held by process ${locked.pid}: two nodes never run on one data folder, so end that one first.`;
  }
  return undefined;
}
