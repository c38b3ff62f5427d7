// What the rows of the table say with a home's facts: which binary is current, what is staged for an upgrade, what verification
// finds. Each answers with sentences, or with nothing where it is not known.
import { targetName, type StagingTarget } from '../../home/paths.js';
import { releaseOfUpgrade, type BetterTag, knowsBetter } from '../../recipe/release-table.js';
import { parsePlanName, samePlanName, type PlanName } from '../../values/plan-name.js';
import { parseTag, type Tag } from '../../values/tag.js';
import { CvtoolError } from '../../errors/cvtool-error.js';
import type { Level } from '../../verify/finding.js';
import { placeOf, releaseOfTarget } from '../chain-order.js';
import { shellWord } from '../doctor/row.js';
import type { StagedState } from '../status/staged.js';
import type { HomeFacts } from './home-facts.js';
import type { Known } from './signature.js';

/** The name of an upgrade as a log has it. undefined: no plan can have that name. */
export function planNamed(text: string): PlanName | undefined {
  try {
    return parsePlanName(text, { fromChain: true });
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    return undefined;
  }
}

export function currentTarget({ home }: Known): StagingTarget | undefined {
  const current = home?.status.current;
  return current?.kind === 'link' ? current.target : undefined;
}

export function isCurrent(name: PlanName | undefined, known: Known): boolean {
  const current = currentTarget(known);
  return name !== undefined && current?.kind === 'upgrade' && samePlanName(current.plan, name);
}

export function stagedFor(name: PlanName | undefined, { home }: Known): StagedState | undefined {
  if (name === undefined) return undefined;
  return home?.status.staged.find(({ target }) => target?.kind === 'upgrade' && samePlanName(target.plan, name));
}

/** Does what runs now come after that upgrade, by the release table or by what was applied? */
export function isPast(name: PlanName, known: Known): boolean {
  const { home, recipe } = known;
  const current = currentTarget(known);
  if (home === undefined || current === undefined || isCurrent(name, known)) return false;
  const now = recipe && placeOf(recipe, current);
  const then = recipe && placeOf(recipe, { kind: 'upgrade', plan: name });
  return now !== undefined && then !== undefined && now > then;
}

/** `upgrades/v2.2.0 (v2.2.0-1, commit 852550ac91cc)`: by its manifest. */
export function stagedText({ name, manifest }: StagedState): string {
  if (manifest === undefined) return name;
  return `${name} (${manifest.source.tag}, commit ${manifest.source.commit.slice(0, 12)})`;
}

/** A name as a word of a command: it came from outside, and may be anything. */
export function nameWord(name: string): string {
  return name.startsWith('-') ? `-- ${shellWord(name)}` : shellWord(name);
}

/** How an upgrade's binary gets into its place; with the tag that the table has for it. */
export function stageSteps(spelled: string, { recipe }: Known): string[] {
  const name = planNamed(spelled);
  const release = name && recipe && releaseOfUpgrade(recipe, name);
  if (release?.built === false) {
    return [
      `The table does not build ${spelled}: ${release.reason} Put the program of tag ${release.tag} in its bin/.`,
    ];
  }
  const tag = release === undefined ? '' : ` (tag ${release.tag}, by the release table)`;
  return [`Stage its binary${tag}: cvtool stage-upgrade ${nameWord(spelled)}`];
}

/** What the table has against the binary that spoke, by the version that it gave in the log. */
export function wrongTag(
  name: PlanName | undefined,
  { recipe, version }: Known,
): (BetterTag & { tag: Tag }) | undefined {
  if (name === undefined || recipe === undefined || version === undefined) return undefined;
  const tag = tagOf(recipe.version.ofTag === 'without-v' ? `v${version}` : version);
  const better = tag && knowsBetter(recipe, name, tag);
  return better && tag && { ...better, tag };
}

function tagOf(text: string): Tag | undefined {
  try {
    return parseTag(text);
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    return undefined;
  }
}

/** What verification has against a staged target at these levels, each with the way out. */
export function verifySteps(target: StagingTarget | undefined, levels: readonly Level[], { home }: Known): string[] {
  const rows = (target && home?.findings.get(targetName(target))) ?? [];
  return rows
    .filter(({ level, status }) => levels.includes(level) && status === 'fail')
    .map(({ level, text, hint, environment }) => {
      const where = environment === 'daemon' ? "in the daemon's environment: " : '';
      return `${level}: ${where}${text}${hint === undefined ? '' : `. ${hint}`}`;
    });
}

/** For a binary that did not start: what is wrong with the one that is current, or where to look. */
export function startSteps(levels: readonly Level[], known: Known): string[] {
  const current = currentTarget(known);
  const found = verifySteps(current, levels, known);
  if (found.length > 0) return found;
  if (current === undefined) return ['It names what is wrong, and the way out: cvtool verify current'];
  return [
    `Nothing of that is wrong with ${targetName(current)} as it lies there now: it was staged again, the line is another binary's, or the service's environment differs (LD_LIBRARY_PATH, LD_PRELOAD). All levels: cvtool verify current`,
  ];
}

/** Lets `current` lead elsewhere, by hand. */
export function linkStep(target: StagingTarget, { home }: Known): string {
  const link = home?.status.home.current ?? '$DAEMON_HOME/cosmovisor/current';
  return `Stop the service, then: ln -sfn ${shellWord(targetName(target))} ${home === undefined ? link : shellWord(link)}`;
}

/** For a binary that came before its upgrade: how to get back to the one that ran. The data needs nothing. */
export function backSteps(spelled: string, known: Known): string[] {
  const { home, recipe } = known;
  const plan = planNamed(spelled);
  const current = currentTarget(known);
  const again = `Then start it again; what is staged for ${spelled} stays, and cvtool run switches to it at its height.`;
  if (home === undefined || plan === undefined || current === undefined) {
    return ['Let current lead back to what ran before, and leave the data alone.', again];
  }
  if (!isCurrent(plan, known)) {
    const stage =
      current.kind === 'genesis' ? 'cvtool stage-genesis' : `cvtool stage-upgrade ${nameWord(current.plan)}`;
    const tag = recipe && releaseOfTarget(recipe, current)?.tag;
    const own = tag === undefined ? 'Put its own tag there' : `Put its own there, tag ${tag}`;
    return [`What lies in ${targetName(current)} is of a later tag. ${own}: ${stage} --force`, again];
  }
  const { lastApplied } = home;
  if (lastApplied !== undefined && !samePlanName(lastApplied.plan, plan)) {
    return [linkStep({ kind: 'upgrade', plan: lastApplied.plan }, known), again];
  }
  const before = stagedBefore(plan, home);
  if (before === undefined) return ['Let current lead back to what ran before, and leave the data alone.', again];
  return [
    `What ran before is not recorded; the one before it here is ${targetName(before)}.`,
    linkStep(before, known),
    again,
  ];
}

/** In the chain's order. */
function stagedBefore(name: PlanName, { status }: HomeFacts): StagingTarget | undefined {
  const targets = status.staged.flatMap(({ target }) => (target === undefined ? [] : [target]));
  const own = targets.findIndex((target) => target.kind === 'upgrade' && samePlanName(target.plan, name));
  return own > 0 ? targets[own - 1] : undefined;
}
