// What the verbs around backups have in common: the home and its settings, the question before something is removed.
import { readEnvironment, type Environment } from '../config/environment.js';
import { readSupervisorConfig, type SupervisorConfig } from '../config/supervisor-config.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { homePaths, type HomePaths } from '../home/paths.js';
import { confirm } from '../report/confirm.js';
import { errorData, reportError } from '../report/error-text.js';
import { onInterrupt } from '../report/interrupt.js';
import { outliveReaders, print } from '../report/terminal.js';
import { sourcesOf } from './cosmovisor-verb.js';

export interface BackupVerbOptions {
  readonly cosmovisorConfig?: string;
  readonly json?: boolean;
  readonly debug?: boolean;
  readonly yes?: boolean;
}

export interface BackupHome {
  readonly home: HomePaths;
  readonly config: SupervisorConfig;
  readonly environment: Environment;
  readonly signal: AbortSignal;
}

/** @returns the exit status */
export async function backupVerb(
  options: BackupVerbOptions,
  verb: (on: BackupHome) => Promise<number>,
): Promise<number> {
  outliveReaders();
  const signal = onInterrupt({ quiet: false });
  try {
    const config = await readSupervisorConfig({ ...sourcesOf(options.cosmovisorConfig), folders: 'command' });
    return await verb({
      ...{ config, signal },
      home: homePaths(config.home, config.daemon),
      environment: readEnvironment(),
    });
  } catch (error) {
    const reason = signal.aborted && signal.reason instanceof CvtoolError ? signal.reason : error;
    if (options.json === true) print(JSON.stringify(errorData(reason)));
    return reportError(reason, { debug: options.debug === true });
  }
}

/** @throws USAGE where nobody can be asked */
export async function agreed(options: BackupVerbOptions, question: string, signal: AbortSignal): Promise<boolean> {
  if (options.yes === true) return true;
  if (options.json !== true && process.stdin.isTTY) return confirm(question, signal);
  throw new CvtoolError('USAGE', 'this has to be agreed to, and nobody can be asked: it is no terminal', {
    hint: '--yes agrees.',
  });
}
