// `cvtool run`: runs the current binary with its arguments, streams, signals and exit status. It does not switch yet: that is
// the supervisor's, which takes this file's place.
import { spawn } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { constants } from 'node:os';

import { CvtoolError } from '../errors/cvtool-error.js';
import { readCurrent, switchCurrent } from '../home/current-link.js';
import { binaryIn, homePaths, targetFolder, type HomePaths } from '../home/paths.js';
import { mendStaging } from '../home/replace-folder.js';
import { reportError } from '../report/error-text.js';
import { printError } from '../report/terminal.js';

const forwarded = ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const;

/** @param args the daemon's; none: `start` @returns the daemon's exit status, 128+n for a signal, 1 for an error of ours */
export async function runCommand(
  args: readonly string[],
  { home: root, daemon }: { readonly home: string; readonly daemon: string },
): Promise<number> {
  try {
    const home = homePaths(root, daemon);
    mendStaging(home);
    return await runDaemon(currentBinary(home), args.length === 0 ? ['start'] : args);
  } catch (error) {
    reportError(error, { debug: false });
    return 1;
  }
}

function currentBinary(home: HomePaths): string {
  let target = readCurrent(home);
  if (target === undefined) {
    target = { kind: 'genesis' };
    const genesis = binaryIn(home, home.genesis);
    if (!existsSync(genesis)) {
      throw new CvtoolError('NOT_STAGED', `there is no genesis binary ${genesis}`, {
        hint: 'Stage one: `cvtool stage-genesis --tag <tag>`.',
      });
    }
    switchCurrent(home, target);
  }
  const binary = binaryIn(home, targetFolder(home, target));
  if (!existsSync(binary) || !statSync(binary).isFile()) {
    throw new CvtoolError('NOT_STAGED', `\`current\` leads to ${binary}, and there is no such file`, {
      hint: 'Stage it again, or make the link point to what is staged.',
    });
  }
  return binary;
}

function runDaemon(binary: string, args: readonly string[]): Promise<number> {
  printError(`cvtool: running ${binary} ${args.join(' ')}`);
  if (args.includes('start')) printError('cvtool: it does not switch binaries at an upgrade yet');
  return new Promise((resolve, reject) => {
    const child = spawn(binary, args, { stdio: 'inherit' });
    for (const name of forwarded) process.on(name, () => child.kill(name));
    child.once('error', reject);
    child.once('exit', (status, signal) => resolve(status ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
