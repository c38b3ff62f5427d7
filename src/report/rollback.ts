// A rollback in words, before it is done.
import type { RollbackPlan } from '../backup/restore.js';
import { targetName, type HomePaths } from '../home/paths.js';
import { readManualPlans } from '../home/plan-files.js';
import { printable } from '../values/printable.js';

/** The manual plans of `data` that the backup knows nothing of. */
export function lostManualPlans(home: HomePaths, { backup }: RollbackPlan): readonly string[] {
  const [now, then] = [home, { ...home, data: backup.folder }].map((place) => readManualPlans(place, false));
  const known = then !== undefined && 'plans' in then ? then.plans.map(({ spelled }) => spelled) : [];
  const listed = now !== undefined && 'plans' in now ? now.plans.map(({ spelled }) => spelled) : [];
  return listed.filter((name) => !known.includes(name));
}

export function rollbackLines(
  { backup: { folder, record }, trees, current, signing }: RollbackPlan,
  lostPlans: readonly string[],
): readonly string[] {
  const of = record.plan === null ? 'by hand' : `before ${record.plan.name} at height ${record.plan.height}`;
  const state = signing.signed === undefined ? '' : ` (height/round/step ${signing.signed})`;
  const kept = {
    live: `stays as it is${state}: it is the newer`,
    backup: `comes from the backup${state}: there is no newer one`,
    none: 'is neither here nor in the backup',
  };
  return [
    `backup     ${folder}, made ${record.time} ${of}`,
    ...trees.map(({ tree, target, replaced }) => `${tree.padEnd(9)}  ${target}; what is there becomes ${replaced}`),
    `current    ${current === undefined ? 'stays: the backup knows of no link' : targetName(current)}`,
    `signing    priv_validator_state.json ${kept[signing.from]}`,
    ...(lostPlans.length === 0
      ? []
      : [`manual     not in the backup, to be made again with add-upgrade: ${lostPlans.join(', ')}`]),
    ...(record.plan === null
      ? []
      : [
          '',
          `The next run will do the upgrade ${record.plan.name} again, unless another binary is put into its folder,`,
          `or the node is started with --unsafe-skip-upgrades ${record.plan.height}.`,
        ]),
  ].map(printable);
}

/** The document of --json. */
export function rollbackData({ backup, trees, current, signing }: RollbackPlan): object {
  return {
    ok: true,
    backup: printable(backup.folder),
    finished: false,
    replaced: trees.map(({ replaced }) => printable(replaced)),
    current: current === undefined ? null : targetName(current),
    signingState: { from: signing.from, signed: signing.signed ?? null },
  };
}
