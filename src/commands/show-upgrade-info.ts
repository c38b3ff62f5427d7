// `cvtool show-upgrade-info`: data/upgrade-info.json as it is, not parsed (cosmovisor, cmd/show_upgrade.go).
import { readFileSync } from 'node:fs';

import { readSupervisorConfig } from '../config/supervisor-config.js';
import { CvtoolError, hasCode } from '../errors/cvtool-error.js';
import { systemReason } from '../errors/system-reason.js';
import { homePaths } from '../home/paths.js';
import { planFile } from '../home/plan-files.js';
import { print, printBytes } from '../report/terminal.js';
import { cosmovisorVerb, sourcesOf } from './cosmovisor-verb.js';

/** @returns the exit status */
export function showUpgradeInfoCommand(options: { readonly cosmovisorConfig?: string }): Promise<number> {
  return cosmovisorVerb(async () => {
    const config = await readSupervisorConfig({ ...sourcesOf(options.cosmovisorConfig), folders: 'command' });
    const file = planFile(homePaths(config.home, config.daemon));
    try {
      printBytes(readFileSync(file), Buffer.from('\n'));
    } catch (error) {
      if (!hasCode(error, 'ENOENT')) throw cannotRead(file, error);
      print(`No upgrade info found at ${file}`);
    }
    return 0;
  });
}

function cannotRead(file: string, cause: unknown): CvtoolError {
  return new CvtoolError('HOST_NOT_READY', `failed to read upgrade-info.json: open ${file}: ${systemReason(cause)}`, {
    hint: 'It must be a file, and readable for this user.',
    cause,
  });
}
