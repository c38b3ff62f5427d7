// `UPGRADE "X" NEEDED`: who says it, the old binary as it should or the new one that lacks the handler, and what comes next.
import { targetName } from '../../../home/paths.js';
import { planFile } from '../../../home/plan-files.js';
import { escapePlanName } from '../../../values/plan-name.js';
import {
  currentTarget,
  isCurrent,
  isPast,
  nameWord,
  planNamed,
  stagedFor,
  stagedText,
  stageSteps,
  verifySteps,
  wrongTag,
} from '../advice.js';
import type { Captures, Known, Signature } from '../signature.js';

/** A name between quotes, which a logger may have escaped. */
export const upgradeName = String.raw`\\*"(?<name>[^"\\]{1,300})\\*"`;

export const upgradeNeeded: Signature = {
  id: 'upgrade-needed',
  kind: 'cause',
  words: ['UPGRADE ', 'written that very plan'],
  patterns: [
    /the binary of (?<name>\S{1,300}) .{1,80} after it had (?<again>written that very plan again)/, // cvtool run
    new RegExp(`UPGRADE ${upgradeName} NEEDED at height: (?<height>\\d{1,19})`),
    new RegExp(
      `UPGRADE ${upgradeName} NEEDED at time: (?<time>\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(?:\\.\\d{1,9})?Z)`,
    ),
    new RegExp(`UPGRADE ${upgradeName} NEEDED`),
  ],
  means(found, known) {
    const upgrade = `upgrade ${found.name ?? ''}${dueText(found)}`;
    const wrong = lacksHandler(found, known);
    if (wrong !== undefined) return `The binary that should do ${upgrade} asks for it instead: ${wrong}`;
    return `The binary has come to ${upgrade}, for which it has no handler, and stops there on purpose. A node in consensus stays up, halted; one that replays or starts again ends with status 2.`;
  },
  toDo(found, known) {
    const { name: spelled = '' } = found;
    if (lacksHandler(found, known) !== undefined) return tagSteps(spelled, known);
    if (known.home === undefined) {
      return [
        ...stageSteps(spelled, known),
        'Then start the service again: cvtool run switches to it.',
        `If the binary of ${spelled} itself says this, it was built from a tag without the handler: stage another one with --force.`,
      ];
    }
    return switchSteps(spelled, known);
  },
};

function dueText({ height, time }: Captures): string {
  return height === undefined ? (time === undefined ? '' : ` at ${time}`) : ` at height ${height}`;
}

/** Why the upgrade's own binary is the one that speaks; undefined: it is the old one, or that cannot be told. */
function lacksHandler({ name: spelled = '', again }: Captures, known: Known): string | undefined {
  if (again !== undefined) return `it has no handler for ${spelled}.`;
  const plan = planNamed(spelled);
  const better = wrongTag(plan, known);
  const isOwn = better?.known?.release.kind === 'upgrade' && planNamed(better.known.release.upgrade) === plan;
  if (better?.why === 'lacks handler' && isOwn) return `tag ${better.tag} has no handler for ${spelled}.`;
  if (plan === undefined || !isCurrent(plan, known)) return undefined;
  const isSeen = verifySteps({ kind: 'upgrade', plan }, ['L5'], known).length > 0;
  return isSeen || isOfCurrent(known) ? `it is current, and has no handler for ${spelled}.` : undefined;
}

/** Does the version in the log belong to what is current? */
function isOfCurrent(known: Known): boolean {
  const current = currentTarget(known);
  const manifest = current?.kind === 'upgrade' ? stagedFor(current.plan, known)?.manifest : undefined;
  return (
    manifest !== undefined && known.version !== undefined && Object.values(manifest.version).includes(known.version)
  );
}

/** For an upgrade's own binary without the handler. */
export function tagSteps(spelled: string, known: Known): string[] {
  const plan = planNamed(spelled);
  const again = 'Then start the service again: it goes on from that height, and the data needs nothing.';
  const verified = verifySteps(plan && { kind: 'upgrade', plan }, ['L5'], known);
  if (verified.length > 0) return [...verified, again];
  const better = wrongTag(plan, known)?.better;
  const tag = better === undefined ? '--tag <tag that has it>' : `--tag ${better}`;
  return [`Stage a tag that has it: cvtool stage-upgrade ${nameWord(spelled)} ${tag} --force`, again];
}

/** With a home: is the upgrade's binary there, is it sound, and who will switch to it? */
function switchSteps(spelled: string, known: Known): string[] {
  const plan = planNamed(spelled);
  const { home } = known;
  if (home === undefined || plan === undefined) return [];
  const current = currentTarget(known);
  if (current !== undefined && isPast(plan, known)) {
    return [`Nothing, if that is long done: current is ${targetName(current)}, which comes after ${spelled}.`];
  }
  if (isCurrent(plan, known)) {
    if (known.version !== undefined && stagedFor(plan, known)?.manifest !== undefined) {
      return [`Nothing: version ${known.version} said it, and current is upgrades/${escapePlanName(plan)} by now.`];
    }
    return [
      `Nothing, if that was before the switch: current is upgrades/${escapePlanName(plan)} by now, and nothing is seen to be missing in it.`,
      `If its own binary says this, it has no handler for ${spelled} all the same. Another tag: cvtool stage-upgrade ${nameWord(spelled)} --tag <tag> --force`,
    ];
  }
  const { supervisor, daemon, plan: waiting } = home.status;
  const staged = stagedFor(plan, known);
  const start = 'Then start the service again: cvtool run switches to it, and goes on.';
  if (staged === undefined) return [...stageSteps(spelled, known), start];
  const wrong = verifySteps(staged.target, ['L0', 'L1', 'L2', 'L3', 'L5'], known);
  if (wrong.length > 0) return [`${stagedText(staged)} is staged, and not fit to run:`, ...wrong, start];
  const is = `${stagedText(staged)} is staged.`;
  const file = planFile(home.status.home);
  const absent = `${file} does not name it, though the binary writes it at that moment: is it the log of another home?`;
  const names = waiting.kind === 'plan' && planNamed(waiting.plan.spelled) === plan;
  const warning = names ? [] : [absent];
  if (supervisor !== undefined) {
    return [`${is} cvtool run is at it (process ${supervisor.pid}, ${supervisor.phase}): cvtool status`, ...warning];
  }
  if (daemon !== undefined) {
    return [
      `${is} The node (process ${daemon.pid}) is halted, and no cvtool runs it: stop it, then start it by cvtool run.`,
    ];
  }
  return [`${is} Start the service: cvtool run switches to it.`, ...warning];
}
