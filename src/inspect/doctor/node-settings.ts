// What the release table says of the node's own settings and start flags: for the release that runs, and for those that come, since
// an old home fails just after the last switch unless it is looked at before. A flag goes before an environment variable, that
// before the file, and only then the program's default (cosmos-sdk, server/util.go: InterceptConfigsPreRunHandler).
import { join } from 'node:path';

import { readNodeToml, type NodeToml } from '../../config/node-toml.js';
import type { HomePaths, StagingTarget } from '../../home/paths.js';
import { releaseName } from '../../recipe/release-table.js';
import type { HomeCheck, Recipe, Release } from '../../recipe/schema.js';
import { quoted } from '../../values/printable.js';
import { placeOf } from '../chain-order.js';
import { row, type Row } from './row.js';

export interface SettingFacts {
  readonly home: HomePaths;
  readonly recipe: Recipe;
  /** What runs, or would run. */
  readonly current: StagingTarget | undefined;
  /** What is staged or waits as a plan: a release up to the last of these will run. */
  readonly coming: readonly (StagingTarget | undefined)[];
  /** The daemon's arguments and environment, as the unit or the process that runs has them. */
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export function judgeSettings(facts: SettingFacts): Row[] {
  const { recipe, current, coming } = facts;
  const now = placeOf(recipe, current);
  if (now === undefined) return [];
  const last = Math.max(now, ...coming.map((target) => placeOf(recipe, target) ?? -1));
  const files = new Map<string, NodeToml>();
  const told = new Set<string>();
  const rows: Row[] = [];
  for (const [place, release] of recipe.releases.entries()) {
    if (release.kind === 'alpha') continue;
    const when = { from: release, isNow: place <= now, isComing: place <= last };
    for (const check of release.homeChecks) {
      const id = `${check.file} ${check.key}`;
      if (told.has(id) || hasEnded(recipe, check, now)) continue;
      const file = files.get(check.file) ?? readNodeToml(join(facts.home.root, check.file));
      files.set(check.file, file);
      const found = judgeSetting(check, file, when, facts);
      if (found !== undefined) told.add(id);
      rows.push(...(found ?? []));
    }
    rows.push(...judgeFlags(release, when, facts));
  }
  const absent = [...files].filter(([, file]) => file.kind === 'none').map(([name]) => name);
  if (absent.length > 0) rows.push(row('settings', 'unknown', `there is no ${absent.join(' and no ')} in the home`));
  for (const [name, file] of files) {
    if (file.kind !== 'unreadable') continue;
    rows.push(
      row(
        'settings',
        'fail',
        `${join(facts.home.root, name)} cannot be read: ${file.why}`,
        'The node cannot read it either: correct it.',
      ),
    );
  }
  if (files.size > 0 && rows.length === 0) {
    const text = `${[...files.keys()].join(' and ')} suit ${reachText(recipe, now)}`;
    rows.push(row('settings', 'pass', text));
  }
  return rows;
}

interface When {
  readonly from: Release;
  readonly isNow: boolean;
  readonly isComing: boolean;
}

function hasEnded({ releases }: Recipe, { until }: HomeCheck, now: number): boolean {
  const end = releases.findIndex((release) => release.kind === 'upgrade' && release.upgrade === until);
  return end !== -1 && now >= end;
}

/** @returns undefined where the setting is as it must be, or cannot be looked at */
function judgeSetting(check: HomeCheck, file: NodeToml, when: When, facts: SettingFacts): Row[] | undefined {
  if (file.kind !== 'table') return undefined;
  const { when: condition } = check;
  if (condition !== undefined) {
    const { value = condition.default } = read(condition.key, file, facts);
    if (value !== condition.is) return undefined;
  }
  const { value, by } = read(check.key, file, facts);
  if (suits(check, value)) return undefined;
  const shown =
    value === undefined
      ? `${check.key} is not in ${check.file}`
      : `${check.key} ${by === undefined ? `in ${check.file} is ${quoted(value)}` : `is ${quoted(value)}, by ${by}`}`;
  const line = file.line(check.key);
  const path = join(facts.home.root, check.file);
  const hint = `In ${path}${line === undefined ? '' : `, line ${line}`}:\n${check.line}`;
  return [row('settings', statusOf(check.severity, when), `${shown}: ${sinceText(when)}${check.because}`, hint)];
}

function suits({ filled, there, oneOf, default: usual }: HomeCheck, value: string | undefined): boolean {
  if (filled === true) return (value ?? usual ?? '').trim() !== '';
  if (there === true) return value !== undefined;
  const taken = value ?? usual;
  return taken === undefined || oneOf?.includes(taken) !== false;
}

interface Found {
  /** undefined where nobody sets it. */
  readonly value: string | undefined;
  /** The flag or variable that goes before the file. */
  readonly by?: string;
}

/** The value that the program will see. */
function read(
  key: string,
  file: NodeToml & { kind: 'table' },
  { home, arguments: words, environment }: SettingFacts,
): Found {
  const flag = `--${key}`;
  const at = words.findIndex((word) => word === flag || word.startsWith(`${flag}=`));
  const word = words[at];
  if (word !== undefined) {
    const next = words[at + 1];
    if (word !== flag) return { value: word.slice(flag.length + 1), by: flag };
    return { value: next === undefined || next.startsWith('-') ? 'true' : next, by: flag };
  }
  const variable = `${home.daemon}_${key}`.toUpperCase().replace(/[.-]/g, '_');
  const set = environment[variable];
  return set === undefined || set === '' ? { value: file.value(key) } : { value: set, by: variable };
}

function judgeFlags({ goneFlags }: Release, when: When, { arguments: words }: SettingFacts): Row[] {
  return goneFlags
    .filter(({ flag }) => words.some((word) => word === flag || word.startsWith(`${flag}=`)))
    .map(({ flag, because, instead }) => {
      const text = `the daemon is started with ${flag}: ${sinceText(when)}${because}`;
      const hint =
        instead === undefined ? `Take ${flag} out of ExecStart=.` : `In ExecStart=, write ${instead} in its place.`;
      return row(
        'flags',
        statusOf('fail', when),
        text,
        `${hint}${when.isNow ? '' : ` Not before ${releaseName(when.from)} runs.`}`,
      );
    });
}

/** What matters only to a release that nobody has staged yet can wait. */
function statusOf(severity: 'fail' | 'warn', { isNow, isComing }: When): 'fail' | 'warn' {
  return isNow || isComing ? severity : 'warn';
}

function sinceText({ from, isNow }: When): string {
  return isNow ? '' : `from ${releaseName(from)} on. `;
}

function reachText({ releases }: Recipe, now: number): string {
  const names = releases.flatMap((release, place) =>
    release.kind === 'alpha' || place < now ? [] : [releaseName(release)],
  );
  const [first = '', ...more] = names;
  return more.length === 0 ? first : `${first} to ${more.at(-1) ?? ''}`;
}
