// The one file that reads the process's environment. Everybody else is handed what is read here.

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment as it is now; an empty variable counts as unset (spec/supervisor.md, Configuration). */
export function readEnvironment(): Environment {
  return Object.fromEntries(Object.entries(process.env).filter(([, value]) => value !== ''));
}
