// What is staged in a home, by cvtool, by cosmovisor or by hand: genesis and every folder under upgrades/, also those whose names
// nobody would look for.
import { readdirSync, statSync, type Dirent } from 'node:fs';
import { basename, join } from 'node:path';

import { CvtoolError, hasCode } from '../errors/cvtool-error.js';
import { readCurrent } from '../home/current-link.js';
import { binaryIn, type HomePaths } from '../home/paths.js';
import { editDistance } from '../recipe/nearest.js';
import { escapePlanName, parsePlanName } from '../values/plan-name.js';
import { planOf } from './folder-name-verdict.js';
import { stagedSubject, subjectAt, type Subject } from './subject.js';

/** Genesis first, then the upgrades by name. */
export function allSubjects(home: HomePaths): Subject[] {
  const genesis = isFolder(home.genesis) ? [stagedSubject(home, { kind: 'genesis' })] : [];
  return [...genesis, ...upgradeFolders(home).map((name) => upgradeSubject(home, name))];
}

/**
 * @param word `genesis`, `current`, the name of an upgrade or of its folder, or a path (it has a slash)
 * @param folder where relative paths start
 * @throws NOT_STAGED, CURRENT_NOT_OURS, NAME_INVALID
 */
export function subjectOf(home: HomePaths, word: string, resolvePath: (path: string) => string): Subject {
  if (word.includes('/')) return subjectAt(resolvePath(word), home.daemon);
  if (word === 'genesis') {
    if (!isFolder(home.genesis)) throw notStaged(`nothing is staged as genesis: there is no ${home.genesis}`);
    return stagedSubject(home, { kind: 'genesis' });
  }
  if (word === 'current') return currentSubject(home);
  const there = upgradeFolders(home);
  const wanted = escapePlanName(parsePlanName(word));
  const found =
    [wanted, word].find((name) => there.includes(name)) ?? there.find((name) => isSpelledAlike(name, wanted));
  if (found !== undefined) return upgradeSubject(home, found);
  const near = there.filter((name) => editDistance(name.toLowerCase(), wanted, 2) <= 2);
  const details = near.length === 0 ? [] : [`There are: ${near.map((name) => `upgrades/${name}`).join(', ')}.`];
  throw notStaged(`nothing is staged for upgrade ${word}: there is no ${join(home.upgrades, wanted)}`, details);
}

function currentSubject(home: HomePaths): Subject {
  const target = readCurrent(home);
  if (target === undefined)
    throw notStaged(`there is no link ${home.current}: \`cvtool run\` makes it, and starts with genesis`);
  const subject = stagedSubject(home, target);
  if (!isFolder(subject.folder)) throw notStaged(`\`current\` leads to ${subject.folder}, and there is no such folder`);
  return { ...subject, name: `current (${subject.name})` };
}

function upgradeSubject(home: HomePaths, name: string): Subject {
  const folder = join(home.upgrades, name);
  return { name: `upgrades/${name}`, folder, binary: binaryIn(home, folder), target: targetOf(name) };
}

/** A name that no plan can have is L6's to tell of; it is for no upgrade then. */
function targetOf(name: string): Subject['target'] {
  try {
    return { kind: 'upgrade', plan: parsePlanName(planOf(name)) };
  } catch (error) {
    if (!(error instanceof CvtoolError)) throw error;
    return undefined;
  }
}

function isSpelledAlike(name: string, wanted: string): boolean {
  const target = targetOf(name);
  return target?.kind === 'upgrade' && escapePlanName(target.plan) === wanted;
}

function upgradeFolders({ upgrades }: HomePaths): string[] {
  return entriesOf(upgrades)
    .filter(
      (entry) =>
        !entry.name.startsWith('.') &&
        (entry.isDirectory() || (entry.isSymbolicLink() && isFolder(join(upgrades, entry.name)))),
    )
    .map(({ name }) => basename(name))
    .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function notStaged(message: string, details: readonly string[] = []): CvtoolError {
  const hint =
    'Stage it: `cvtool stage-genesis`, `cvtool stage-upgrade <name>`; `cvtool verify --all` shows what is there.';
  return new CvtoolError('NOT_STAGED', message, { details, hint });
}
