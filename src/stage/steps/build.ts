import { countPackages } from '../../build/go-packages.js';
import { runBuildCommand } from '../../build/run-commands.js';
import type { StagingRequest } from '../request.js';
import type { Step } from '../step.js';
import type { Source } from './check-out.js';
import type { BuildSetting } from './prepare-go.js';
import type { Resolved } from './resolve.js';

export interface Built {
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly compiled: number;
}

/** The recipe's commands, in the checkout: `make clean`, then `make build`. */
export const build: Step<
  { request: StagingRequest; resolved: Resolved; source: Source; setting: BuildSetting; log: string },
  { built: Built }
> = {
  title: 'Build',
  async run({ request, resolved: { plan }, source, setting, log }, { signal, progress, output }) {
    const startedAt = new Date().toISOString();
    const { packages, tags } = request.recipe.recipe.build;
    const { environment } = setting;
    const asked = setting.go === undefined ? [] : packages;
    const counter = countPackages(asked, tags, { folder: source.folder, environment, signal });
    for (const command of plan.commands) {
      progress(command.join(' '));
      await runBuildCommand(command, {
        folder: source.folder,
        environment,
        log,
        signal,
        timeLimit: plan.timeLimit,
        onLine: (line) => {
          output(line);
          progress(counter.see(line) ?? line);
        },
      });
    }
    return { built: { startedAt, finishedAt: new Date().toISOString(), compiled: counter.compiled } };
  },
  outcome: ({ resolved: { plan }, built: { compiled } }) =>
    `${plan.commands.map((command) => command.join(' ')).join(' && ')}${compiled === 0 ? '' : `, ${compiled} packages compiled`}`,
};
