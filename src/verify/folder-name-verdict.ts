// L6: the folder has the name under which it is looked for at the height. The plan's name is lower-cased (cosmovisor 1.5 and later,
// `run`; not with COSMOVISOR_DISABLE_RECASE=true) and escaped as Go's url.PathEscape does; a folder that is named otherwise would
// be missed, and the node would stand still.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { CvtoolError } from '../errors/cvtool-error.js';
import { editDistance } from '../recipe/nearest.js';
import { releaseOfTag, releaseOfUpgrade } from '../recipe/release-table.js';
import type { Recipe } from '../recipe/schema.js';
import { escapePlanName, parsePlanName, samePlanName, type PlanName } from '../values/plan-name.js';
import { quoted } from '../values/printable.js';
import type { Tag } from '../values/tag.js';
import type { Finding } from './finding.js';

export interface NameEvidence {
  /** upgrades/<name>, as it lies there. */
  readonly folder: string;
  readonly name: string;
  readonly recipe: Recipe | undefined;
  /** False: COSMOVISOR_DISABLE_RECASE=true. */
  readonly recase: boolean;
}

export function judgeFolderName(evidence: NameEvidence): Finding[] {
  const { name, recipe } = evidence;
  let plan: PlanName;
  try {
    plan = planOf(name);
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    return [
      row('fail', `no upgrade can have this folder: ${error.message}`, error.hint ?? 'Give it the name of the plan.'),
    ];
  }
  const wanted = wantedFolder(plan, evidence);
  if (wanted !== name) {
    const text = `at the height upgrades/${wanted} is looked for, and this folder is ${quoted(name)}: it would be missed`;
    return [row('fail', text, moveHint(evidence, wanted))];
  }
  return recipe === undefined
    ? [row('pass', `upgrades/${name} is where it is looked for`)]
    : tableRows(evidence, plan, recipe);
}

/** The plan that a folder's name was meant for; its case stays. A `%` that escapes nothing stands for itself. */
export function planOf(folder: string): PlanName {
  let text = folder;
  try {
    text = decodeURIComponent(folder);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
  }
  return parsePlanName(text, { recase: false });
}

function wantedFolder(plan: PlanName, { recipe, recase }: NameEvidence): string {
  if (recase) return escapePlanName(parsePlanName(plan));
  const release = recipe && releaseOfUpgrade(recipe, plan);
  return escapePlanName(release?.kind === 'upgrade' ? release.upgrade : plan);
}

function tableRows(evidence: NameEvidence, plan: PlanName, recipe: Recipe): Finding[] {
  const { name } = evidence;
  if (releaseOfUpgrade(recipe, plan) !== undefined) {
    return [row('pass', `upgrades/${name} is where it is looked for, and the release table has that upgrade`)];
  }
  const tagged = releaseOfTag(recipe, plan as string as Tag)?.release;
  if (tagged?.kind === 'upgrade' && !samePlanName(tagged.upgrade, plan)) {
    const text = `${name} is the tag of upgrade ${tagged.upgrade}, and folders bear the upgrade's name`;
    return [row('warn', text, moveHint(evidence, escapePlanName(parsePlanName(tagged.upgrade))))];
  }
  const near = nearName(recipe, plan);
  if (near === undefined) {
    return [
      row(
        'unknown',
        `upgrades/${name} can be found, but the release table has no such upgrade: only the chain knows its name`,
      ),
    ];
  }
  const text = `the release table has no upgrade ${plan}, but ${near}: is it a slip of the finger?`;
  return [row('warn', text, moveHint(evidence, escapePlanName(parsePlanName(near))))];
}

/** A name with other numbers alone is no slip: v2.0.8 comes after v2.0.7. */
function nearName(recipe: Recipe, plan: PlanName): PlanName | undefined {
  const shape = (text: string) => text.replace(/\d+/g, '0');
  const limit = plan.length < 4 ? 1 : 2;
  const names = recipe.releases.flatMap((release) => (release.kind === 'upgrade' ? [release.upgrade] : []));
  return names
    .map((name) => ({ name, distance: editDistance(parsePlanName(name), parsePlanName(plan), limit) }))
    .filter(({ name, distance }) => distance <= limit && shape(name) !== shape(plan))
    .sort((one, other) => one.distance - other.distance)[0]?.name;
}

function moveHint({ folder }: NameEvidence, name: string): string {
  const to = join(dirname(folder), name);
  if (existsSync(to)) return `${to} is there too, and is the one that is taken: remove this one if it is not needed.`;
  return `mv -n ${shellWord(folder)} ${shellWord(to)}`;
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`;
}

function row(status: Finding['status'], text: string, hint?: string): Finding {
  return { level: 'L6', status, text, hint };
}
