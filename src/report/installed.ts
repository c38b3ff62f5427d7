// What `cvtool install` has put in its place.
import { targetName } from '../home/paths.js';
import type { BroughtIn } from '../prepare/bring-in.js';
import { printable } from '../values/printable.js';
import { durationText } from './duration.js';

/** The files as sha256sum(1) prints them, and a closing line. */
export function installedLines({ target, published, vouchedBy }: BroughtIn, seconds: number): readonly string[] {
  const { folder, files, unchanged } = published;
  const took = durationText(seconds);
  if (unchanged) return [`Nothing to do: ${folder} holds the same bytes already (${took}).`];
  return [
    ...files.map(({ path, sha256 }) => `  ${sha256}  ${printable(path)}`),
    `Installed ${targetName(target)} in ${folder}, vouched for by ${printable(vouchedBy ?? 'nobody')}, in ${took}.`,
    `cvtool verify ${target.kind === 'genesis' ? 'genesis' : target.plan} looks at it again.`,
  ];
}

/** The document of --json. */
export function installedData(
  { target, published, vouchedBy, findings }: BroughtIn,
  warnings: readonly string[],
  seconds: number,
): object {
  const { folder, files, unchanged } = published;
  return {
    ok: true,
    target: targetName(target),
    folder,
    unchanged,
    vouchedBy: vouchedBy === undefined ? null : printable(vouchedBy),
    files,
    findings: findings.map(({ level, status, text }) => ({ level, status, text: printable(text) })),
    warnings: warnings.map(printable),
    seconds: Math.round(seconds * 1000) / 1000,
  };
}
