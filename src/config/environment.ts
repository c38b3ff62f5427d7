// The one file that reads the process's environment. Everybody else is handed what is read here.

export type Environment = Readonly<Record<string, string | undefined>>;

/** The one variable that says something by being empty: log lines have no time then. */
const emptySaysNone = 'COSMOVISOR_TIMEFORMAT_LOGS';

/** The environment whole, empty variables too: what the daemon is handed. */
export function wholeEnvironment(): NodeJS.ProcessEnv {
  return process.env;
}

/** The environment as it is now; an empty variable counts as unset, but for one. */
export function readEnvironment(): Environment {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name, value]) => value !== '' || name === emptySaysNone),
  );
}
