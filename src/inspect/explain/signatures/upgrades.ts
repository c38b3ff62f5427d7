// What x/upgrade says: the plan was reached, the binary is too new, too old, or cannot write or read its plan file.
// The words: cosmos-sdk x/upgrade/abci.go and keeper.go, v0.42 to v0.50; some applications wrap them.
import { planFile } from '../../../home/plan-files.js';
import { targetName } from '../../../home/paths.js';
import { shellWord, sizeText } from '../../doctor/row.js';
import {
  backSteps,
  currentTarget,
  isCurrent,
  linkStep,
  planNamed,
  stagedFor,
  stagedText,
  stageSteps,
  verifySteps,
} from '../advice.js';
import type { Signature } from '../signature.js';
import { tagSteps, upgradeName, upgradeNeeded } from './upgrade-needed.js';

const tooEarly: Signature = {
  id: 'updated-too-early',
  kind: 'cause',
  words: ['BINARY UPDATED'],
  patterns: [new RegExp(`BINARY UPDATED BEFORE TRIGGER! UPGRADE ${upgradeName}`)],
  means({ name: spelled = '' }) {
    return `The binary has the handler of upgrade ${spelled} already, which the chain has planned and not done yet: it came too early. The data is untouched.`;
  },
  toDo: ({ name: spelled = '' }, known) => backSteps(spelled, known),
};

const wrongVersion: Signature = {
  id: 'wrong-app-version',
  kind: 'cause',
  words: ['rong app version'],
  patterns: [
    /[Ww]rong app version (?<version>\d{1,19}), upgrade handler is missing for (?<name>.{1,300}?) upgrade plan/,
  ],
  means({ name: spelled = '' }) {
    return `The data has been through upgrade ${spelled}, and the binary does not know it: the binary is older than the data, as after a restored snapshot, or where current went back to an earlier one.`;
  },
  toDo({ name: spelled = '' }, known) {
    const plan = planNamed(spelled);
    const last = 'Do not let it restart until then: every start ends here.';
    if (plan === undefined) return [last];
    if (isCurrent(plan, known)) return [...tagSteps(spelled, known), last];
    const link = linkStep({ kind: 'upgrade', plan }, known);
    const staged = stagedFor(plan, known);
    if (staged === undefined) return [...stageSteps(spelled, known), link, last];
    const wrong = verifySteps(staged.target, ['L0', 'L1', 'L2', 'L3', 'L5'], known);
    return [`${stagedText(staged)} is staged${wrong.length > 0 ? ', and not fit to run:' : '.'}`, ...wrong, link, last];
  },
};

const skipped: Signature = {
  id: 'upgrade-skipped',
  kind: 'passing',
  words: ['UPGRADE '],
  patterns: [new RegExp(`UPGRADE ${upgradeName} SKIPPED at (?<height>\\d{1,19})`)],
  means({ name: spelled = '', height = '' }) {
    return `--unsafe-skip-upgrades names height ${height}: the node goes on without upgrade ${spelled}, as it was told to.`;
  },
  toDo({ name: spelled = '' }, { home }) {
    const plan = home?.status.plan;
    const stale = plan?.kind === 'plan' && planNamed(plan.plan.spelled) === planNamed(spelled);
    const keep = 'Keep it running, and keep that argument.';
    return stale ? [keep, 'The plan in data/upgrade-info.json is stale, and cvtool run leaves it alone.'] : [keep];
  },
};

const applying: Signature = {
  id: 'upgrade-applied',
  kind: 'passing',
  words: ['applying upgrade'],
  patterns: [new RegExp(`applying upgrade ${upgradeName} at height: (?<height>\\d{1,19})`)],
  means: ({ name: spelled = '', height = '' }) =>
    `The new binary has begun upgrade ${spelled} at height ${height}. With much state that takes a while.`,
  toDo: () => [],
};

const notWritten: Signature = {
  id: 'plan-not-written',
  kind: 'cause',
  words: ['to write upgrade info'],
  patterns: [/unable to write upgrade info to filesystem: (?<why>[^"\\]{1,300})/],
  means({ why = '' }) {
    return `The binary has come to an upgrade and cannot write data/upgrade-info.json (${why.trim()}): no supervisor can see the plan.`;
  },
  toDo({ why = '' }, { home }) {
    const again = 'Then start the old binary again: it writes the file, and cvtool run switches.';
    const file = home === undefined ? 'data/upgrade-info.json' : planFile(home.status.home);
    if (/no space/.test(why)) {
      const free = home === undefined ? '' : ` (${sizeText(home.free)} are free)`;
      return [`Make room on its disk${free}.`, again];
    }
    if (/is a directory/.test(why))
      return [`Something else is in its place: mv ${shellWord(file)} ${shellWord(`${file}.old`)}`, again];
    return [
      `The node's user must be able to write ${file} and its folder; who cannot write what: cvtool doctor`,
      again,
    ];
  },
};

const notRead: Signature = {
  id: 'plan-not-read',
  kind: 'cause',
  words: ['ailed to read upgrade info', 'ailed to register upgradeHandler', 'ailed to register upgrade handler'],
  patterns: [
    /[Ff]ailed to read upgrade[ -]info from disk:? (?<why>[^"\\]{1,300})/,
    /[Ff]ailed to register upgrade ?[Hh]andlers?: (?<why>[^"\\]{1,300})/,
  ],
  means({ why = '' }) {
    const torn = /end of JSON|invalid character/.test(why) ? ': it was cut off while it was written' : '';
    return `The binary cannot read data/upgrade-info.json (${why.trim()})${torn}.`;
  },
  toDo(_, known) {
    const { home } = known;
    const current = currentTarget(known);
    if (home === undefined) {
      return [
        'Where the upgrade is still to come: remove the file and start the old binary, which writes it again at the height.',
        'Where it was done: copy upgrades/<name>/upgrade-info.json over it.',
      ];
    }
    const file = shellWord(planFile(home.status.home));
    const { lastApplied, status } = home;
    if (status.plan.kind !== 'unreadable')
      return [`It can be read now: start the service again. What it says: cvtool status`];
    if (current?.kind === 'upgrade' && lastApplied !== undefined && isCurrent(lastApplied.plan, known)) {
      const copy = `${status.home.cosmovisor}/${targetName(current)}/upgrade-info.json`;
      return [`current is ${targetName(current)}, and its plan was kept: cp ${shellWord(copy)} ${file}`];
    }
    return [
      `The binary writes it again at the upgrade's height: rm ${file}`,
      'Then start the service again, with current as it is.',
    ];
  },
};

const preUpgrade: Signature = {
  id: 'pre-upgrade-failed',
  kind: 'cause',
  words: ['pre-upgrade command failed'],
  patterns: [/pre-upgrade command failed(?: :|\. (?!retrying))/],
  means: () =>
    "The new binary's own command pre-upgrade has failed, so the upgrade was not made. What it printed stands above.",
  toDo(_, known) {
    const current = currentTarget(known);
    const at = current === undefined ? [] : [`current is ${targetName(current)}.`];
    return [
      ...at,
      'Mend what it complains of, then start the service again: the upgrade goes on from where it stands.',
    ];
  },
};

export const upgradeSignatures: readonly Signature[] = [
  upgradeNeeded,
  tooEarly,
  wrongVersion,
  notWritten,
  notRead,
  preUpgrade,
  skipped,
  applying,
];
