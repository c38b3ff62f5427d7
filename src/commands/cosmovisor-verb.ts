// What cosmovisor's own verbs have in common here: all that goes wrong is `Error: …` on stderr and exit status 1, as upstream.
import { readEnvironment } from '../config/environment.js';
import type { Sources } from '../config/supervisor-config.js';
import { CvtoolError } from '../errors/cvtool-error.js';
import { reportError } from '../report/error-text.js';
import { outliveReaders } from '../report/terminal.js';

/** @returns the exit status: what `verb` returns, 1 for an error that it throws; after a signal the shell's */
export async function cosmovisorVerb(verb: () => Promise<number>): Promise<number> {
  outliveReaders();
  try {
    return await verb();
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    reportError(error, { debug: false });
    return error.code === 'INTERRUPTED' ? error.exit : 1;
  }
}

/** @param configFile what --cosmovisor-config named; empty counts as left out */
export function sourcesOf(configFile: string | undefined): Sources {
  const environment = readEnvironment();
  return {
    environment,
    configFile: configFile === '' ? undefined : configFile,
    defaults: async () => (await import('./recipe-defaults.js')).recipeDefaults(environment),
  };
}
