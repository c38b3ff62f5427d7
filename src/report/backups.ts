// What the verbs around backups print.
import type { Listed, Replaced, Sizes } from '../backup/inventory.js';
import type { BackupResult } from '../backup/make.js';
import type { Prunable } from '../backup/prune.js';
import { printable } from '../values/printable.js';
import { fitColumns } from './fit-columns.js';

export function backupLines({ folder, wasmFolder, special, leadingOut, leftovers }: BackupResult): readonly string[] {
  return [
    folder,
    ...(wasmFolder === undefined ? [] : [wasmFolder]),
    ...special.map((path) => `Not in it, since it holds nothing: ${path}`),
    ...leadingOut.map((path) => `A link in it leads out of data, where nothing was backed up: ${path}`),
    ...leftovers.map((why) => `Half a backup cannot be removed: ${why}`),
  ].map(printable);
}

/** @param now milliseconds since the epoch */
export function inventoryLines(
  dir: string,
  listed: readonly Listed[],
  replaced: readonly Replaced[],
  now: number,
): readonly string[] {
  if (listed.length + replaced.length === 0) return [`No backups in ${printable(dir)}.`];
  const rows = listed.map(({ name, state, sizes, backup }) => {
    const { plan, time, current } = backup?.record ?? {};
    const age = time === undefined ? '' : ageText(now - Date.parse(time));
    return [name, state, age, ...sizeCells(sizes), plan?.name ?? '', String(plan?.height ?? ''), current ?? ''];
  });
  const titles = ['backup', 'state', 'age', 'shared', 'own', 'plan', 'height', 'made under'];
  const suspects = listed.flatMap(({ name, suspect }) => suspect.map((file) => `${name}: changed since: ${file}`));
  return [
    ...(rows.length === 0 ? [] : fitColumns([titles, ...rows], 140)),
    ...suspects,
    ...replaced.map(
      ({ folder, time, sizes }) =>
        `replaced by a rollback ${ageText(now - time.getTime())} ago: ${folder}, ${sizeText(sizes.own)} own`,
    ),
  ].map(printable);
}

/** The document of --json. */
export function inventoryData(dir: string, listed: readonly Listed[], replaced: readonly Replaced[]): object {
  return {
    ok: true,
    folder: dir,
    backups: listed.map(({ name, state, sizes, suspect, backup }) => ({
      name: printable(name),
      state,
      time: backup?.record.time ?? null,
      plan: backup?.record.plan ?? null,
      current: backup?.record.current ?? null,
      home: backup?.record.home ?? null,
      wasm: backup?.record.wasm ?? null,
      sharedBytes: sizes.shared,
      ownBytes: sizes.own,
      suspect: suspect.map(printable),
    })),
    replaced: replaced.map(({ folder, time, sizes }) => ({
      folder: printable(folder),
      time: time.toISOString(),
      sharedBytes: sizes.shared,
      ownBytes: sizes.own,
    })),
  };
}

export function prunableLines({ backups, replaced }: Prunable): readonly string[] {
  if (backups.length + replaced.length === 0) return ['Nothing to remove.'];
  return [
    'To be removed:',
    ...[...backups, ...replaced].map((each) => `  ${each.folder}, ${sizeText(each.sizes.own)} own`),
  ].map(printable);
}

function sizeCells({ shared, own }: Sizes): [string, string] {
  return [sizeText(shared), sizeText(own)];
}

function sizeText(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

function ageText(milliseconds: number): string {
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  if (minutes < 120) return `${minutes} min`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h` : `${Math.floor(minutes / 1440)} days`;
}
