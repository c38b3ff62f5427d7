// The whole examination: facts are gathered here, once, and each check judges its part of them. Nothing is written, neither git nor
// the network is needed, and what cannot be looked at is said to be unknown.
import { existsSync, statSync } from 'node:fs';

import { type HomePaths, type StagingTarget, targetName } from '../../home/paths.js';
import { readManualPlans, readPlan } from '../../home/plan-files.js';
import { freeBytes } from '../../host/folders.js';
import { goPlatform } from '../../host/go-toolchains.js';
import { openFileLimits } from '../../host/limits.js';
import { mountOf } from '../../host/mounts.js';
import { ourselves } from '../../host/users.js';
import { toolchainHash } from '../../recipe/release-table.js';
import { flagValue, skippedHeights } from '../../supervisor/arguments.js';
import { homeProcesses } from '../daemon-process.js';
import { judgeAccess } from './access.js';
import { backupBytes } from './backup-bytes.js';
import { canLink, judgeBackupSpace, judgeBuildSpace, judgeFileSystem } from './disk.js';
import type { Examination } from './examination.js';
import { judgeConfigToml, judgeCurrent, judgeHome, judgeLeftovers } from './home.js';
import { goFacts, hostRows } from './host-facts.js';
import { judgeModes } from './modes.js';
import { judgeOpenFiles } from './open-files.js';
import { judgePlans } from './plans.js';
import { inOrder, type Row } from './row.js';
import { type Setting, settingOf } from './who-runs.js';
import { judgeSettings } from './node-settings.js';
import { judgeNextRelease, judgeStaged, leftToBuild } from './staged.js';
import { judgeToolchains } from './toolchains.js';
import { verifyAll } from './verify-all.js';

/** @returns the rows, in the order of the checks */
export async function examine(request: Examination): Promise<readonly Row[]> {
  const { home, recipe, environment, cache } = request;
  const host = hostRows(request); // these wait for other programs: begun first
  host.catch(() => undefined); // whoever awaits it is told
  const { setting, unitRows } = await settingOf(request);
  const current = judgeCurrent(home);
  const verdicts = existsSync(home.cosmovisor) ? await verifyAll(request, setting) : [];
  const staged = verdicts.map(({ subject: { target } }) => target);
  const left = leftToBuild(recipe, staged);
  const recase = setting.values.disableRecase !== true;
  const waiting = plansOf(home, recase);
  const processes = homeProcesses(home);
  const { backupDir: backups = home.root } = setting.values;
  const verdictOf = (target: StagingTarget) =>
    verdicts.find(({ subject }) => subject.target !== undefined && targetName(subject.target) === targetName(target))
      ?.worst;
  const isHome = existsSync(home.root);
  return inOrder([
    ...judgeHome(home, recipe),
    ...current.rows,
    ...(isHome ? accessRows(home, backups, setting) : []),
    ...(isHome ? judgeModes(home) : []),
    ...judgeLeftovers(home, backups, cache.builds),
    ...judgeConfigToml(home, flagValue(setting.unit?.unit.exec ?? [], '--cosmovisor-config')),
    ...judgeStaged(verdicts, { recipe, current: current.target }),
    ...(verdicts.length > 0 ? judgeNextRelease(recipe, current.target, staged) : []),
    ...(isHome
      ? judgePlans({
          ...{ home, recase, verdictOf, current: current.target },
          allowDownload: setting.values.allowDownload === true,
          skippedHeights: skippedHeights(processes.daemon?.arguments ?? setting.arguments),
        })
      : []),
    ...(isHome
      ? judgeSettings({
          ...{ home, recipe, current: current.target ?? { kind: 'genesis' }, coming: [...staged, ...waiting] },
          arguments: setting.arguments.length > 0 ? setting.arguments : (processes.daemon?.arguments ?? []),
          environment: setting.environment,
        })
      : []),
    ...unitRows,
    ...(existsSync(home.data) ? diskRows(home, backups, setting) : []),
    judgeBuildSpace({ cache: cache.root, free: freeBytes(cache.root), left: left.length }),
    judgeOpenFiles({
      daemon: processes.daemon && openFileLimits(processes.daemon.pid),
      shell: openFileLimits(process.ppid),
      hasUnit: setting.unit !== undefined,
    }),
    ...(await host),
    ...judgeToolchains({
      ...{
        recipe,
        left,
        ...(left.length > 0 ? await goFacts(environment, cache) : { installed: [], whyNoProxy: undefined }),
      },
      isVouched: (version) => toolchainHash(recipe, version, goPlatform()) !== undefined,
    }),
  ]);
}

function plansOf(home: HomePaths, recase: boolean): StagingTarget[] {
  const plan = readPlan(home, recase);
  const manual = readManualPlans(home, recase);
  const plans = [...(plan.kind === 'plan' ? [plan.plan] : []), ...('plans' in manual ? manual.plans : [])];
  return plans.map(({ name }) => ({ kind: 'upgrade', plan: name }));
}

function accessRows(home: HomePaths, backups: string, { user }: Setting): Row[] {
  return judgeAccess({ home, backups, user, isUs: user.uid === ourselves().uid });
}

function diskRows(home: HomePaths, backups: string, { values }: Setting): Row[] {
  const same = deviceOf(home.data) === deviceOf(backups);
  const facts = { data: mountOf(home.data), backups: mountOf(backups), same };
  const bytes = backupBytes(home, values.backupMode === 'copy' ? false : canLink(facts));
  return [
    judgeFileSystem(facts),
    judgeBackupSpace({
      ...{ folder: backups, free: freeBytes(backups), skipped: values.skipBackup === true },
      ...{ copy: bytes?.copy, linked: bytes?.linked ?? 0 },
    }),
  ];
}

function deviceOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.dev;
}
