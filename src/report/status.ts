// The status of a home as one screen, and as data. docs/status.md has the keys, which stay.
import { targetName, type StagingTarget } from '../home/paths.js';
import type { HomeStatus } from '../inspect/status/status.js';
import { quickLevels, type StagedState } from '../inspect/status/staged.js';
import { releaseOfTarget } from '../inspect/chain-order.js';
import { printable } from '../values/printable.js';
import type { Status } from '../verify/finding.js';
import { durationText } from './duration.js';
import { fitColumns } from './fit-columns.js';
import { coloured } from './terminal.js';

const labelWidth = 11;
const marks: Readonly<Record<Status, string>> = { pass: 'ok', fail: 'FAIL', warn: 'warn', unknown: '?' };

/** @param now milliseconds since the epoch */
export function statusLines(status: HomeStatus, now: number): readonly string[] {
  const { home, recipe, chainId, staged } = status;
  const chain = [recipe.chain, chainId === recipe.chain ? undefined : chainId && `client.toml says ${chainId}`];
  const lines: [string, string][] = [
    ['home', home.root],
    [
      'chain',
      `${chain.filter((text) => text !== undefined).join('; ')} (recipe ${recipe.name}, ${home.daemon})`.trimStart(),
    ],
    ['current', currentText(status, now)],
    ['daemon', daemonText(status, now)],
    ['supervisor', supervisorText(status)],
    ...planTexts(status).map((text, index): [string, string] => [index === 0 ? 'plan' : '', text]),
    ['last backup', backupText(status, now)],
  ];
  const table = staged.length === 0 ? [] : fitColumns(stagedTable(status));
  return [
    ...lines.map(([label, text]) => `${coloured('bold', label.padEnd(labelWidth))}  ${printable(text)}`),
    '',
    ...(table.length === 0 ? ['Nothing is staged here.'] : table.map(printable)),
    ...staged.flatMap(findingLines),
    ...(table.length === 0
      ? []
      : ['', `Judged by ${quickLevels.join(' and ')}, bytes included; \`cvtool verify\` judges all levels.`]),
  ];
}

function currentText({ current, staged }: HomeStatus, now: number): string {
  if (current.kind === 'none') return 'no link: the next run makes it';
  if (current.kind === 'wrong') return `cannot be used: ${current.why}`;
  const { manifest } = staged.find(({ target }) => isSame(target, current.target)) ?? {};
  const what =
    manifest === undefined
      ? 'version unknown'
      : `${manifest.source.tag}, commit ${manifest.source.commit.slice(0, 12)}`;
  return `${targetName(current.target)}: ${what}; since ${timeText(current.since)} (${agoText(now - current.since)})`;
}

function daemonText({ daemon }: HomeStatus, now: number): string {
  if (daemon === undefined) return 'not running, as far as this user can see';
  return `process ${daemon.pid}, up ${agoText(now - daemon.startedAt)}`;
}

function supervisorText({ supervisor, daemon }: HomeStatus): string {
  if (supervisor === undefined) return daemon === undefined ? 'not running' : 'none of cvtool runs this daemon';
  const { pid, phase, upgrade } = supervisor;
  return `process ${pid}, ${phase}${upgrade === undefined ? '' : `, upgrade ${upgrade}`}`;
}

function planTexts({ plan, manualPlans }: HomeStatus): string[] {
  const first =
    plan.kind === 'none'
      ? 'none in data/upgrade-info.json'
      : plan.kind === 'unreadable'
        ? `not readable: ${plan.why}`
        : plan.meaning.text;
  if ('why' in manualPlans) return [first, `the list of manual plans is not readable: ${manualPlans.why}`];
  return [
    first,
    ...manualPlans.plans.map(
      ({ plan: { spelled, height }, isStaged }) =>
        `manual: ${spelled} at height ${height}, ${isStaged ? 'staged' : 'NOT staged'}`,
    ),
  ];
}

function backupText({ lastBackup }: HomeStatus, now: number): string {
  return lastBackup === undefined ? 'none' : `${lastBackup.path}, ${agoText(now - lastBackup.at)} ago`;
}

function stagedTable({ staged, recipe, current, plan }: HomeStatus): string[][] {
  const rows = staged.map(({ name, target, verdict, manifest }) => {
    const release = target && releaseOfTarget(recipe, target);
    const when = release?.height === undefined ? (release?.time ?? '') : String(release.height);
    const isCurrent = current.kind === 'link' && isSame(target, current.target);
    const isPlanned = plan.kind === 'plan' && isSame(target, { kind: 'upgrade', plan: plan.plan.name });
    const note = isCurrent ? 'current' : isPlanned ? 'planned' : '';
    return [
      marks[verdict],
      name,
      manifest?.source.tag ?? 'unknown',
      manifest?.source.commit.slice(0, 8) ?? '',
      when,
      note,
    ];
  });
  return [['', 'staged', 'tag', 'commit', 'height or time', ''], ...rows];
}

function findingLines({ name, findings }: StagedState): string[] {
  return findings
    .filter(({ status }) => status === 'fail')
    .map(({ level, text }) => coloured('red', printable(`${name}: ${level}: ${text}`)));
}

function isSame(one: StagingTarget | undefined, other: StagingTarget): boolean {
  return one !== undefined && targetName(one) === targetName(other);
}

function timeText(time: number): string {
  return new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Longer spans than a build has. */
function agoText(milliseconds: number): string {
  const seconds = Math.max(0, milliseconds / 1000);
  if (seconds < 3600) return durationText(seconds);
  const hours = Math.floor(seconds / 3600);
  return hours < 48 ? `${hours} h ${Math.floor((seconds % 3600) / 60)} min` : `${Math.floor(hours / 24)} days`;
}

/** The document of --json. @param now milliseconds since the epoch */
export function statusData(status: HomeStatus, now: number): object {
  const { home, recipe, chainId, current, staged, plan, manualPlans, daemon, supervisor, lastBackup } = status;
  const { manifest } = (current.kind === 'link' && staged.find(({ target }) => isSame(target, current.target))) || {};
  return {
    ok: true,
    home: home.root,
    daemonName: home.daemon,
    chain: { recipe: recipe.name, name: recipe.chain ?? null, id: chainId === undefined ? null : printable(chainId) },
    current: {
      target: current.kind === 'link' ? plainName(current.target) : null,
      tag: manifest?.source.tag ?? null,
      commit: manifest?.source.commit ?? null,
      since: current.kind === 'link' ? timeText(current.since) : null,
      problem: current.kind === 'wrong' ? printable(current.why) : null,
    },
    levels: quickLevels,
    staged: staged.map((each) => stagedData(each, status)),
    plan: {
      state: plan.kind,
      ...(plan.kind === 'plan'
        ? { name: printable(plan.plan.spelled), height: plan.plan.height, status: plan.meaning.status }
        : { name: null, height: null, status: null }),
      means:
        plan.kind === 'plan' ? printable(plan.meaning.text) : plan.kind === 'unreadable' ? printable(plan.why) : null,
    },
    manualPlans:
      'why' in manualPlans
        ? []
        : manualPlans.plans.map(({ plan: { spelled, height }, isStaged }) => ({
            name: printable(spelled),
            height,
            staged: isStaged,
          })),
    manualPlansProblem: 'why' in manualPlans ? printable(manualPlans.why) : null,
    daemon:
      daemon === undefined
        ? null
        : {
            pid: daemon.pid,
            startedAt: timeText(daemon.startedAt),
            uptimeSeconds: Math.max(0, Math.round((now - daemon.startedAt) / 1000)),
          },
    supervisor:
      supervisor === undefined
        ? null
        : {
            pid: supervisor.pid,
            phase: printable(supervisor.phase),
            upgrade: supervisor.upgrade === undefined ? null : printable(supervisor.upgrade),
          },
    lastBackup:
      lastBackup === undefined
        ? null
        : {
            path: printable(lastBackup.path),
            at: timeText(lastBackup.at),
            plan: lastBackup.plan === undefined ? null : { name: lastBackup.plan.name, height: lastBackup.plan.height },
          },
  };
}

function stagedData(
  { name, folder, target, verdict, findings, manifest }: StagedState,
  { recipe, current }: HomeStatus,
): object {
  const release = target && releaseOfTarget(recipe, target);
  return {
    name: printable(name),
    folder,
    target: target === undefined ? null : plainName(target),
    tag: manifest === undefined ? null : printable(manifest.source.tag),
    commit: manifest === undefined ? null : printable(manifest.source.commit),
    height: release?.height ?? null,
    time: release?.time ?? null,
    current: current.kind === 'link' && isSame(target, current.target),
    verdict,
    rows: findings.map(({ level, status, text }) => ({ level, status, text: printable(text) })),
  };
}

function plainName(target: StagingTarget): string {
  return target.kind === 'genesis' ? 'genesis' : target.plan;
}
