// The table of all signatures, and the search in it. Where a line fits several rows the first one counts: what tells more stands
// higher, so a panic that names its cause is that cause.
import type { Captures, Signature } from '../signature.js';
import { endSignatures } from './ends.js';
import { hostSignatures } from './host.js';
import { startSignatures } from './starts.js';
import { stateSignatures } from './state.js';
import { upgradeSignatures } from './upgrades.js';

export const signatures: readonly Signature[] = [
  ...upgradeSignatures,
  ...startSignatures,
  ...hostSignatures,
  ...stateSignatures,
  ...endSignatures,
];

export interface Match {
  readonly signature: Signature;
  readonly found: Captures;
}

/** @param text as `logText` makes it */
export function matchLine(text: string): Match | undefined {
  for (const signature of signatures) {
    if (!signature.words.some((word) => text.includes(word))) continue;
    for (const pattern of signature.patterns) {
      const groups = pattern.exec(text);
      if (groups !== null) return { signature, found: captured(groups.groups) };
    }
  }
  return undefined;
}

function captured(groups: Readonly<Record<string, string | undefined>> | undefined): Captures {
  return Object.fromEntries(
    Object.entries(groups ?? {}).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}
