// What the node says of its state: stores that the data lacks, and a state that is another than the chain's.
import type { Manifest } from '../../../evidence/manifest.js';
import { targetName } from '../../../home/paths.js';
import { releaseOfTarget } from '../../chain-order.js';
import { backSteps, currentTarget, verifySteps } from '../advice.js';
import type { Captures, Known, Signature } from '../signature.js';

const stores: Signature = {
  id: 'store-mismatch',
  kind: 'cause',
  words: ["mismatch root store's version"],
  patterns: [
    /version of store (?<store>\S{1,200}) mismatch root store's version; expected (?<expected>\d{1,19}) got \d/,
  ],
  means(found, known) {
    const { store = '', expected = '' } = found;
    const has = `The binary has a store, ${store}, that the data does not have, which is at height ${expected}`;
    const { why } = storeCase(found, known);
    if (why === 'too early') return `${has}: the binary belongs to an upgrade that is still to come.`;
    if (why === 'interrupted') {
      return `${has}: the upgrade's block was committed in part, as by a kill in the middle, or the plan names another height.`;
    }
    return `${has}: the binary came too early, or the commit at the upgrade's height was interrupted.`;
  },
  toDo(found, known) {
    const { why, upgrade } = storeCase(found, known);
    const backup = known.home?.status.lastBackup?.path;
    const last = backup === undefined ? '' : `; the last backup is ${backup}`;
    const restore = `Put back the data of before the upgrade${last}. The newer data/priv_validator_state.json must stay.`;
    const back = backSteps(upgrade ?? 'the upgrade', known);
    if (why === 'too early') return back;
    if (why === 'interrupted') return [restore];
    return ['If the upgrade is still to come:', ...back, `If it was begun: ${restore}`];
  },
};

/** UpgradeStoreLoader (x/upgrade/types) adds stores only where the plan file's height is that of the data and one. */
function storeCase(
  { expected }: Captures,
  known: Known,
): { readonly why?: 'too early' | 'interrupted'; readonly upgrade?: string } {
  const at = Number(expected);
  const plan = known.home?.status.plan;
  const due = plan?.kind === 'plan' ? { upgrade: plan.plan.spelled, height: plan.plan.height } : dueByTable(known);
  if (due === undefined) return {};
  const { upgrade, height } = due;
  return at < height - 1 ? { why: 'too early', upgrade } : at >= height ? { why: 'interrupted', upgrade } : { upgrade };
}

/** Where no plan lies there: the height that the table has for what is current, on that very chain. */
function dueByTable(known: Known): { readonly upgrade: string; readonly height: number } | undefined {
  const { home, recipe } = known;
  const current = currentTarget(known);
  if (recipe?.chain === undefined || home?.status.chainId !== recipe.chain || current?.kind !== 'upgrade')
    return undefined;
  const height = releaseOfTarget(recipe, current)?.height;
  return height === undefined ? undefined : { upgrade: current.plan, height };
}

const appHash: Signature = {
  id: 'app-hash',
  kind: 'cause',
  words: ['AppHash'],
  patterns: [
    /wrong Block\.Header\.AppHash\.\s{1,4}Expected (?<expected>[0-9A-Fa-f]{1,128}), got (?<got>[0-9A-Fa-f]{1,128})/,
    /(?:state|block)\.AppHash does not match AppHash after replay/, // cometbft, consensus/replay.go
  ],
  means: () =>
    'This node has computed another state than the chain: a binary of another tag, Go or library than the others run, damaged data, or a fault of the chain itself.',
  toDo(_, known) {
    const current = currentTarget(known);
    const wrong = verifySteps(current, ['L0', 'L1', 'L2', 'L3', 'L4', 'L5'], known);
    const manifest = manifestOf(known);
    const compare = manifest === undefined ? [] : [`Compare with others on the chain: ${buildText(manifest)}.`];
    return [
      'Stop it: each start ends there again.',
      ...(wrong.length > 0 ? wrong : ['Is the binary what it says? cvtool verify current']),
      ...compare,
      'If binary and libraries are those that the others run, the data is to be put back: a backup of before, or a snapshot.',
    ];
  },
};

function manifestOf(known: Known): Manifest | undefined {
  const current = currentTarget(known);
  if (current === undefined) return undefined;
  const { staged } = known.home?.status ?? {};
  return staged?.find(({ target }) => target !== undefined && targetName(target) === targetName(current))?.manifest;
}

/** What must be the same everywhere. */
function buildText({ source, build, libraries }: Manifest): string {
  const loaded = libraries.map(
    ({ name, version, sha256 }) => `${name}${version === null ? '' : ` ${version}`} sha256 ${sha256}`,
  );
  return [
    `tag ${source.tag}`,
    `commit ${source.commit}`,
    build.go === null ? 'no Go' : `Go ${build.go}`,
    ...loaded,
  ].join(', ');
}

export const stateSignatures: readonly Signature[] = [stores, appHash];
