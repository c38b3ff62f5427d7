// A home that was upgraded after its backup: what it held, and what it holds.
import { existsSync, mkdirSync, readFileSync, readdirSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { expect } from 'vitest';

import { homePaths, type HomePaths } from '../../src/home/paths.js';
import { backUp, makeHome, seenIn, type Seen } from './homes.js';

export interface UpgradedHome {
  readonly home: HomePaths;
  readonly backup: string;
  /** Of the backup, of what it is not to be told apart from. */
  readonly before: ReadonlyMap<string, Seen>;
}

export function signed(height: number | string, round: number, step: number): string {
  return JSON.stringify({ height: String(height), round, step });
}

/** Backed up under genesis at height 100; `current` is upgrades/v2.2.0 now, the height 200, wasm/ and a table are others. */
export async function makeUpgraded(root: string): Promise<UpgradedHome> {
  const home = homePaths(makeHome(root), 'panacead');
  for (const folder of ['genesis', 'upgrades/v2.2.0']) {
    mkdirSync(join(home.cosmovisor, folder, 'bin'), { recursive: true });
    writeFileSync(join(home.cosmovisor, folder, 'bin/panacead'), '#!/bin/sh\n', { mode: 0o755 });
  }
  symlinkSync('upgrades/v2.2.0', home.current);
  mkdirSync(home.wasm);
  writeFileSync(join(home.wasm, 'contract'), 'old');
  writeFileSync(join(home.data, 'priv_validator_state.json'), signed(100, 0, 3));
  const { folder } = await backUp(home.root);
  const before = seenIn(folder);
  writeFileSync(join(home.wasm, 'contract'), 'new');
  writeFileSync(join(home.data, 'application.db/LOG'), 'log of the new one');
  writeFileSync(join(home.data, 'priv_validator_state.json'), signed(200, 1, 2));
  return { home, backup: folder, before };
}

/** Which of the two states the home is in: data, wasm and the link always of one. */
export function stateOf(home: HomePaths): 'old' | 'new' | 'between' {
  if (!existsSync(home.data) || !existsSync(home.wasm)) return 'between';
  const parts = [
    readFileSync(join(home.data, 'application.db/LOG'), 'utf8') === 'log',
    readFileSync(join(home.wasm, 'contract'), 'utf8') === 'old',
    readlinkSync(home.current) === 'genesis',
  ];
  if (parts.every(Boolean)) return 'old';
  return parts.some(Boolean) ? 'between' : 'new';
}

/** Its data is the backup's but for the signing state, which is the live one; nothing half-made is left. */
export function expectRolledBack(home: HomePaths, before: UpgradedHome['before'], why = ''): void {
  expect(stateOf(home), why).toBe('old');
  const without = (seen: ReadonlyMap<string, Seen>) =>
    [...seen].filter(([path]) => path !== 'priv_validator_state.json').map(([path, { content }]) => [path, content]);
  expect(without(seenIn(home.data)).sort(), why).toEqual(without(before).sort());
  expect(readFileSync(join(home.data, 'priv_validator_state.json'), 'utf8'), why).toBe(signed(200, 1, 2));
  expect(existsSync(home.rollbackJournal), why).toBe(false);
  const left = readdirSync(home.root).filter((name) => /restoring|partial/.test(name));
  expect(left, why).toEqual([]);
}
