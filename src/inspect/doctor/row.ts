// One line of the doctor's answer, and the groups in which they are told.
import type { Status } from '../../verify/finding.js';

/** Every check, in the order of the answer, with the group that it stands in. The names are part of `--json`: they stay. */
export const checks = {
  home: 'home',
  current: 'home',
  access: 'home',
  modes: 'home',
  leftovers: 'home',
  'config-toml': 'home',
  staged: 'binaries',
  'next-release': 'binaries',
  plan: 'plans',
  'manual-plans': 'plans',
  interrupted: 'plans',
  settings: "the node's settings",
  flags: "the node's settings",
  unit: 'service',
  'unit-command': 'service',
  'unit-stop': 'service',
  'unit-restart': 'service',
  'unit-limits': 'service',
  variables: 'service',
  'file-system': 'disk',
  'backup-space': 'disk',
  'build-space': 'disk',
  'open-files': 'host',
  clock: 'host',
  tools: 'host',
  toolchains: 'host',
} as const;

export type Check = keyof typeof checks;

export interface Row {
  readonly check: Check;
  readonly status: Status;
  /** One sentence. */
  readonly text: string;
  /** The command or the line that mends it; lines of their own where there are several. */
  readonly hint?: string | undefined;
}

export function row(check: Check, status: Status, text: string, hint?: string): Row {
  return { check, status, text, hint };
}

/** In the order of the table; within one check the rows stay in theirs. */
export function inOrder(rows: readonly Row[]): Row[] {
  const order = Object.keys(checks);
  return [...rows].sort((one, other) => order.indexOf(one.check) - order.indexOf(other.check));
}

const worstFirst: readonly Status[] = ['fail', 'warn', 'unknown', 'pass'];

export function worstOf(rows: readonly Row[]): Status {
  return worstFirst.find((status) => rows.some((each) => each.status === status)) ?? 'pass';
}

const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `3.0 GiB`: for people. */
export function sizeText(bytes: number): string {
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power] ?? 'bytes'}`;
}

/** For a command in a hint. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`;
}
