// L5: the program handles the upgrade that it is staged for, and none that comes later. Where the source was at hand (at
// staging) its handlers were read there; elsewhere the upgrade's name is looked for among the program's constants. That is a
// heuristic: a name may be there for another reason, so what is found proves little; what is missing proves much.
import type { ElfFile } from '../elf/elf-file.js';
import { readGoBuildInfo } from '../elf/go-build-info.js';
import type { StagingTarget } from '../home/paths.js';
import { knowsBetter, laterReleases, neighbours, releaseOfUpgrade } from '../recipe/release-table.js';
import type { Recipe } from '../recipe/schema.js';
import { parsePlanName, samePlanName, type PlanName } from '../values/plan-name.js';
import type { Tag } from '../values/tag.js';
import type { Finding } from './finding.js';
import { countTexts, type TextCount } from './find-text.js';

export interface HandlerEvidence {
  readonly target: StagingTarget | undefined;
  readonly recipe: Recipe | undefined;
  /** The upgrades that the source handles, as its own spelling has them; undefined where that is not known. */
  readonly inSource: readonly string[] | undefined;
  /** The tag that it was built from, where it is known. */
  readonly tag: Tag | undefined;
  /** With a source that is open. */
  readonly elf: ElfFile;
  /** What the program calls its own version. */
  readonly version: string | undefined;
}

/** A shorter name is found in any program. */
const shortest = 4;
const mostNamed = 5;

export function judgeHandlers(evidence: HandlerEvidence): Finding[] {
  const { target, recipe, inSource, tag } = evidence;
  if (target === undefined) return [row('unknown', 'it is not known which upgrade it is for')];
  const own = target.kind === 'upgrade' ? spelled(recipe, target.plan) : undefined;
  const later = recipe === undefined ? [] : laterNames(recipe, target).filter((name) => !isSame(name, own));
  if (inSource !== undefined)
    return withLater(sourceRows(evidence, own, inSource), handled(later, inSource), target, 'the source handles');
  if (recipe !== undefined && target.kind === 'upgrade' && tag !== undefined) {
    if (knowsBetter(recipe, target.plan, tag)?.why === 'lacks handler')
      return [missing(evidence, target.plan, `tag ${tag} lacks`)];
  }
  if (recipe !== undefined && recipe.handlers === undefined) {
    return [row('unknown', `the recipe ${recipe.name} does not say how upgrades are handled`)];
  }
  return withLater(...searchBinary(evidence, own, later), target, 'the binary has the name of');
}

function sourceRows(evidence: HandlerEvidence, own: string | undefined, inSource: readonly string[]): Finding[] {
  if (own === undefined) return [];
  return [
    handled([own], inSource).length > 0
      ? row('pass', `the source handles ${own}`)
      : missing(evidence, own, 'the source lacks'),
  ];
}

function handled(names: readonly string[], inSource: readonly string[]): string[] {
  return names.filter((name) => inSource.some((found) => isSame(found, name)));
}

function searchBinary(
  evidence: HandlerEvidence,
  own: string | undefined,
  later: readonly string[],
): [Finding[], string[]] {
  const searched = [...(own === undefined ? [] : [own]), ...later.filter(({ length }) => length >= shortest)];
  if (searched.length === 0) return [[], []];
  const buildInfo = readGoBuildInfo(evidence.elf, { copies: false });
  const flags = buildInfo?.settings['-ldflags'] ?? '';
  // The version itself, and the linker's flags in the running program's copy of the build information.
  const ofVersion = (name: string): number => (evidence.version === name ? 1 : 0) + flags.split(name).length - 1;
  const counts = countTexts(evidence.elf, searched, buildInfo?.range ?? []);
  const ownCount = counts.find(({ text }) => text === own);
  const found = counts.filter((count) => count !== ownCount && count.sure > ofVersion(count.text));
  const rows = ownCount === undefined ? [] : [ownRow(evidence, ownCount, ofVersion(ownCount.text))];
  return [rows, found.map(({ text }) => text)];
}

function ownRow(evidence: HandlerEvidence, { text: name, sure, doubtful }: TextCount, ofVersion: number): Finding {
  const { recipe } = evidence;
  if (sure === 0 && doubtful > 0) {
    return row(
      'unknown',
      `the name ${name} is in the binary only as the beginning of a longer one, as far as can be seen`,
    );
  }
  if (sure > 0) {
    if (name.length < shortest) return row('unknown', `the name ${name} is too short to be looked for in a binary`);
    if (sure <= ofVersion) return row('unknown', `the binary has ${name} as its own version, and nowhere else`);
    return row('pass', `the binary has the name of upgrade ${name} (a heuristic: its handler was not seen itself)`);
  }
  const certain = (recipe !== undefined && isInTable(recipe, name)) || !/[a-z]/.test(name.replace(/^v/, ''));
  return missing(evidence, name, 'the binary lacks', certain ? 'fail' : 'warn');
}

function missing(
  { recipe, inSource }: HandlerEvidence,
  name: string,
  lacks: string,
  status: 'fail' | 'warn' = 'fail',
): Finding {
  const spelling = status === 'warn' ? ', at least in this spelling' : '';
  const has = recipe && tagWith(recipe, name);
  const text = `${lacks} a handler for upgrade ${name}${spelling}: the chain would stop at its height for ever`;
  const seen = inSource === undefined || inSource.length === 0 ? '' : `It has those of ${inSource.join(', ')}. `;
  if (has === undefined) return row(status, text, `${seen}Stage a tag that has it.`);
  return row(status, text, `${seen}Tag ${has} has it: cvtool stage-upgrade ${name} --tag ${has} --force`);
}

function withLater(rows: Finding[], later: readonly string[], target: StagingTarget, what: string): Finding[] {
  const shown = later.slice(0, mostNamed).join(', ') + (later.length > mostNamed ? ' and others' : '');
  if (later.length > 0) {
    const comes = target.kind === 'genesis' ? 'which come after genesis' : `which comes after ${target.plan}`;
    const text = `${what} ${shown}, ${later.length === 1 ? comes.replace('come ', 'comes ') : comes.replace('comes ', 'come ')}`;
    const hint =
      'Run too early it stops with BINARY UPDATED BEFORE TRIGGER as soon as the chain has planned that upgrade.';
    return [...rows, row('warn', text, hint)];
  }
  return rows.length > 0 ? rows : [row('pass', 'genesis needs no handler, and no later one was found')];
}

/** The chain's own spelling where the table has it: a handler is found by it to the letter. */
function spelled(recipe: Recipe | undefined, plan: PlanName): string {
  if (recipe === undefined) return plan;
  const release = releaseOfUpgrade(recipe, plan);
  if (release?.kind === 'upgrade') return release.upgrade;
  return recipe.releases.flatMap(({ handlers = [] }) => handlers).find((name) => samePlanName(name, plan)) ?? plan;
}

function isInTable(recipe: Recipe, name: string): boolean {
  return recipe.releases.some(
    (release) =>
      (release.kind === 'upgrade' && release.upgrade === name) ||
      release.handlers?.some((handler) => handler === name) === true,
  );
}

/** The upgrades that come after the target in the order of the table, or would by their numbers. */
function laterNames(recipe: Recipe, target: StagingTarget): string[] {
  const all = recipe.releases.filter(({ kind }) => kind !== 'alpha');
  const own =
    target.kind === 'upgrade' ? releaseOfUpgrade(recipe, target.plan) : all.find(({ kind }) => kind === 'genesis');
  const after = target.kind === 'upgrade' ? neighbours(recipe, target.plan).after : undefined;
  const later =
    own !== undefined
      ? laterReleases(recipe, own)
      : target.kind === 'genesis'
        ? all
        : after === undefined
          ? []
          : [after, ...laterReleases(recipe, after)];
  return later.flatMap((release) => (release.kind === 'upgrade' ? [release.upgrade as string] : []));
}

function tagWith(recipe: Recipe, name: string): string | undefined {
  const has = (handlers: readonly PlanName[] | undefined) =>
    handlers?.some((handler) => isSame(handler, name)) === true;
  const own = recipe.releases.find((release) => release.kind === 'upgrade' && isSame(release.upgrade, name));
  return own?.tag ?? recipe.releases.find(({ handlers }) => has(handlers))?.tag;
}

function isSame(one: string, other: string | undefined): boolean {
  return (
    other !== undefined && samePlanName(parsePlanName(one, { recase: false }), parsePlanName(other, { recase: false }))
  );
}

function row(status: Finding['status'], text: string, hint?: string): Finding {
  return { level: 'L5', status, text, hint };
}
