// What has to be asked of other programs: tools, clock, Go.
import type { Environment } from '../../config/environment.js';
import type { CacheFolders } from '../../config/folders.js';
import { CvtoolError } from '../../errors/cvtool-error.js';
import { clockIsSynchronised } from '../../host/clock.js';
import { findCommand } from '../../host/find-command.js';
import { canFetchOthers, goSettings, installedGos } from '../../host/go-toolchains.js';
import { isAtLeast, toolSays } from '../../host/tools.js';
import { parseGoProxies } from '../../install/go-proxy-list.js';
import { judgeClock } from './clock.js';
import type { Examination } from './examination.js';
import type { Row } from './row.js';
import { judgeTools, leastGit, toolNames, type ToolName } from './tools.js';

export async function hostRows({ environment }: Examination): Promise<Row[]> {
  const cc = ['gcc', 'cc', 'clang'].find((name) => findCommand(name, environment.PATH) !== undefined) ?? 'gcc';
  const files = Object.fromEntries(
    toolNames.map((name) => [name, findCommand(name === 'cc' ? cc : name, environment.PATH)]),
  ) as Record<ToolName, string | undefined>;
  const [synchronised, gitSays, enough, ccSays] = await Promise.all([
    clockIsSynchronised(environment.PATH),
    files.git === undefined ? undefined : toolSays(files.git),
    files.git === undefined ? undefined : isAtLeast(files.git, leastGit),
    files.cc === undefined ? undefined : toolSays(files.cc),
  ]);
  const git = enough === undefined ? undefined : { version: gitSays ?? 'git', enough };
  return [...judgeTools({ files, git, cc: ccSays, node: process.version }), judgeClock(synchronised)];
}

export async function goFacts(environment: Environment, { toolchains }: CacheFolders) {
  const installed = await installedGos(environment, toolchains);
  // A Go that fetches others needs no proxy of ours; and asked for its settings, it would write telemetry into the user's home.
  if (installed.some(({ version }) => canFetchOthers(version))) return { installed, whyNoProxy: undefined };
  try {
    const { GOPROXY: list } = await goSettings(installed[0], environment);
    if (list === undefined) return { installed, whyNoProxy: 'GOPROXY is not set' };
    const isNamed = parseGoProxies(list).some(({ kind }) => kind === 'proxy');
    return { installed, whyNoProxy: isNamed ? undefined : `GOPROXY=${list} names no module proxy` };
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    return { installed, whyNoProxy: error.message };
  }
}
