// Where a plan's binary comes from: out of its info, or out of the document that the info is the address of, which is fetched for it.
import { readFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { join } from 'node:path';

import type { Environment } from '../config/environment.js';
import { openDownloadFolder } from '../home/download-folder.js';
import type { HomePaths } from '../home/paths.js';
import { fetchChecked } from '../install/fetch-checked.js';
import { planBinary, type PlanBinary } from '../install/plan-binary.js';
import type { StepTools } from '../stage/step.js';
import { platformFrom } from '../values/platform.js';

export interface PlanSourceOptions {
  readonly home: HomePaths;
  readonly environment: Environment;
  readonly mustHaveChecksum: boolean;
  /** Milliseconds, as `FetchOptions` has them. */
  readonly timeLimit: number;
  readonly stallLimit?: number | undefined;
  readonly warn: (text: string) => void;
}

/** In bytes: a document names some platforms. */
const largestDocument = 1024 * 1024;

/** @param info the plan's @throws as `planBinary` and `fetchChecked` */
export function planSource(
  info: string,
  { home, mustHaveChecksum, ...options }: PlanSourceOptions,
  { signal, progress }: Pick<StepTools, 'signal' | 'progress'>,
): Promise<PlanBinary> {
  const here = platformFrom(`${platform()}/${arch()}`);
  if (here === undefined) throw new Error(`unknown platform ${platform()}/${arch()}`);
  return planBinary(info, {
    platform: here,
    mustHaveChecksum,
    fetchDocument: async ({ address, checksum }) => {
      const folder = openDownloadFolder(home);
      try {
        const file = join(folder.path, 'document');
        const onRetry = (said: string): void => progress(`${said}: going on`);
        const bounds = { largest: largestDocument, onProgress: () => undefined, onRetry };
        await fetchChecked(address, file, { ...options, ...bounds, checksum, signal });
        return readFileSync(file, 'utf8');
      } finally {
        folder.close();
      }
    },
  });
}
