// The commands that cvtool calls: two of them for a node's run, the rest only where something is built.
import { row, type Row } from './row.js';

export interface ToolFacts {
  /** By name: the file, undefined where it is missing. The C compiler stands under `cc`. */
  readonly files: Readonly<Record<ToolName, string | undefined>>;
  /** What git says of itself, and whether that is enough. */
  readonly git: { readonly version: string; readonly enough: boolean } | undefined;
  readonly cc: string | undefined;
  /** Of this process. */
  readonly node: string;
}

export const toolNames = ['flock', 'setpriv', 'git', 'make', 'cc'] as const;
export type ToolName = (typeof toolNames)[number];

/** The first git that takes all options that staging uses. */
export const leastGit = '2.17.0';

const packages: Readonly<Record<ToolName, string>> = {
  flock: 'apt-get install util-linux, or dnf install util-linux-core',
  setpriv: 'apt-get install util-linux, or dnf install util-linux-core',
  git: 'apt-get install git, or dnf install git',
  make: 'apt-get install make, or dnf install make',
  cc: 'apt-get install gcc libc6-dev, or dnf install gcc glibc-devel',
};

export function judgeTools({ files, git, cc, node }: ToolFacts): Row[] {
  const rows: Row[] = [row('tools', 'pass', `Node ${node}`)];
  if (files.flock === undefined) {
    rows.push(
      row(
        'tools',
        'fail',
        'flock is missing: without it neither `run` nor a staging can lock the home',
        packages.flock,
      ),
    );
  }
  if (files.setpriv === undefined) {
    const text =
      'setpriv is missing: a daemon would outlive a supervisor that is killed with SIGKILL, until the next run stops it';
    rows.push(row('tools', 'warn', text, packages.setpriv));
  }
  if (files.flock !== undefined && files.setpriv !== undefined) {
    rows.push(row('tools', 'pass', 'flock and setpriv, which a run needs'));
  }
  const missing = (['git', 'make', 'cc'] as const).filter((name) => files[name] === undefined);
  for (const name of missing) {
    const what = name === 'cc' ? 'a C compiler' : name;
    rows.push(
      row('tools', 'warn', `${what} is missing: nothing can be built here (a run does not need it)`, packages[name]),
    );
  }
  if (git !== undefined && !git.enough) {
    rows.push(row('tools', 'warn', `${git.version} is too old: a build needs ${leastGit} or later`, packages.git));
  }
  if (missing.length === 0 && git?.enough !== false) {
    rows.push(
      row(
        'tools',
        'pass',
        `${['make', git?.version, cc].filter((text) => text !== undefined).join('; ')}, which a build needs`,
      ),
    );
  }
  return rows;
}
