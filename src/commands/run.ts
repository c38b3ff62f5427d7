// `cvtool run`: configuration in, then a node's run under the supervisor, or a short command beside it.
import { readEnvironment, wholeEnvironment } from '../config/environment.js';
import { takeConfigFlag } from '../config/config-flag.js';
import { readSupervisorConfig, type Defaults } from '../config/supervisor-config.js';
import { CvtoolError, isSystemError } from '../errors/cvtool-error.js';
import { homePaths } from '../home/paths.js';
import { flagValue, isNodeRun } from '../supervisor/arguments.js';
import { errorLine, makeLog, tellError } from '../supervisor/log.js';
import { runNode } from '../supervisor/run-node.js';

const signals = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/**
 * @param words the daemon's arguments, and `--cosmovisor-config PATH`; none: `start`
 * @param defaults what the recipe says of home and daemon; asked only where nothing else does
 * @returns the exit status: the daemon's, 0 after a stop that it obeyed, 1 for a failure of ours
 */
export async function runCommand(words: readonly string[], defaults: () => Promise<Defaults>): Promise<number> {
  const onSignal = listenFromNowOn();
  try {
    const { configFile, args: given } = takeConfigFlag(words);
    const args = given.length === 0 ? ['start'] : given;
    const node = isNodeRun(args);
    const environment = readEnvironment();
    const config = await readSupervisorConfig({
      environment,
      configFile,
      defaults,
      folders: node ? 'node' : 'command',
    });
    const home = homePaths(config.home, config.daemon);
    const log = makeLog(config, environment);
    const whole = wholeEnvironment();
    if (!node)
      return await (
        await import('../supervisor/run-short.js')
      ).runShort({ home, args, environment: whole, log, onSignal });
    const daemonHome = flagValue(args, '--home');
    if (daemonHome !== undefined && daemonHome !== config.home) {
      log.warn('other-home', 'the daemon runs in another home than DAEMON_HOME: its plans will never be seen', {
        '--home': daemonHome,
        DAEMON_HOME: config.home,
      });
    }
    const program = [process.execPath, process.argv[1] ?? ''] as const;
    return await runNode({ config, home, args, environment: whole, log, program, onSignal });
  } catch (error) {
    if (!(error instanceof CvtoolError)) {
      const text = error instanceof Error ? error.message : String(error);
      const isSystems = isSystemError(error);
      errorLine(text, isSystems ? 'The system refused that: mend it, then start again.' : 'This is a bug in cvtool.');
      return 1;
    }
    tellError(error);
    return 1;
  }
}

/** One listener for the supervisor's whole life; signals that come before anybody asks for them are kept. */
function listenFromNowOn(): (listener: (signal: NodeJS.Signals) => void) => void {
  const early: NodeJS.Signals[] = [];
  let listener: ((signal: NodeJS.Signals) => void) | undefined;
  for (const name of signals) {
    process.on(name, () => {
      if (listener === undefined) early.push(name);
      else listener(name);
    });
  }
  return (next) => {
    listener = next;
    for (const name of early.splice(0)) next(name);
  };
}
